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
        let report = TaskReport(
            verdicts, signal: wasStopped ? session.context.interruption.signal ?? 2 : nil,
            missesTasks: !launch.failures.isEmpty)
        for line in report.lines { session.say(line) }
        if session.options.output == .json { try session.result(report, lines: []) }
        if report.exitCode != 0 { throw PassedCode(report.exitCode) }
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
            do {
                let tasks = try await Shielded.run {
                    try await runner.stop(arns, cluster: facts.cluster, reason: "interrupted in fgctl ecs-run-task")
                    return try await Deadline.run(Self.stopPatience, what: "the task to stop") {
                        try await watch.follow(tell)
                    }
                }
                return (tasks, true)
            } catch {
                throw goesOn("the task was not seen to stop", error, arns)
            }
        } catch let error as Failure {
            throw error
        } catch {
            throw goesOn("watching the task ended", error, arns)
        }
    }

    /// A failure on this side only: the task does not know of it.
    private func goesOn(_ what: String, _ error: any Error, _ arns: [String]) -> Failure {
        let reason = (error as? Failure)?.message ?? "\(error)"
        return Failure(
            ExitStatus.kind(of: error, signal: nil), "\(what): \(reason)",
            hint: "it may go on in cluster \(facts.cluster): \(arns.joined(separator: " "))", cause: error)
    }

    private func show(_ news: TaskWatch.News, several: Bool) {
        switch news {
        case .state(let taskID, let state):
            session.say("task \(taskID) \(state)")
        case .trouble(let line):
            session.warn(line)
        case .line(let taskID, let container, let text):
            let line = several ? "\(container)/\(taskID.prefix(8)): \(text)" : text
            if session.options.output == .json {
                session.context.console.err(line)
            } else {
                session.context.console.out(line)
            }
        }
    }
}
