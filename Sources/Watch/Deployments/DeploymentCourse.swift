internal import AWSServices
internal import Support

/// What is known of one deployment while it is followed. Pure but for what it tells.
struct DeploymentCourse: Sendable {
    let started: DeploymentWatch.Started
    /// Whether others are followed with it, so that each line has to say whose it is.
    private let namesItself: Bool

    /// The service deployment that belongs to what was started, once it is found.
    var deploymentARN: String?
    private var searchIsOver: Bool
    var failures: ServiceFailures
    private var told: Set<String>
    private var lastCounts = ""
    private var service: ECS.Service?
    private var judgement = DeploymentJudgement.goesOn("not looked at yet")
    private var looks = 0
    /// Whether the service asks for a look at its stopped tasks.
    private var wantsLook = false
    private var givenUp: (how: DeploymentWatch.GivenUp, reason: String)?
    /// Why it failed, as short as it can be said.
    private var brief: String?
    /// Looks at which ECS counted failed tasks that it did not show yet.
    private var looksForEvidence = 0
    private static let mostLooksForEvidence = 2
    private var ending: DeploymentWatch.Ending?

    init(_ started: DeploymentWatch.Started, namesItself: Bool) {
        self.started = started
        self.namesItself = namesItself
        searchIsOver = started.createdAt == nil
        failures = ServiceFailures(of: started)
        told = started.oldEvents
    }

    var isOver: Bool { ending != nil }
    var isSearching: Bool { deploymentARN == nil && !searchIsOver }
    mutating func stopSearching() { searchIsOver = true }

    /// The deployment that is judged: the one that was started, or the one that brings back what ran before.
    private var primary: String {
        if case .redeployed(let primary, _)? = givenUp?.how { return primary }
        return started.primary
    }

    private var own: ECS.Deployment? { service?.deployments?.first { $0.id == primary } }

    /// Whether all its tasks run, so that only ECS's word is missing.
    var mayEndAnyMoment: Bool {
        guard let own else { return false }
        return (own.runningCount ?? 0) >= (own.desiredCount ?? 0) && (own.pendingCount ?? 0) == 0
    }

    // MARK: Seeing

    mutating func see(_ seen: ECS.Service?, _ tell: (String) -> Void) {
        guard let seen else {
            judgement = .failed("it is not in cluster \(started.cluster) any more")
            return
        }
        service = seen
        // Tasks of one that has just begun have not failed yet, unless ECS says so.
        wantsLook = failures.wantsLook(seen) && (looks > 0 || failures.failed(seen) > 0)
        looks += 1
        for event in (seen.events ?? []).reversed() {
            if let id = event.id, told.insert(id).inserted, let message = event.message { self.tell(message, tell) }
        }
    }

    /// While the service itself shows the rollout under way, its deployment has nothing to add.
    var isWorthALookAtItsDeployment: Bool {
        guard deploymentARN != nil, service != nil else { return false }
        switch givenUp?.how {
        case .rollingBack: return true
        case .redeployed: return false
        case nil, .nothing: return own?.rolloutState != "IN_PROGRESS" || own?.status != "PRIMARY"
        }
    }

    mutating func judge(_ deployment: ECS.ServiceDeployment?, _ tell: (String) -> Void) {
        guard let service else { return }
        if case .failed = judgement { return }
        switch givenUp?.how {
        case .redeployed: judgement = .judge(service, primary: primary, deployment: nil)
        case .rollingBack:
            // Only the service deployment knows how rolling back goes.
            judgement =
                deployment == nil
                ? .goesOn("rolling back") : .judge(service, primary: primary, deployment: deployment)
        case nil, .nothing: judgement = .judge(service, primary: primary, deployment: deployment)
        }
        let counts = counts(service)
        if counts != lastCounts { tell(counts) }
        lastCounts = counts
    }

    var looksOver: Bool { judgement.isOver }
    var wantsFailures: Bool { service != nil && (wantsLook || judgement.isOver) }

    mutating func note(_ task: FailedTask, _ tell: (String) -> Void) {
        failures.note(task)
        for line in task.lines { self.tell(line, tell) }
    }

    mutating func note(_ findings: [Finding], _ tell: (String) -> Void) {
        let known = failures.findings
        failures.note(findings)
        for line in findings.filter({ !known.contains($0) }).flatMap(\.lines) { self.tell("  \(line)", tell) }
    }

    // MARK: Deciding

    var failedTasks: Int { service.map { failures.failed($0) } ?? 0 }

    /// Whether it is to be given up on. A deployment that is rolled back, or decided, already is left alone.
    func exceeds(_ limit: Int) -> Bool {
        givenUp == nil && !isOver && !judgement.isOver && !judgement.isRollback && failedTasks >= limit
    }

    /// Whether one that is to be given up on is looked at once more first: ECS counts a failed task a little before it shows it.
    mutating func awaitsEvidence() -> Bool {
        guard failures.count == 0, looksForEvidence < Self.mostLooksForEvidence else { return false }
        looksForEvidence += 1
        return true
    }

    /// `1 failed task`, `2 failed tasks`.
    var failedTasksText: String { failedTasks == 1 ? "1 failed task" : "\(failedTasks) failed tasks" }

    mutating func giveUp(_ how: DeploymentWatch.GivenUp, _ tell: (String) -> Void) {
        let cause = failures.lastCause.map { ": \($0)" } ?? ""
        let reason = "given up on after \(failedTasksText)\(cause)"
        givenUp = (how, reason)
        switch how {
        case .rollingBack:
            self.tell("ECS rolls it back", tell)
            judgement = .goesOn("rolling back")
        case .redeployed(_, let definition):
            self.tell("ECS has no service deployment to roll back: deploying \(definition) again", tell)
            judgement = .goesOn("rolling back")
        case .nothing(let why):
            self.tell(why, tell)
            conclude(.failed("\(reason); \(why)"), goesOn: true, brief: reason)
        }
    }

    /// Draws the conclusion from what was seen, if there is one.
    mutating func conclude(_ tell: (String) -> Void) {
        guard !isOver else { return }
        guard let service else {
            if judgement.isOver { conclude(judgement, goesOn: false) }
            return
        }
        if let givenUp {
            guard judgement.isOver else { return }
            let end =
                switch judgement {
                case .succeeded: rolledBack
                case .failed(let text), .superseded(let text), .goesOn(let text): text
                }
            return conclude(.failed("\(givenUp.reason); \(end)"), goesOn: false, brief: givenUp.reason)
        }
        var judged = judgement
        if case .succeeded = judged, failures.doubts(service) { judged = .goesOn("its tasks fail") }
        guard !judged.isOver else { return conclude(judged, goesOn: false) }
        // What ECS rolls back is waited for: only then it is known how that went.
        guard !judged.isRollback, let verdict = failures.verdict(service) else { return }
        conclude(.failed(verdict), goesOn: true, brief: verdict)
    }

    private var rolledBack: String {
        if case .redeployed(_, let definition)? = givenUp?.how { return "it runs \(definition) again" }
        return "ECS calls it successful all the same"
    }

    private mutating func conclude(_ judgement: DeploymentJudgement, goesOn: Bool, brief: String? = nil) {
        self.judgement = judgement
        self.brief = brief
        var ending = outcome
        ending.goesOn = goesOn
        self.ending = ending
    }

    /// How it ended, or where it stands.
    var outcome: DeploymentWatch.Ending {
        if let ending { return ending }
        var ending = DeploymentWatch.Ending(judgement: judgement, service: service, deploymentARN: deploymentARN)
        ending.findings = failures.findings
        ending.taskCause = failures.lastCause
        ending.failedTasks = failures.newest
        ending.brief = brief ?? judgement.brief(failures.lastCause)
        return ending
    }

    // MARK: Telling

    func tell(_ line: String, _ tell: (String) -> Void) {
        tell(namesItself ? "\(started.service): \(line)" : line)
    }

    private func counts(_ service: ECS.Service) -> String {
        let own = service.deployments?.first { $0.id == primary }
        var parts = [
            "running \(own?.runningCount ?? 0) of \(own?.desiredCount ?? service.desiredCount ?? 0)",
            "pending \(own?.pendingCount ?? 0)",
        ]
        if let failed = own?.failedTasks, failed > 0 { parts.append("failed \(failed)") }
        let old = (service.deployments ?? []).filter { $0.id != primary }.compactMap(\.runningCount).reduce(0, +)
        if old > 0 { parts.append("old tasks \(old)") }
        if case .goesOn(let standing) = judgement { parts.append(standing) }
        return "service \(service.serviceName ?? ""): \(parts.joined(separator: ", "))"
    }
}
