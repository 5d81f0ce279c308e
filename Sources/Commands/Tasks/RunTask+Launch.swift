internal import AWS
internal import AWSServices
internal import Environment
internal import Support
internal import Tasks

extension RunTask {
    /// `--run-id`: launches what was not launched yet, and goes on with what was.
    func launchOnce(
        _ id: String, _ options: TaskOptions, fate: RecordedRun.Fate, _ deadline: Duration?, _ session: Session
    ) async throws {
        let stack = try Names(session.settings).stack
        let resolver = TaskResolver(session: session, launch: launch)
        let account = try await session.announce("run task \(id)", stack: stack)
        let recorded = RecordedRun(
            id: id, store: try await RunIDOptions.store(session, account: account), client: session.client,
            now: session.context.now
        ) { session.say($0) }
        let asked = try launch.asked(options, session)
        let outcome = try await recorded.launch(asked: asked, fate: fate) {
            let token = RequestToken.make()
            var options = options
            options.startedBy = RunRecord.startedBy(token: token)
            let request = try await resolver.resolve(options, token: token).request
            return RunRecord(
                id: id, stack: stack, region: try await session.client.region, account: account, asked: asked,
                request: request, sentAt: session.context.now())
        }
        switch outcome {
        case .finished(let record, let result):
            if noWait { return try session.result(["taskArns": record.tasks], lines: record.tasks) }
            try session.conclude(TaskReport(exitCode: result.exitCode, tasks: result.tasks))
        case .started(let record, let started):
            let definition = try await Shielded.run {
                try await ECS(session.client).describeTaskDefinition(record.request.taskDefinition)
            }
            try await LaunchFollower(session, waits: !noWait, picked: launch.container, deadline: deadline).follow(
                started, record.request, definition
            ) { report in
                try await recorded.finish(record, .init(exitCode: report.exitCode, tasks: report.tasks))
            }
        }
    }
}
