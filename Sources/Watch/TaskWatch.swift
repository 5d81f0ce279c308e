package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support

/// Follows tasks that were started together to their end, handing over what their containers write.
///
/// It keeps its place in every log stream: after an interruption `follow` can be called again and repeats nothing.
package actor TaskWatch {
    /// What is told on the way.
    package enum News: Sendable {
        /// A line that a container wrote.
        case line(taskID: String, container: String, text: String)
        /// A task's state changed.
        case state(taskID: String, String)
        /// Looking fails for now; it is tried on.
        case trouble(String)
    }

    /// Times of following.
    package struct Timing: Sendable {
        /// Between two looks.
        package var interval: Duration = .seconds(1)
        /// How long a task that was just started may be unknown (it becomes visible with a delay).
        package var missingGrace: Duration = .seconds(60)
        /// How long lines are looked for after the end; two looks that bring nothing end it sooner.
        package var drain: Duration = .seconds(10)
        /// How long looking may fail in a row by throttling, server errors or a network that is away.
        package var outage: Duration = .seconds(300)
        /// Of the whole wait; `nil` waits as long as the tasks run.
        package var deadline: Duration?
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

        package init() {}
    }

    private let ecs: ECS
    private let cluster: String
    private let arns: [String]
    private let timing: Timing
    private let streams: [(taskID: String, stream: LogStream)]
    private var states: [String: String] = [:]
    private var seen: Set<String> = []

    package init(
        _ client: AWSClient, cluster: String, tasks: [String], definition: ECS.TaskDefinition, timing: Timing = Timing()
    ) {
        ecs = ECS(client)
        self.cluster = cluster
        arns = tasks
        self.timing = timing
        let logs = CloudWatchLogs(client)
        streams = tasks.flatMap { arn in
            let id = TaskWatch.id(arn)
            return LogLocation.all(of: definition, taskID: id).map { (id, LogStream($0, logs)) }
        }
    }

    /// The last part of a task's ARN.
    package static func id(_ arn: String) -> String { String(arn.split(separator: "/").last ?? Substring(arn)) }

    /// Follows all tasks until they have stopped and their logs are drained; gives them in the order they were named.
    ///
    /// - Throws: `Failure` of kind `timedOut` at the deadline, of kind `failed` when a task can't be found any more;
    ///   `AWSError` when looking fails. The tasks go on in all these cases.
    package func follow(_ tell: @escaping @Sendable (News) -> Void) async throws -> [ECS.Task] {
        let clock = ContinuousClock()
        let start = clock.now
        var outage = Outage(limit: timing.outage)
        while true {
            try Task.checkCancellation()
            do {
                let tasks = try await look(since: clock.now - start, tell)
                // State first, lines after: what a container wrote before it was seen stopped is read below at the latest.
                try await readLines(tell)
                if let tasks, tasks.allSatisfy({ $0.lastStatus == "STOPPED" }) {
                    try await drain(tell)
                    return tasks
                }
                outage.end()
            } catch {
                let ids = arns.map(Self.id).joined(separator: ", ")
                if let line = try outage.bear(error, lookingAt: "task \(ids)") { tell(.trouble(line)) }
            }
            if let deadline = timing.deadline, clock.now - start >= deadline {
                let ids = arns.map(Self.id).joined(separator: ", ")
                throw Failure(
                    .timedOut, "task \(ids): still running after \(deadline.components.seconds) s",
                    hint: "it goes on in cluster \(cluster)")
            }
            try await timing.sleep(timing.interval)
        }
    }

    /// One look at the tasks; `nil` while one of them is not visible yet.
    private func look(since start: Duration, _ tell: @Sendable (News) -> Void) async throws -> [ECS.Task]? {
        let answer = try await ecs.describeTasks(cluster: cluster, tasks: arns)
        let byARN = Dictionary((answer.tasks ?? []).map { ($0.taskArn, $0) }, uniquingKeysWith: { $1 })
        for task in answer.tasks ?? [] {
            seen.insert(task.taskArn)
            guard let status = task.lastStatus, states[task.taskArn] != status else { continue }
            states[task.taskArn] = status
            tell(.state(taskID: Self.id(task.taskArn), status))
        }
        let missing = arns.filter { byARN[$0] == nil }
        guard let first = missing.first else { return arns.compactMap { byARN[$0] } }
        let reason = answer.failures?.first { $0.arn == first }?.reason ?? "MISSING"
        if seen.contains(first) || start >= timing.missingGrace {
            throw Failure(
                .failed, "task \(Self.id(first)): ECS does not know it (any more) in cluster \(cluster): \(reason)",
                hint: "ECS forgets stopped tasks after about an hour; its log lines may still be there")
        }
        return nil
    }

    /// Reads every stream at once; gives the number of new lines.
    @discardableResult
    private func readLines(_ tell: @escaping @Sendable (News) -> Void) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for (taskID, stream) in streams {
                group.addTask {
                    let container = stream.location.container
                    return try await stream.readNew { tell(.line(taskID: taskID, container: container, text: $0)) }
                }
            }
            var count = 0
            for try await lines in group { count += lines }
            return count
        }
    }

    /// awslogs delivers late: looks again until two looks a second apart bring nothing.
    private func drain(_ tell: @escaping @Sendable (News) -> Void) async throws {
        guard !streams.isEmpty else { return }
        let clock = ContinuousClock()
        let end = clock.now + timing.drain
        var quiet = 0
        while quiet < 2, clock.now < end {
            if try await readLines(tell) == 0 { quiet += 1 } else { quiet = 0 }
            if quiet < 2 { try await timing.sleep(.seconds(1)) }
        }
    }
}
