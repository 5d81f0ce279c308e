internal import AWS
internal import ArgumentParser
internal import Environment
internal import FoundationEssentials
internal import Images
internal import Processes
internal import Support

struct DockerRun: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "docker-run", abstract: "Runs the project's image on this machine.",
        usage: "fgctl docker-run [ENV] VERSION [options]",
        discussion: """
            The image is pulled from ECR when docker has none of VERSION. The container's output is fgctl's, and so is its \
            exit code; Ctrl-C reaches it. It gets no AWS credentials unless --with-credentials says so. Under --output json \
            its output goes to standard error.

              fgctl docker-run 0.1
              fgctl docker-run env 0.1 --command 'python job.py' --set-env MODE=full
              fgctl docker-run 0.1 --remote-env-file remote.env --with-credentials

            fgctl's own failures: 64 wrong usage, 65 a bad file, 127 no docker, 125 others.
            """)

    static var passesCodeThrough: Bool { true }

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var version: VersionOption
    @Option(help: ArgumentHelp("File of KEY=VALUE lines for the container (key REMOTE_ENV_FILE).", valueName: "file"))
    var remoteEnvFile: String?
    @Option(help: ArgumentHelp("Set a variable of the container; may be repeated.", valueName: "key=value"))
    var setEnv: [String] = []
    @Option(help: ArgumentHelp("Command in place of the image's, split as a shell would.", valueName: "text"))
    var command: String?
    @Flag(help: "Give the container the credentials and the region in use.")
    var withCredentials = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1, surplusHint: LaunchOptions.commandHint) }

    func run(_ session: Session, _ words: [String]) async throws {
        guard let asked = try version.resolve(words.first, session) else {
            throw Failure(.usage, "docker-run needs a VERSION", hint: "as 'fgctl docker-run 0.1'")
        }
        let environment = try ContainerSettings.read(session, file: remoteEnvFile, setEnv: setEnv)
        let override = try command.map { try CommandText.words($0, flag: "--command") }
        let project = try await session.imageProject()
        var container = ContainerRun(
            reference: project.reference(asked), name: "fgctl-run-\(UUID().uuidString.prefix(8).lowercased())",
            platform: project.platform.rawValue)
        container.environment = environment
        container.command = override ?? []
        container.isTerminal = session.context.isTerminal
        if withCredentials { try await addCredentials(to: &container, session) }
        if session.options.dryRun {
            let line = container.process.commandLine
            return try session.result(["command": line, "image": container.reference], lines: [line])
        }
        let isJSON = session.options.output == .json
        if isJSON { container.isTerminal = false }
        let docker = session.docker
        container.reference = try await docker.obtain(
            project, asked.text, registry: ECRRegistry(session.client))
        let line = container.process.commandLine
        let clock = ContinuousClock()
        let start = clock.now
        let code = try await docker.run(container, toStandardError: isJSON)
        let seconds = start.duration(to: clock.now) / .seconds(1)
        session.say("container exited with code \(code)")
        if isJSON {
            let report = Report(
                image: container.reference, container: container.name, command: line, exitCode: code,
                durationSeconds: seconds)
            try session.result(report, lines: [])
        }
        throw PassedCode(code)
    }

    /// How the container ended; its JSON form is stable.
    struct Report: Encodable {
        let image: String
        /// Its name, which is gone with it.
        let container: String
        let command: String
        let exitCode: Int32
        let durationSeconds: Double
    }

    private func addCredentials(to container: inout ContainerRun, _ session: Session) async throws {
        let keys = try await session.client.identity()
        container.environment.append(("AWS_REGION", try await session.client.region))
        container.secrets = [
            ("AWS_ACCESS_KEY_ID", Secret(keys.accessKeyID)), ("AWS_SECRET_ACCESS_KEY", keys.secretAccessKey),
        ]
        if let token = keys.sessionToken { container.secrets.append(("AWS_SESSION_TOKEN", token)) }
        session.say("the container gets the credentials of \(keys.source)")
    }
}
