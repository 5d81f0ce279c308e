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
        /// A task did not end well, or will not: told once, as soon as ECS says why.
        case failure(taskID: String, TaskVerdict)
        /// Looking fails for now; it is tried on.
        case trouble(String)
    }

    /// Times of following.
    package struct Timing: Sendable {
        /// From one look to the next, start to start: quick at first, for tasks that end at once; the last one goes on. Longer
        /// ones would show a failure later than 5 s after it happened, shorter ones cost more than a call every two seconds.
        package var intervals: [Duration] = [.seconds(2), .seconds(3), .milliseconds(4700)]
        /// Before the first look; a task that was just started has nothing to show yet.
        package var firstPause: Duration = .zero
        /// How long a task that was just started may be unknown (it becomes visible with a delay).
        package var missingGrace: Duration = .seconds(60)
        /// How long lines are looked for after the end; two looks that bring nothing end it sooner.
        package var drain: Duration = .seconds(10)
        /// How long looking may fail in a row by throttling, server errors or a network that is away.
        package var outage: Duration = .seconds(300)
        /// Of the whole wait; `nil` waits as long as the tasks run.
        package var deadline: Duration?
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        package var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }

        package init() {}
    }

    /// A task to follow, and what it was started from.
    package struct Subject: Sendable {
        package let arn: String
        package let definition: ECS.TaskDefinition
        package init(arn: String, definition: ECS.TaskDefinition) {
            self.arn = arn
            self.definition = definition
        }
    }

    private let ecs: ECS
    private let cluster: String
    private let arns: [String]
    private let definitions: [String: ECS.TaskDefinition]
    private let timing: Timing
    private let streams: [(taskID: String, stream: LogStream)]
    private var states: [String: String] = [:]
    private var seen: Set<String> = []
    /// Tasks whose failure was told.
    private var failed: Set<String> = []
    /// Log groups that do not exist.
    private var missingGroups: Set<String> = []
    /// Tasks that may have written something.
    private var begun: Set<String> = []
    /// Looks to let pass before reading lines again.
    private var rest = 0

    package init(_ client: AWSClient, cluster: String, tasks: [Subject], timing: Timing = Timing()) {
        ecs = ECS(client)
        self.cluster = cluster
        arns = tasks.map(\.arn)
        definitions = Dictionary(tasks.map { ($0.arn, $0.definition) }, uniquingKeysWith: { $1 })
        self.timing = timing
        let logs = CloudWatchLogs(client)
        streams = tasks.flatMap { task in
            let id = TaskWatch.id(task.arn)
            return LogLocation.all(of: task.definition, taskID: id).map { (id, LogStream($0, logs)) }
        }
    }

    /// The same for tasks of one launch.
    package init(
        _ client: AWSClient, cluster: String, tasks: [String], definition: ECS.TaskDefinition, timing: Timing = Timing()
    ) {
        self.init(
            client, cluster: cluster, tasks: tasks.map { Subject(arn: $0, definition: definition) }, timing: timing)
    }

    /// The last part of a task's ARN.
    package static func id(_ arn: String) -> String { String(arn.split(separator: "/").last ?? Substring(arn)) }

    /// Follows all tasks until they have stopped and their logs are drained; gives them in the order they were named.
    ///
    /// - Throws: `Failure` of kind `timedOut` at the deadline, of kind `failed` when a task can't be found any more;
    ///   `AWSError` when looking fails. The tasks go on in all these cases.
    package func follow(
        untilDeadline: Bool = true, _ tell: @escaping @Sendable (News) -> Void
    ) async throws -> [ECS.Task] {
        let start = timing.now()
        var outage = Outage(limit: timing.outage, now: timing.now)
        var looks = 0
        if timing.firstPause > .zero { try await timing.sleep(timing.firstPause) }
        while true {
            try Task.checkCancellation()
            let began = timing.now()
            var spent = Duration.zero
            do {
                let tasks = try await look(since: began - start, tell)
                if let tasks, tasks.allSatisfy({ $0.lastStatus == "STOPPED" }) {
                    // State first, lines after: what a container wrote before it was seen stopped is read below.
                    try await drain(tasks, tell)
                    return tasks
                }
                try await readSomeLines(isQuick: looks < timing.intervals.count, since: timing.now() - start, tell)
                outage.end()
                // What a failing look takes is no part of the pause: whoever is asked less often must be left alone.
                spent = timing.now() - began
            } catch {
                let ids = arns.map(Self.id).joined(separator: ", ")
                if let line = try outage.bear(error, lookingAt: "task \(ids)") { tell(.trouble(line)) }
            }
            var pause =
                timing.intervals.isEmpty ? .seconds(1) : timing.intervals[min(looks, timing.intervals.count - 1)]
            pause = max(.zero, pause - spent)
            if untilDeadline, let deadline = timing.deadline {
                let left = deadline - (timing.now() - start)
                guard left > .zero else { throw timedOut(deadline) }
                pause = min(pause, left)
            }
            try await timing.sleep(pause)
            looks += 1
        }
    }

    /// One look without waiting: the tasks when all have stopped, their lines handed over; `nil` when one goes on.
    package func poke(_ tell: @escaping @Sendable (News) -> Void) async throws -> [ECS.Task]? {
        guard let tasks = try await look(since: .zero, tell), tasks.allSatisfy({ $0.lastStatus == "STOPPED" }) else {
            return nil
        }
        try await drain(tasks, tell)
        return tasks
    }

    private func timedOut(_ deadline: Duration) -> Failure {
        let ids = arns.map(Self.id).joined(separator: ", ")
        return Failure(
            .timedOut, "task \(ids): still running after \(deadline.components.seconds) s",
            hint: "it goes on in cluster \(cluster); attach with 'fgctl ecs-wait-task \(arns.joined(separator: " "))'")
    }

    /// One look at the tasks; `nil` while one of them is not visible yet.
    private func look(since start: Duration, _ tell: @Sendable (News) -> Void) async throws -> [ECS.Task]? {
        let answer = try await ecs.describeTasks(cluster: cluster, tasks: arns)
        let byARN = Dictionary((answer.tasks ?? []).map { ($0.taskArn, $0) }, uniquingKeysWith: { $1 })
        for task in answer.tasks ?? [] {
            seen.insert(task.taskArn)
            // A container that others wait for runs, and writes, before the task as a whole does.
            let writes = (task.containers ?? []).contains { $0.lastStatus == "RUNNING" || $0.exitCode != nil }
            if writes || task.startedAt != nil || !Self.statesBeforeStart.contains(task.lastStatus ?? "") {
                begun.insert(Self.id(task.taskArn))
            }
            if let status = task.lastStatus, states[task.taskArn] != status {
                states[task.taskArn] = status
                tell(.state(taskID: Self.id(task.taskArn), status))
            }
            if let verdict = failure(of: task), failed.insert(task.taskArn).inserted {
                tell(.failure(taskID: Self.id(task.taskArn), verdict))
            }
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

    /// The verdict of a task that has failed, be it that it is still being taken down, which takes Fargate a while.
    private func failure(of task: ECS.Task) -> TaskVerdict? {
        guard let definition = definitions[task.taskArn], task.lastStatus == "STOPPED" || task.stopCode != nil else {
            return nil
        }
        let verdict = TaskVerdict(task, definition: definition)
        // The cause of one that another container kept from starting is what that wrote, which has yet to be read.
        guard verdict.cause != nil, verdict.failedDependency == nil else { return nil }
        switch verdict.outcome {
        case .succeeded, .stopped: return nil
        // Before the end a missing code or reason may yet come.
        case .failed, .interrupted: return task.lastStatus == "STOPPED" || verdict.exitCode != nil ? verdict : nil
        case .failedToStart: return task.lastStatus == "STOPPED" || task.stoppedReason != nil ? verdict : nil
        }
    }

    /// While a task is in one of these, none of its containers runs, so none has written.
    private static let statesBeforeStart: Set<String> = ["PROVISIONING", "PENDING", "ACTIVATING"]

    /// Reads lines of tasks that run: with every look at first, then with every second one when there were none, and in the
    /// first minute, which has the calls of the start to pay as well.
    private func readSomeLines(
        isQuick: Bool, since start: Duration, _ tell: @escaping @Sendable (News) -> Void
    ) async throws {
        guard rest == 0 else {
            rest -= 1
            return
        }
        let running = streams.filter { begun.contains($0.taskID) }
        guard !running.isEmpty else { return }
        let look = try await readLines(of: running, toEnd: false, tell)
        rest = !isQuick && (look.lines == 0 || start < .seconds(60)) ? 1 : 0
    }

    /// Reads streams at once.
    private func readLines(
        of streams: [(taskID: String, stream: LogStream)], toEnd: Bool, _ tell: @escaping @Sendable (News) -> Void
    ) async throws -> LogLook {
        try await withThrowingTaskGroup(of: (String, LogLook).self) { group in
            for (taskID, stream) in streams {
                group.addTask {
                    let location = stream.location
                    let look = try await stream.readNew(toEnd: toEnd) {
                        tell(.line(taskID: taskID, container: location.container, text: $0))
                    }
                    return (location.group, look)
                }
            }
            var all = LogLook(lines: 0, isAtEnd: true)
            missingGroups = []
            for try await (name, look) in group {
                if look.lacksGroup { missingGroups.insert(name) }
                all.lines += look.lines
                all.isAtEnd = all.isAtEnd && look.isAtEnd
            }
            return all
        }
    }

    /// awslogs delivers late: looks again until two looks a second apart bring nothing. A look that brought lines and then
    /// was told that there is no more counts as the first of them. Tasks in which no container ever ran wrote nothing.
    private func drain(_ tasks: [ECS.Task], _ tell: @escaping @Sendable (News) -> Void) async throws {
        let silent = Set(tasks.filter(\.neverRan).map { Self.id($0.taskArn) })
        let streams = streams.filter { !silent.contains($0.taskID) }
        guard !streams.isEmpty else { return }
        let end = timing.now() + timing.drain
        var quiet = 0
        while quiet < 2, timing.now() < end {
            let look = try await readLines(of: streams, toEnd: true, tell)
            quiet = look.lines == 0 ? quiet + 1 : 1
            if quiet < 2 { try await timing.sleep(.seconds(1)) }
        }
        for group in missingGroups.sorted() { tell(.trouble("no log lines: log group \(group) does not exist")) }
        missingGroups = []
    }
}

extension ECS.Task {
    /// Whether it ended without any of its containers having run.
    fileprivate var neverRan: Bool {
        stopCode == "TaskFailedToStart" && startedAt == nil && (containers ?? []).allSatisfy { $0.exitCode == nil }
    }
}
