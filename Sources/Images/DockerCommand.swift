internal import Processes

/// One call of the docker CLI, as a value: what it says is decided and tested apart from running it.
enum DockerCommand: Sendable, Hashable {
    /// The version of the engine; fails when no engine answers.
    case engineVersion
    /// Of client and engine, as JSON.
    case versions
    case build(DockerBuildOptions)
    case tag(source: String, target: String)
    case push(reference: String)
    case pull(reference: String)
    /// Takes a container away, whether it runs or not.
    case remove(container: String)
    /// The password comes by standard input, never on the command line.
    case login(registry: String, user: String)
    case imageInspect(reference: String)
    /// The tags of a repository, one a line.
    case imageList(repository: String)

    /// The arguments after `docker`.
    var arguments: [String] {
        switch self {
        case .engineVersion: ["version", "--format", "{{.Server.Version}}"]
        case .versions: ["version", "--format", "{{json .}}"]
        case .build(let options): ["build"] + options.arguments
        case .tag(let source, let target): ["tag", source, target]
        case .push(let reference): ["push", reference]
        case .pull(let reference): ["pull", reference]
        case .remove(let container): ["rm", "--force", container]
        case .login(let registry, let user): ["login", "--username", user, "--password-stdin", registry]
        case .imageInspect(let reference): ["image", "inspect", reference]
        case .imageList(let repository): ["image", "ls", "--format", "{{.Tag}}", repository]
        }
    }

    /// Whether it changes the engine's or a registry's state; refused under dry run.
    var mutates: Bool {
        switch self {
        case .engineVersion, .versions, .imageInspect, .imageList: false
        case .build, .tag, .push, .pull, .remove, .login: true
        }
    }

    /// How long it may take. Builds and pushes of large images on slow lines are long; everything else asks a daemon nearby.
    var timeout: Duration {
        switch self {
        case .build, .push, .pull: .seconds(6 * 3600)
        case .engineVersion, .versions, .tag, .remove, .login, .imageInspect, .imageList: .seconds(60)
        }
    }

    func command(standardInput: Command.StandardInput = .none) -> Command {
        Command("docker", arguments, mutates: mutates, standardInput: standardInput, timeout: timeout)
    }
}

/// What `docker build` is asked for.
struct DockerBuildOptions: Sendable, Hashable {
    var platform: String
    var dockerfile: String
    /// The references that the image gets.
    var tags: [String]
    /// `NAME=VALUE`, or `NAME` for the variable of the environment.
    var buildArguments: [String] = []
    /// `NAME=VALUE`.
    var labels: [String] = []
    var context: String

    var arguments: [String] {
        ["--platform", platform, "-f", dockerfile]
            + tags.flatMap { ["-t", $0] }
            + buildArguments.flatMap { ["--build-arg", $0] }
            + labels.flatMap { ["--label", $0] }
            + [context]
    }
}
