internal import Watch

/// How tasks that were waited for ended, and the exit code for it; its JSON form is stable.
struct TaskReport: Encodable, Sendable {
    let exitCode: Int32
    let tasks: [TaskVerdict]
    /// What is missing or refused, where a task failed by that.
    var findings: [Finding]?
    /// ARNs of tasks whose cause was told already, when it happened.
    var told: Set<String> = []

    private enum CodingKeys: String, CodingKey { case exitCode, tasks, findings }

    /// A report that was made before.
    init(exitCode: Int32, tasks: [TaskVerdict]) {
        self.exitCode = exitCode
        self.tasks = tasks
    }

    /// - Parameters:
    ///   - verdicts: in the order in which the tasks were started.
    ///   - signal: the one that had the tasks stopped; its code then stands for them.
    ///   - missesTasks: whether some of the tasks asked for were never started.
    init(_ verdicts: [TaskVerdict], signal: Int32? = nil, missesTasks: Bool = false) {
        tasks = verdicts
        exitCode = signal.map { 128 + $0 } ?? Self.code(verdicts, missesTasks: missesTasks)
    }

    /// The first code that is not 0, in the order of the tasks; 125 where a failure has no code.
    private static func code(_ verdicts: [TaskVerdict], missesTasks: Bool) -> Int32 {
        for verdict in verdicts where verdict.outcome != .succeeded {
            // A process can only end with 0 to 255; whatever the code was, it must not turn into success.
            if let code = verdict.exitCode, code != 0 { return code & 0xff == 0 ? 1 : Int32(code & 0xff) }
            return verdict.outcome == .stopped ? 130 : ExitStatus.ownFailure
        }
        return missesTasks ? ExitStatus.ownFailure : ExitStatus.done
    }

    /// One line for each task, then what is missing. Each thing is said once: the cause has the code of a container that
    /// failed, and often ECS's own words.
    var lines: [String] {
        let ends = tasks.map { verdict in
            var parts = [String]()
            if let cause = verdict.cause, !told.contains(verdict.taskArn) { parts.append(cause) }
            if let reason = verdict.stoppedReason, verdict.outcome != .succeeded, !Self.saysNothing(reason),
                verdict.cause?.contains(reason) != true
            {
                parts.append(reason)
            }
            let codes = verdict.containers.filter { container in
                !parts.contains { $0.hasPrefix("container \(container.name) ended with") }
                    && !(verdict.outcome == .failedToStart && container.exitCode == nil)
            }.map { "\($0.name) exit \($0.exitCode.map(String.init) ?? "none")" }
            if !codes.isEmpty { parts.insert(codes.joined(separator: ", "), at: 0) }
            let end = "task \(TaskWatch.id(verdict.taskArn)) \(verdict.outcome.rawValue)"
            return parts.isEmpty ? end : "\(end): \(parts.joined(separator: "; "))"
        }
        let found = findings ?? []
        return ends + found.flatMap(\.lines) + (found.first.map { ["next: \($0.advice)"] } ?? [])
    }

    /// What ECS says of every task whose containers ended.
    private static func saysNothing(_ reason: String) -> Bool {
        reason.isEmpty || reason == "Essential container in task exited"
    }
}
