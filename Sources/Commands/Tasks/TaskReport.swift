internal import Watch

/// How tasks that were waited for ended, and the exit code for it; its JSON form is stable.
struct TaskReport: Encodable, Sendable {
    let exitCode: Int32
    let tasks: [TaskVerdict]

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

    /// One line for each task.
    var lines: [String] {
        tasks.map { verdict in
            let codes = verdict.containers.map { "\($0.name) exit \($0.exitCode.map(String.init) ?? "none")" }
            var line =
                "task \(TaskWatch.id(verdict.taskArn)) \(verdict.outcome.rawValue): \(codes.joined(separator: ", "))"
            if let cause = verdict.cause { line += "; \(cause)" }
            // The cause often quotes ECS's own words already.
            if let reason = verdict.stoppedReason, !reason.isEmpty, verdict.cause?.contains(reason) != true {
                line += "; \(reason)"
            }
            return line
        }
    }
}
