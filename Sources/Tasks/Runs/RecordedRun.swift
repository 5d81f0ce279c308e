package import AWS
internal import AWSServices
package import FoundationEssentials
internal import Support

/// A launch under an id: written down before it is sent, found again after a crash.
package struct RecordedRun: Sendable {
    /// What the user says about a launch whose fate is unknown.
    package enum Fate: Sendable {
        case unsaid
        case adopt([String])
        case relaunch
    }

    package enum Outcome: Sendable {
        /// The tasks run, or ran.
        case started(RunRecord, TaskRunner.Launch)
        case finished(RunRecord, RunRecord.Result)
    }

    package let id: String
    package let store: any RunStore
    private let client: AWSClient
    private let patience: TaskRunner.Patience
    private let now: @Sendable () -> Date
    private let show: @Sendable (String) -> Void

    package init(
        id: String, store: any RunStore, client: AWSClient, patience: TaskRunner.Patience = .init(),
        now: @escaping @Sendable () -> Date, show: @escaping @Sendable (String) -> Void
    ) {
        self.id = id
        self.store = store
        self.client = client
        self.patience = patience
        self.now = now
        self.show = show
    }

    /// Launches, or finds what the same launch started before.
    ///
    /// - Parameters:
    ///   - asked: the user's words that make this launch.
    ///   - make: resolves the launch; called when there is nothing to go on with.
    /// - Throws: `Failure` when the id stands for another launch, or when its fate is unknown and nothing was said about it.
    package func launch(
        asked: [String: String], fate: Fate, make: () async throws -> RunRecord
    ) async throws -> Outcome {
        let place = store.place(of: id)
        var found = try await store.read(id)
        // Two who start the same run at once: the one whose record came second goes on with the first's.
        for _ in 0..<3 {
            switch RunDecision.decide(found?.record, asked: asked, now: now()) {
            case .refuse(let failure): throw failure
            case .finished(let result):
                guard let found else { continue }
                show("run \(id) ended before: this is its recorded verdict (\(place))")
                return .finished(found.record, result)
            case .attach:
                guard let found else { continue }
                return try await attach(found, fate, make)
            case .resend:
                guard let found else { continue }
                show("run \(id) was sent before, without a known answer (\(place)): sending the same launch again")
                return try await send(found)
            case .search:
                guard let found else { continue }
                return try await search(found, fate, make)
            case .launch:
                let record = try await make()
                if let stored = try await write(record, over: found) {
                    show("run \(id) is written down in \(place)")
                    return try await send(stored)
                }
                found = try await store.read(id)
            }
        }
        throw Failure(.failed, "--run-id \(id): its record keeps changing (\(place)); another process runs it")
    }

    /// Records how the run ended.
    package func finish(_ record: RunRecord, _ result: RunRecord.Result) async throws {
        var record = record
        record.state = .finished
        record.result = result
        _ = try await update(record)
    }

    private func write(_ record: RunRecord, over found: StoredRun?) async throws -> StoredRun? {
        let mark =
            if let found { try await store.replace(record, over: found.mark) } else { try await store.create(record) }
        return mark.map { StoredRun(record: record, mark: $0) }
    }

    /// Writes over whatever version there is: of one run's records the one that knows more is right.
    private func update(_ record: RunRecord) async throws -> StoredRun {
        for _ in 0..<3 {
            let current = try await store.read(id)
            if let current, current.record.state == .finished, record.state != .finished { return current }
            if let stored = try await write(record, over: current) { return stored }
        }
        throw Failure(.failed, "write down run \(id): its record keeps changing (\(store.place(of: id)))")
    }

    /// Sends what is written down, and writes down what came of it.
    private func send(_ stored: StoredRun) async throws -> Outcome {
        var record = stored.record
        var mark = stored.mark
        let runner = TaskRunner(client, patience: patience, show: show)
        let launch: TaskRunner.Launch
        do {
            launch = try await runner.start(record.request) { request in
                // A new token is a new launch: written down before it is sent, too.
                guard request.clientToken != record.request.clientToken else { return }
                record.request = request
                record.sentAt = now()
                // Only over the version that this process knows: two that try on side by side would start two tasks.
                guard let next = try await store.replace(record, over: mark) else {
                    throw Failure(.failed, "--run-id \(id): another process goes on with this run")
                }
                mark = next
            }
        } catch {
            if startedNothing(error) {
                record.state = .notStarted
                // Not over what another process has written meanwhile: it may know of a task.
                _ = try await store.replace(record, over: mark)
            }
            throw error
        }
        record.state = .started
        record.tasks = launch.arns
        record.failures = launch.failures
        // An interruption must not leave a task behind that neither the record nor the caller knows.
        let known = record
        do {
            return .started(try await Shielded.run { try await update(known).record }, launch)
        } catch {
            throw Failure(
                .failed,
                "run \(id): started \(launch.arns.joined(separator: ", ")), but that can't be written down: \(error)",
                hint: "the task goes on; the same command finds it again within an hour", cause: error)
        }
    }

    /// Whether an error says for sure that no attempt started anything: then the id is free again.
    private func startedNothing(_ error: any Error) -> Bool {
        if error is TaskRunner.NothingStarted { return true }
        if let failure = error as? Failure { return failure.cause is TaskRunner.NothingStarted }
        guard let error = error as? AWSError else { return false }
        return (400..<500).contains(error.httpStatus) && !error.isThrottling && !error.isCredentialProblem
            && error.code != "ConflictException"
    }

    private func attach(
        _ found: StoredRun, _ fate: Fate, _ make: () async throws -> RunRecord
    ) async throws -> Outcome {
        let record = found.record
        let named = record.tasks.joined(separator: ", ")
        switch fate {
        case .unsaid: break
        case .adopt(let arns):
            guard Set(arns) == Set(record.tasks) else {
                throw Failure(
                    .usage, "--adopt: run \(id) has tasks of its own: \(named)",
                    hint: "--adopt is for launches whose fate is unknown")
            }
        case .relaunch:
            let cluster = record.request.cluster ?? "default"
            let known = try await ECS(client).describeTasks(cluster: cluster, tasks: record.tasks).tasks ?? []
            if known.isEmpty { return try await launchAnew(found, make) }
            show("run \(id): --relaunch is left aside, since ECS still knows its task")
        }
        show("run \(id) was started before: going on with \(named)")
        return .started(record, TaskRunner.Launch(arns: record.tasks, failures: record.failures))
    }

    private func launchAnew(_ found: StoredRun, _ make: () async throws -> RunRecord) async throws -> Outcome {
        guard let stored = try await write(try await make(), over: found) else {
            throw Failure(.failed, "--run-id \(id): another process has just written its record")
        }
        show("run \(id) is launched anew, as asked")
        return try await send(stored)
    }

    /// The token is too old to ask with: tasks that still run, or stopped within the last hour, are found by `startedBy`.
    private func search(
        _ found: StoredRun, _ fate: Fate, _ make: () async throws -> RunRecord
    ) async throws -> Outcome {
        var record = found.record
        var arns = try await tasks(of: record)
        switch fate {
        case .adopt(let named):
            let cluster = record.request.cluster ?? "default"
            if let other = named.first(where: { ARN($0)?.ecsTask?.cluster.map { $0 != cluster } ?? false }) {
                throw Failure(.usage, "--adopt \(other): run \(id) was launched in cluster \(cluster)")
            }
            arns = named
        case .relaunch where arns.isEmpty:
            return try await launchAnew(found, make)
        case .relaunch, .unsaid: break
        }
        guard !arns.isEmpty else { throw RunDecision.unknown(record, place: store.place(of: id)) }
        show("run \(id) was started before: going on with \(arns.joined(separator: ", "))")
        record.state = .started
        record.tasks = arns
        return .started(try await update(record).record, TaskRunner.Launch(arns: arns, failures: []))
    }

    private func tasks(of record: RunRecord) async throws -> [String] {
        // Another value of `startedBy`, given as an extra, may be shared with other launches.
        guard let mark = record.request.startedBy, mark.hasPrefix(RunRecord.startedBy(token: "")) else { return [] }
        var request = ECS.ListTasksRequest(cluster: record.request.cluster ?? "default")
        request.startedBy = mark
        let running = try await ECS(client).listTasks(request)
        request.desiredStatus = "STOPPED"
        return running + (try await ECS(client).listTasks(request)).filter { !running.contains($0) }
    }
}
