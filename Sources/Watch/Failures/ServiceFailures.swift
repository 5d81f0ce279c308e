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
    private var count = 0
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

    private static let longSilence = 4

    /// Those that were not known, oldest first.
    mutating func note(_ tasks: [FailedTask]) -> [FailedTask] {
        var new: [FailedTask] = []
        for task in tasks.reversed() where known.insert(task.verdict.taskArn).inserted {
            if let starter = task.startedBy, starter.hasPrefix("ecs-svc/"), starter != deployment { continue }
            if let since, let made = task.verdict.createdAt, made < since { continue }
            new.append(task)
            count += 1
            lastCause = task.verdict.cause
        }
        return new
    }

    mutating func note(_ findings: [Finding]) {
        for finding in findings where !self.findings.contains(finding) { self.findings.append(finding) }
    }

    /// Whether a rollout that ECS calls COMPLETED may not last: tasks have failed, and the service has not yet run all it
    /// should, with no further failure, for some looks.
    mutating func doubts(_ service: ECS.Service) -> Bool {
        guard count > 0 else { return false }
        let own = service.deployments?.first { $0.id == deployment }
        let isWell = count == countBefore && (own?.runningCount ?? 0) >= (own?.desiredCount ?? 0)
        looksWell = isWell ? looksWell + 1 : 0
        countBefore = count
        return looksWell < Self.enoughLooks
    }

    private static let enoughLooks = 2

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
