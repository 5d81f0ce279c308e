internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import FoundationEssentials
internal import Support
internal import Tasks
internal import YAML

/// The options that say what is launched.
struct LaunchOptions: ParsableArguments {
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
    @Option(parsing: .unconditional, help: "How many tasks to start, 1 to 10.")
    var count = 1
    @Option(help: ArgumentHelp("The container that is meant, and whose exit code counts.", valueName: "name"))
    var container: String?
    @Flag(
        name: .customLong("public-ip"), inversion: .prefixedNo,
        help: "Give the task a public address (key ASSIGN_PUBLIC_IP).")
    var publicIP: Bool?
    @Option(
        help: ArgumentHelp(
            "YAML or JSON file of RunTask's own fields, merged over the request at last.", valueName: "file"))
    var extras: String?
    @Option(help: ArgumentHelp("Network and capacity as this service of the cluster has them.", valueName: "name"))
    var likeService: String?

    /// For words that are meant for the container.
    static let commandHint = "a command for the container goes by --command 'PROGRAM WORDS'"

    /// What can be known without a call.
    func options(_ session: Session) throws -> TaskOptions {
        var options = TaskOptions()
        options.environment = try ContainerSettings.read(session, file: remoteEnvFile, setEnv: setEnv)
        options.count = count
        options.container = container
        if let command { options.command = try CommandText.words(command, flag: "--command") }
        if let extras {
            let bytes = try session.context.files.read(
                PathText.join(session.context.directory, extras), limit: 1 << 20)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Failure(.badInput, "\(extras): is not UTF-8 text")
            }
            options.extras = try TaskExtras(try YAMLNode(parsing: text, file: extras))
        }
        return options
    }

    /// What the user asks for, by flag and key: two launches under one id must agree in all of it.
    func asked(_ options: TaskOptions, _ session: Session) throws -> [String: String] {
        var asked: [String: String] = [:]
        asked["--command"] = command
        asked["--cpu"] = cpu
        asked["--memory"] = memory
        asked["--count"] = String(count)
        asked["--container"] = container
        asked["--like-service"] = likeService
        asked["--public-ip"] = publicIP.map(String.init)
        if !options.environment.isEmpty {
            asked["--set-env, --remote-env-file"] = options.environment.map { "\($0.name)=\($0.value)" }
                .joined(separator: "\n")
        }
        if let extras = options.extras { asked["--extras"] = try Session.json(extras.value) }
        for key in [Key.cluster, .networkConfig, .subnets, .securityGroups, .assignPublicIP] {
            asked[key.rawValue] = session.settings.value(key)
        }
        return asked
    }
}
