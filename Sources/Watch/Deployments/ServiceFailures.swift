internal import AWSServices
internal import FoundationEssentials

/// The tasks of one service that failed while it is followed, each known once.
struct ServiceFailures: Sendable {
    private let deployment: String
    /// By ECS's clock; tasks that were made before are of another deployment.
    private let since: Date?
    /// ARNs of tasks that need no look.
    private(set) var known: Set<String>
    private(set) var findings: [Finding] = []
    /// How many tasks of the deployment are known to have failed.
    private(set) var count = 0
    /// The tasks that failed last, newest first.
    private(set) var newest: [FailedTask] = []
    private static let kept = 3
    /// Of the task that failed last.
    private(set) var lastCause: String?
    /// What was last seen of a service that changes when one of its tasks ends.
    private var sign: [Int] = []
    private var silent = 0
    private var looksWell = 0
    private var countBefore = 0

    init(of started: DeploymentWatch.Started) {
        deployment = started.primary
        since = started.createdAt
        known = started.oldTasks
    }

    /// Whether the service gives reason to look at its stopped tasks: it does not run all it should, something about it
    /// changed, or nothing did for long.
    ///
    /// Twelve looks at a deployment that is well and has nothing to tell are half a minute.
    mutating func wantsLook(_ service: ECS.Service) -> Bool {
        let own = service.deployments?.first { $0.id == deployment }
        let sign = [
            own?.failedTasks ?? 0, own?.runningCount ?? 0, own?.pendingCount ?? 0,
            (service.events ?? []).count, service.events?.first?.id?.hashValue ?? 0,
        ]
        defer { self.sign = sign }
        silent = sign == self.sign ? silent + 1 : 0
        return count > 0 || (own?.runningCount ?? 0) < (own?.desiredCount ?? 0) || silent % Self.longSilence == 0
    }

    /// Whether anything about it changed at the last look.
    var sawChange: Bool { silent == 0 }

    private static let longSilence = 12

    /// Whether a stopped task is one of this deployment that was not known; asked once for each.
    mutating func isNews(_ task: ECS.Task) -> Bool {
        guard known.insert(task.taskArn).inserted else { return false }
        if let starter = task.startedBy, starter.hasPrefix("ecs-svc/"), starter != deployment { return false }
        if let since, let made = task.createdAt, made < since { return false }
        return true
    }

    mutating func note(_ task: FailedTask) {
        count += 1
        lastCause = task.verdict.cause
        newest = Array(([task] + newest).prefix(Self.kept))
    }

    mutating func note(_ findings: [Finding]) {
        for finding in findings where !self.findings.contains(finding) { self.findings.append(finding) }
    }

    /// Whether a rollout that ECS calls COMPLETED may not last: not all of its tasks run, or tasks have failed and the service
    /// has not yet run all it should, with no further failure, for some looks.
    mutating func doubts(_ service: ECS.Service) -> Bool {
        guard let own = service.deployments?.first(where: { $0.id == deployment }) else { return false }
        let runsAll = (own.runningCount ?? 0) >= (own.desiredCount ?? 0)
        guard count > 0 else { return !runsAll }
        looksWell = count == countBefore && runsAll ? looksWell + 1 : 0
        countBefore = count
        return looksWell < Self.enoughLooks
    }

    private static let enoughLooks = 2

    /// How many tasks failed, as ECS and the stopped tasks say: ECS counts those that failed to start, in a row.
    func failed(_ service: ECS.Service) -> Int {
        max(count, service.deployments?.first { $0.id == deployment }?.failedTasks ?? 0)
    }

    /// Why nothing good is expected any more; `nil` while something is, and while a circuit breaker decides.
    ///
    /// The limit is the one at which ECS's circuit breaker would trip.
    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
    func verdict(_ service: ECS.Service) -> String? {
        let isUnderWay = service.deployments?.first { $0.id == deployment }?.rolloutState == "IN_PROGRESS"
        if isUnderWay, service.deploymentConfiguration?.deploymentCircuitBreaker?.enable == true { return nil }
        let desired = service.desiredCount ?? 1
        guard count >= min(200, max(3, (desired + 1) / 2)) else { return nil }
        return "its tasks keep failing" + (lastCause.map { ": \($0)" } ?? "")
    }
}
