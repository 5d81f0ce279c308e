internal import AWSServices
internal import Support
internal import Synchronization
internal import Tasks
internal import Watch

/// Stays with tasks to their end, showing what their containers write.
struct TaskAttendant: Sendable {
    let session: Session
    let cluster: String
    let subjects: [TaskWatch.Subject]
    /// The container whose code counts, when the user named one.
    let picked: String?
    /// Whether this command started the tasks: then an interruption stops them; else it ends the watching only.
    let isOwner: Bool
    var deadline: Duration?
    /// Whether the tasks were given public addresses, where this command started them.
    var address = FindingInspector.Address.unknown
    private let told = Told()

    init(
        session: Session, cluster: String, subjects: [TaskWatch.Subject], picked: String?, isOwner: Bool,
        deadline: Duration? = nil, address: FindingInspector.Address = .unknown
    ) {
        self.session = session
        self.cluster = cluster
        self.subjects = subjects
        self.picked = picked
        self.isOwner = isOwner
        self.deadline = deadline
        self.address = address
    }

    /// Tasks whose cause was said when it happened, and the last lines of containers that were shown.
    private final class Told: Sendable {
        private static let mostLines = 20
        private let ids = Mutex<Set<String>>([])
        private let lines = Mutex<[String: [String: [String]]]>([:])

        func note(_ id: String) { ids.withLock { _ = $0.insert(id) } }
        func holds(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }

        func note(_ line: String, of container: String, in id: String) {
            lines.withLock {
                var last = $0[id, default: [:]][container, default: []]
                if last.count == Self.mostLines { last.removeFirst() }
                $0[id, default: [:]][container] = last + [line]
            }
        }

        /// By container.
        func lines(of id: String) -> [String: [String]] { lines.withLock { $0[id] ?? [:] } }
    }

    /// How long a task that was asked to stop is waited for: Fargate's longest stop timeout and some.
    private static let stopPatience = Duration.seconds(150)

    private var arns: [String] { subjects.map(\.arn) }

    /// Follows the tasks to their end.
    ///
    /// - Parameter missesTasks: whether some of the tasks asked for were never started.
    /// - Throws: `Failure` when following ended before the tasks did; they go on then.
    func stay(missesTasks: Bool = false) async throws -> TaskReport {
        let (tasks, wasStopped) = try await attend()
        let report = report(
            tasks, signal: wasStopped ? session.context.interruption.signal ?? 2 : nil, missesTasks: missesTasks)
        return wasStopped ? report : await explained(report, tasks)
    }

    /// One look; `nil` when a task goes on.
    func poke() async throws -> TaskReport? {
        guard let tasks = try await watch(deadline: nil).poke(tell) else { return nil }
        return await explained(report(tasks), tasks)
    }

    /// With what is missing, where tasks failed by that.
    private func explained(_ report: TaskReport, _ tasks: [ECS.Task]) async -> TaskReport {
        let failed = zip(tasks, subjects).map { FailedTask($0, definition: $1.definition, logs: logs(of: $0, $1)) }
            .filter {
                [.failed, .failedToStart].contains($0.verdict.outcome)
            }
        guard !failed.isEmpty else { return report }
        let findings = await FindingInspector(client: session.client).findings(of: failed, address: address)
        var report = report
        if !findings.isEmpty { report.findings = findings }
        return report
    }

    private func report(_ tasks: [ECS.Task], signal: Int32? = nil, missesTasks: Bool = false) -> TaskReport {
        let verdicts = zip(tasks, subjects).map { task, subject in
            var verdict = TaskVerdict(task, definition: subject.definition, picked: picked)
            for log in logs(of: task, subject) { verdict.quote(log.lines, of: log.container) }
            return verdict
        }
        var report = TaskReport(verdicts, signal: signal, missesTasks: missesTasks)
        report.told = Set(arns.filter { told.holds(TaskWatch.id($0)) })
        return report
    }

    /// The last lines that were shown of each of its containers.
    private func logs(of task: ECS.Task, _ subject: TaskWatch.Subject) -> [FailedTask.Log] {
        told.lines(of: TaskWatch.id(task.taskArn)).map { container, lines in
            FailedTask.Log(container: container, group: "", stream: "", lines: lines)
        }
    }

    private func watch(deadline: Duration?) -> TaskWatch {
        var timing = TaskWatch.Timing()
        timing.deadline = deadline
        // What a command has just started is not worth a look at once.
        if isOwner { timing.firstPause = .seconds(1) }
        return TaskWatch(session.client, cluster: cluster, tasks: subjects, timing: timing)
    }

    /// Follows the tasks; when the user interrupts a command that started them, asks ECS to stop them and stays for their
    /// end.
    private func attend() async throws -> (tasks: [ECS.Task], wasStopped: Bool) {
        let watch = watch(deadline: deadline)
        do {
            return (try await watch.follow(tell), false)
        } catch is CancellationError {
            guard isOwner else {
                throw Failure(
                    session.context.interruption.signal == 15 ? .terminated : .interrupted,
                    "interrupted: only the watching has ended", hint: goesOnHint)
            }
            session.say("interrupted: asking ECS to stop the task (again to leave at once)")
            // A task of its own: this one is cancelled, and what follows must not be.
            do { return (try await Shielded.run { try await stop(watch) }, true) } catch {
                throw goesOn("the task was not seen to stop", error)
            }
        } catch let error as Failure {
            throw error
        } catch {
            throw goesOn("watching the task ended", error)
        }
    }

    private func stop(_ watch: TaskWatch) async throws -> [ECS.Task] {
        let runner = TaskRunner(session.client) { session.say($0) }
        try await runner.stop(arns, cluster: cluster, reason: "interrupted in fgctl ecs-run-task")
        return try await Deadline.run(Self.stopPatience, what: "the task to stop") {
            try await watch.follow(untilDeadline: false, tell)
        }
    }

    private var goesOnHint: String {
        let names = arns.joined(separator: " ")
        return "it may go on in cluster \(cluster): \(names); attach with 'fgctl ecs-wait-task \(names)'"
    }

    /// A failure on this side only: the task does not know of it.
    private func goesOn(_ what: String, _ error: any Error) -> Failure {
        let reason = (error as? Failure)?.message ?? "\(error)"
        return Failure(
            ExitStatus.kind(of: error, signal: nil), "\(what): \(reason)", hint: goesOnHint, cause: error)
    }

    private var tell: @Sendable (TaskWatch.News) -> Void {
        let several = subjects.count > 1 || (subjects.first?.definition.containerDefinitions?.count ?? 0) > 1
        return { show($0, several: several) }
    }

    private func show(_ news: TaskWatch.News, several: Bool) {
        switch news {
        case .state(let taskID, let state):
            session.say("task \(taskID) \(state)")
        case .failure(let taskID, let verdict):
            session.say("task \(taskID): \(verdict.cause ?? verdict.outcome.rawValue)")
            told.note(taskID)
        case .trouble(let line):
            session.warn(line)
        case .line(let taskID, let container, let text):
            told.note(text, of: container, in: taskID)
            let line = several ? "\(container)/\(taskID.prefix(8)): \(text)" : text
            if session.options.output == .json {
                session.context.console.err(line)
            } else {
                session.context.console.out(line)
            }
        }
    }
}

extension Session {
    /// Says how tasks ended, and ends the command with their code.
    ///
    /// - Throws: `PassedCode` when that is not 0.
    func conclude(_ report: TaskReport) throws {
        for line in report.lines { say(line) }
        if options.output == .json { try result(report, lines: []) }
        if report.exitCode != 0 { throw PassedCode(report.exitCode) }
    }
}
