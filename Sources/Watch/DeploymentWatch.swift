package import AWS
package import AWSServices
package import FoundationEssentials
internal import Support

/// Follows one deployment of a service to its verdict.
package struct DeploymentWatch: Sendable {
    /// A deployment that was started.
    package struct Started: Sendable {
        package let cluster: String
        package let service: String
        /// The id of the deployment that became PRIMARY by it: `ecs-svc/…`.
        package let primary: String
        /// By ECS's clock.
        package let createdAt: Date?
        /// Events that were there before; they are not told.
        package let oldEvents: Set<String>
        /// ARNs of tasks that had stopped before.
        package let oldTasks: Set<String>

        package init(
            cluster: String, service: String, primary: String, createdAt: Date?, oldEvents: Set<String>,
            oldTasks: Set<String> = []
        ) {
            self.cluster = cluster
            self.service = service
            self.primary = primary
            self.createdAt = createdAt
            self.oldEvents = oldEvents
            self.oldTasks = oldTasks
        }
    }

    /// How it ended, and the service as it was then.
    package struct Ending: Sendable {
        package fileprivate(set) var judgement: DeploymentJudgement
        package let service: ECS.Service
        /// Of the service deployment, where ECS has such.
        package let deploymentARN: String?
        /// What its failed tasks lack.
        package fileprivate(set) var findings: [Finding] = []
        /// Why the task that failed last did.
        package fileprivate(set) var taskCause: String?
        /// Whether ECS goes on with a deployment that was given up here.
        package fileprivate(set) var goesOn = false
    }

    package struct Timing: Sendable {
        /// A failed task is told within 5 s of its end, and a minute costs at most thirty calls.
        package var intervals: [Duration] = [.seconds(2), .milliseconds(4600)]
        /// How long ECS may take to list a service deployment that was just started; then it is judged without.
        package var listing: Duration = .seconds(30)
        /// Of the whole wait; `nil` waits as long as the deployment takes.
        package var deadline: Duration?
        /// How long looking may fail in a row by throttling, server errors or a network that is away.
        package var outage: Duration = .seconds(300)
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        package var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
        package init() {}
    }

    /// Two clocks inside ECS stamp a deployment and its service deployment.
    private static let stampSlack: TimeInterval = 5

    private let ecs: ECS
    private let investigator: TaskInvestigator
    private let inspector: FindingInspector
    private let timing: Timing

    package init(_ client: AWSClient, timing: Timing = Timing()) {
        ecs = ECS(client)
        investigator = TaskInvestigator(client: client)
        inspector = FindingInspector(client: client)
        self.timing = timing
    }

    /// Tells events and counts as they change, and returns when the deployment is decided.
    ///
    /// - Throws: `Failure` of kind `timedOut` at the deadline; the deployment goes on. `AWSError` when looking fails.
    package func follow(_ started: Started, tell: @Sendable (String) -> Void) async throws -> Ending {
        let start = timing.now()
        var finder = Finder(isOver: started.createdAt == nil)
        var failures = ServiceFailures(of: started)
        var told = started.oldEvents
        var lastCounts = ""
        var looks = 0
        var standing = "not looked at yet"
        var outage = Outage(limit: timing.outage, now: timing.now)
        while true {
            try Task.checkCancellation()
            do {
                var (judgement, ending) = try await look(
                    started, &finder, elapsed: timing.now() - start, &told, &lastCounts, tell)
                outage.end()
                let wantsLook = failures.wantsLook(ending.service)
                // An end is not believed without a look at what stopped meanwhile.
                if looks > 0 && wantsLook || judgement.isOver { await tellFailures(started, &failures, tell) }
                ending.findings = failures.findings
                ending.taskCause = failures.lastCause
                if case .succeeded = judgement, failures.doubts(ending.service) {
                    judgement = .goesOn("its tasks fail")
                }
                guard case .goesOn(let text) = judgement else { return ending }
                if let verdict = failures.verdict(ending.service) {
                    ending.judgement = .failed(verdict)
                    ending.goesOn = true
                    return ending
                }
                standing = text
            } catch {
                if let line = try outage.bear(error, lookingAt: "service \(started.service)") { tell(line) }
            }
            var pause =
                timing.intervals.isEmpty ? .seconds(5) : timing.intervals[min(looks, timing.intervals.count - 1)]
            if let deadline = timing.deadline {
                let left = deadline - (timing.now() - start)
                guard left > .zero else {
                    throw Failure(
                        .timedOut,
                        "service \(started.service): not deployed after \(deadline.components.seconds) s: \(standing)",
                        hint: "the deployment goes on in cluster \(started.cluster)")
                }
                pause = min(pause, left)
            }
            try await timing.sleep(pause)
            looks += 1
        }
    }

    private func look(
        _ started: Started, _ finder: inout Finder, elapsed: Duration, _ told: inout Set<String>,
        _ lastCounts: inout String, _ tell: @Sendable (String) -> Void
    ) async throws -> (DeploymentJudgement, Ending) {
        if finder.arn == nil, !finder.isOver { try await find(started, &finder, elapsed: elapsed, tell) }
        guard let service = try await ecs.describeService(started.service, cluster: started.cluster) else {
            throw Failure(.failed, "service \(started.service): it is not in cluster \(started.cluster) any more")
        }
        var deployment: ECS.ServiceDeployment?
        if let arn = finder.arn, finder.isWorthALook(service, primary: started.primary) {
            deployment = try await ecs.describeServiceDeployment(arn)
        }
        for event in (service.events ?? []).reversed() {
            if let id = event.id, told.insert(id).inserted, let message = event.message { tell(message) }
        }
        let judgement = DeploymentJudgement.judge(service, primary: started.primary, deployment: deployment)
        let counts = Self.counts(service, primary: started.primary, judgement)
        if counts != lastCounts { tell(counts) }
        lastCounts = counts
        return (judgement, Ending(judgement: judgement, service: service, deploymentARN: finder.arn))
    }

    /// The search for the service deployment that belongs to what was started.
    private struct Finder {
        var arn: String?
        var isOver: Bool

        /// While the service itself shows the rollout under way, its deployment has nothing to add.
        func isWorthALook(_ service: ECS.Service, primary: String) -> Bool {
            let own = service.deployments?.first { $0.id == primary }
            return own?.rolloutState != "IN_PROGRESS" || own?.status != "PRIMARY"
        }
    }

    /// Tells of tasks that failed since the start; a look that fails is made up for by the next one.
    private func tellFailures(
        _ started: Started, _ failures: inout ServiceFailures, _ tell: @Sendable (String) -> Void
    ) async {
        guard
            let tasks = try? await investigator.failedTasks(
                ofService: started.service, cluster: started.cluster, knowing: failures.known)
        else { return }
        for task in failures.note(tasks) {
            for line in task.lines { tell(line) }
            let known = failures.findings
            let findings = await inspector.findings(of: [task])
            failures.note(findings)
            for line in findings.filter({ !known.contains($0) }).flatMap(\.lines) { tell("  \(line)") }
        }
    }

    private func find(
        _ started: Started, _ finder: inout Finder, elapsed: Duration, _ tell: (String) -> Void
    ) async throws {
        guard let created = started.createdAt else { return }
        do {
            let found = try await ecs.listServiceDeployments(
                started.service, cluster: started.cluster, createdAfter: created.addingTimeInterval(-Self.stampSlack))
            func distance(_ brief: ECS.ServiceDeploymentBrief) -> TimeInterval {
                abs((brief.createdAt ?? .distantPast).timeIntervalSince(created))
            }
            finder.arn = found.min { distance($0) < distance($1) }?.serviceDeploymentArn
            finder.isOver = elapsed >= timing.listing
        } catch let error as AWSError where Self.lacksDeployments(error) {
            if error.isAccessDenied { tell("may not list service deployments: judging by the service's own state") }
            finder.isOver = true
        }
    }

    /// Whether this ECS has no such operation, or not for us: the service's own state is judged then.
    private static func lacksDeployments(_ error: AWSError) -> Bool {
        error.isAccessDenied
            || ["UnknownOperationException", "InvalidAction", "UnsupportedFeatureException"].contains(error.code)
    }

    private static func counts(_ service: ECS.Service, primary: String, _ judgement: DeploymentJudgement) -> String {
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
