internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Support
internal import Tasks

struct RunTask: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "ecs-run-task", abstract: "Runs the stack's task once and waits for it.",
        usage: "fgctl ecs-run-task [ENV] [options]",
        discussion: """
            The lines that its containers write go to standard output; the exit code is the container's. Ctrl-C asks ECS to \
            stop the task, a second one leaves at once.

              fgctl ecs-run-task
              fgctl ecs-run-task --command 'python job.py' --set-env MODE=full
              fgctl ecs-run-task --run-id nightly-2026-01-31
              arn=$(fgctl ecs-run-task --no-wait)

            With --run-id the launch is written down before it is sent (in S3_BUCKET, else under ~/.local/state/fgctl): after \
            a crash the same command goes on with the task it started, and never starts a second one.

            fgctl's own failures: 64 wrong usage, 65 a bad file, 125 anything else, also --timeout: the task goes on then.
            """)

    static var passesCodeThrough: Bool { true }

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var arguments: [String] = []
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var run: RunIDOptions
    @Flag(name: .customLong("no-wait"), help: "Print the task's ARN and return.")
    var noWait = false
    @Option(help: ArgumentHelp("Stop waiting after this long; the task goes on.", valueName: "duration"))
    var timeout: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...0, surplusHint: LaunchOptions.commandHint) }

    func run(_ session: Session, _ words: [String]) async throws {
        let options = try launch.options(session)
        let deadline = try timeout.map { try DurationText.parse($0) }
        let fate = try run.fate()
        let stack = try Names(session.settings).stack
        let resolver = TaskResolver(session: session, launch: launch)
        if session.options.dryRun {
            let resolved = try await resolver.resolve(options, token: RequestToken.make())
            try await session.announce("run task", stack: stack)
            return session.context.console.out(try ShownRequest.json(resolved.request))
        }
        guard let id = run.runID else {
            let resolved = try await resolver.resolve(options, token: RequestToken.make())
            try await session.announce("run task", stack: stack)
            let started = try await TaskRunner(session.client) { session.say($0) }.start(resolved.request)
            return try await LaunchFollower(session, waits: !noWait, picked: launch.container, deadline: deadline)
                .follow(started, resolved.request, resolved.definition)
        }
        try await launchOnce(id, options, fate: fate, deadline, session)
    }
}
