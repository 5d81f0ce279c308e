internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Support
internal import Tasks
internal import Templates

struct RunTask: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "ecs-run-task", abstract: "Runs the stack's task once and waits for it.",
        usage: "fgctl ecs-run-task [ENV] [options]",
        discussion: """
            The lines that its containers write go to standard output; the exit code is the container's. Ctrl-C asks ECS to \
            stop the task, a second one leaves at once.

              fgctl ecs-run-task
              fgctl ecs-run-task --command 'python job.py' --set-env MODE=full
              arn=$(fgctl ecs-run-task --no-wait)

            fgctl's own failures: 64 wrong usage, 65 a bad file, 125 anything else.
            """)

    static var passesCodeThrough: Bool { true }

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Option(help: ArgumentHelp("File of KEY=VALUE lines for the container (key REMOTE_ENV_FILE).", valueName: "file"))
    var remoteEnvFile: String?
    @Option(help: ArgumentHelp("Command in place of the image's, split as a shell would.", valueName: "text"))
    var command: String?
    @Option(help: ArgumentHelp("Set a variable of the container; may be repeated.", valueName: "key=value"))
    var setEnv: [String] = []
    @Option(help: "CPU of the task in units (1024 are one vCPU) or as '0.5 vCPU'.")
    var cpu: String?
    @Option(help: "Memory of the task in MiB or as '1 GB'.")
    var memory: String?
    @Option(help: "How many tasks to start, 1 to 10.")
    var count = 1
    @Option(help: ArgumentHelp("The container that is meant, and whose exit code counts.", valueName: "name"))
    var container: String?
    @Flag(
        name: .customLong("public-ip"), inversion: .prefixedNo,
        help: "Give the task a public address (key ASSIGN_PUBLIC_IP).")
    var publicIP: Bool?
    @Flag(name: .customLong("no-wait"), help: "Print the task's ARN and return.")
    var noWait = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let stacks = ProjectStacks(session)
        var options = TaskOptions()
        options.environment = try ContainerSettings.read(session, file: remoteEnvFile, setEnv: setEnv)
        options.count = count
        options.container = container
        if let command { options.command = try CommandText.words(command, flag: "--command") }
        let stack = try await stacks.task(for: "run task")
        let definitionName = stack.output("TaskDefinitionArn") ?? stack.stackName
        let definition = try await ECS(session.client).describeTaskDefinition(definitionName)
        if cpu != nil || memory != nil {
            let size = try FargateSize.validate(
                cpu: cpu ?? definition.cpu ?? "", memory: memory ?? definition.memory ?? "")
            (options.cpu, options.memory) = (String(size.cpu), String(size.memory))
        }
        let facts = TaskFacts(
            cluster: session.settings[.cluster]?.value ?? stack.output("ClusterName") ?? stack.stackName,
            definition: definition, ownContainer: stack.output("ContainerName"),
            network: try await stacks.network(publicIP: publicIP, for: "run task"))
        let request = try TaskLaunch.request(
            options, facts: facts, triggeredAt: session.context.now(), token: RequestToken.make())
        try await session.announce("run task", stack: stack.stackName)
        if session.options.dryRun { return session.context.console.out(try Session.json(request)) }
        let attendant = TaskAttendant(session: session, facts: facts, picked: container)
        try await attendant.run(request, waits: !noWait)
    }
}
