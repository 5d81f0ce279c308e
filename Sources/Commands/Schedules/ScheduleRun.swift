internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Schedules
internal import Support
internal import Tasks

struct ScheduleRun: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule-run", abstract: "Runs what a schedule starts, now, and waits for it.",
        usage: "fgctl schedule-run [ENV] [TARGET_ID] [options]",
        discussion: """
            The task is started just as the schedule would: with its own task definition, network, command and variables. \
            TASK_TRIGGERED_AT is now, SCHEDULE_EXECUTION_ID a new one. Lines that it writes go to standard output; the exit \
            code is the container's. A disabled schedule runs too; its own times are not changed. Rules of the older \
            engine hand their variables over as they are.

              fgctl schedule-run
              fgctl schedule-run weekdays
              arn=$(fgctl schedule-run production weekdays --no-wait)

            fgctl's own failures: 64 wrong usage, 65 a bad file, 125 anything else.
            """)

    static var passesCodeThrough: Bool { true }

    @Argument(help: ArgumentHelp("ENV (see --env-file) and TARGET_ID.", valueName: "env target-id"))
    var arguments: [String] = []
    @Option(help: ArgumentHelp("The container whose exit code counts.", valueName: "name"))
    var container: String?
    @Flag(name: .customLong("no-wait"), help: "Print the task's ARN and return.")
    var noWait = false
    @OptionGroup var engineOption: EngineOption
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let target = try ScheduleTarget(session, words, engineOption.engine)
        let request = try await launch(target, session)
        let definition = try await ECS(session.client).describeTaskDefinition(request.taskDefinition)
        let names = (definition.containerDefinitions ?? []).compactMap(\.name)
        if let container, !names.contains(container) {
            throw Failure(
                .usage, "--container \(container): task definition \(definition.family ?? "?") has no such container",
                hint: "it has: \(names.joined(separator: ", "))")
        }
        try await session.announce("run \(target.label)", stack: target.stack)
        if session.options.dryRun { return session.context.console.out(try ShownRequest.json(request)) }
        let started = try await TaskRunner(session.client) { session.say($0) }.start(request)
        try await LaunchFollower(session, waits: !noWait, picked: container).follow(started, request, definition)
    }

    /// What the schedule or rule itself would send now.
    private func launch(_ target: ScheduleTarget, _ session: Session) async throws -> ECS.RunTaskRequest {
        switch target.engine {
        case .scheduler:
            let stored = try await ScheduleService(session.client).stored(
                target.name, group: target.group, stack: target.stack, for: "run schedule")
            return try stored.launch(
                now: session.context.now(), execution: RequestToken.make(), token: RequestToken.make())
        case .rule:
            let stored = try await RuleService(session.client).stored(
                target.name, stack: target.stack, for: "run rule")
            return try stored.launch(token: RequestToken.make())
        }
    }
}
