internal import AWSServices
internal import Support
internal import Tasks
internal import Watch

/// Starts tasks, stays with them to their end, and gives their exit code.
struct TaskAttendant: Sendable {
    let session: Session
    let facts: TaskFacts
    let picked: String?

    /// How long a task that was asked to stop is waited for: Fargate's longest stop timeout and some.
    private static let stopPatience = Duration.seconds(150)

    /// - Throws: `PassedCode` with the container's code when it is not 0.
    func run(_ request: ECS.RunTaskRequest, waits: Bool) async throws {
        let runner = TaskRunner(session.client) { session.say($0) }
        let launch = try await runner.start(request)
        for failure in launch.failures { session.warn("one task was not started: \(failure)") }
        guard waits else {
            try session.result(["taskArns": launch.arns], lines: launch.arns)
            if !launch.failures.isEmpty { throw PassedCode(ExitStatus.ownFailure) }
            return
        }
        for arn in launch.arns { session.say("started \(arn)") }
        let (tasks, wasStopped) = try await attend(launch.arns, runner)
        let verdicts = tasks.map { TaskVerdict($0, definition: facts.definition, picked: picked) }
        let code = wasStopped ? signalCode : exitCode(verdicts, missing: !launch.failures.isEmpty)
        for verdict in verdicts { session.say(summary(verdict)) }
        if session.options.output == .json {
            try session.result(Report(exitCode: code, tasks: verdicts), lines: [])
        }
        if code != 0 { throw PassedCode(code) }
    }

    /// Follows the tasks; when the user interrupts, asks ECS to stop them and stays for their end.
    private func attend(_ arns: [String], _ runner: TaskRunner) async throws -> (tasks: [ECS.Task], wasStopped: Bool) {
        let watch = TaskWatch(session.client, cluster: facts.cluster, tasks: arns, definition: facts.definition)
        let several = arns.count > 1 || (facts.definition.containerDefinitions?.count ?? 0) > 1
        let tell: @Sendable (TaskWatch.News) -> Void = { show($0, several: several) }
        do {
            return (try await watch.follow(tell), false)
        } catch is CancellationError {
            session.say("interrupted: asking ECS to stop the task (again to leave at once)")
            // A task of its own: this one is cancelled, and what follows must not be.
            let ending = Task {
                try await runner.stop(arns, cluster: facts.cluster, reason: "interrupted in fgctl ecs-run-task")
                return try await Deadline.run(Self.stopPatience, what: "the task to stop") {
                    try await watch.follow(tell)
                }
            }
            return (try await ending.value, true)
        } catch let error as Failure {
            throw error
        } catch {
            let ids = arns.joined(separator: " ")
            throw Failure(
                ExitStatus.kind(of: error, signal: nil), "watching the task ended: \(error)",
                hint: "the task goes on: \(ids)", cause: error)
        }
    }

    private func show(_ news: TaskWatch.News, several: Bool) {
        switch news {
        case .state(let taskID, let state):
            session.say("task \(taskID) \(state)")
        case .trouble(let line):
            session.warn(line)
        case .line(let taskID, let container, let text):
            let line = several ? "\(container)/\(taskID.prefix(8)): \(text)" : text
            if session.options.output == .json { session.context.console.err(line) } else { session.context.console.out(line) }
        }
    }

    private var signalCode: Int32 { session.context.interruption.signal == 15 ? 143 : 130 }

    /// The first code that is not 0, in the order of the tasks; 125 where a failure has no code.
    private func exitCode(_ verdicts: [TaskVerdict], missing: Bool) -> Int32 {
        for verdict in verdicts where verdict.outcome != .succeeded {
            if let code = verdict.exitCode, code != 0 { return Int32(truncatingIfNeeded: code & 0xff) }
            return verdict.outcome == .stopped ? 130 : ExitStatus.ownFailure
        }
        return missing ? ExitStatus.ownFailure : 0
    }

    private func summary(_ verdict: TaskVerdict) -> String {
        let id = TaskWatch.id(verdict.taskArn)
        let codes = verdict.containers.map { "\($0.name) exit \($0.exitCode.map(String.init) ?? "none")" }
        var line = "task \(id) \(verdict.outcome.rawValue): \(codes.joined(separator: ", "))"
        if let cause = verdict.cause { line += "; \(cause)" }
        if let reason = verdict.stoppedReason { line += "; \(reason)" }
        return line
    }

    private struct Report: Encodable {
        let exitCode: Int32
        let tasks: [TaskVerdict]
    }
}
