internal import FoundationEssentials
package import Processes
internal import Support

/// The docker engine, reached through the docker CLI.
package struct Docker: Sendable {
    let runner: any ProcessRunner
    /// The process environment, to find the user's docker configuration.
    let environment: [String: String]
    /// Takes each line of progress: fgctl's own and docker's.
    let progress: @Sendable (String) -> Void

    package init(
        runner: any ProcessRunner, environment: [String: String], progress: @escaping @Sendable (String) -> Void
    ) {
        self.runner = runner
        self.environment = environment
        self.progress = progress
    }

    /// Fails, before anything was changed, when docker is not installed or no engine answers.
    func check(_ what: String) async throws {
        _ = try await capture(.engineVersion, what)
    }

    /// Runs a command whose output is progress.
    /// - Throws: `Failure` with docker's reason in one line when its exit status is not 0.
    func stream(_ command: DockerCommand, _ what: String, environment: [String: String?] = [:]) async throws {
        let tail = TailLines()
        let progress = progress
        let sink: @Sendable (String) -> Void = { line in
            tail.add(line)
            // The failure says it.
            if !line.hasPrefix("Error response from daemon: ") { progress(line) }
        }
        var process = command.command()
        process.environment = environment
        let exit = try await running { try await runner.run(process, stdout: sink, stderr: sink) }
        guard exit.isSuccess else { throw DockerMessage.failure(what, exit: exit, lines: tail.lines) }
    }

    /// Runs a command and gives what it wrote to standard output.
    /// - Throws: as `stream`.
    @discardableResult
    func capture(
        _ command: DockerCommand, _ what: String, standardInput: Command.StandardInput = .none,
        environment: [String: String?] = [:]
    ) async throws -> String {
        let captured = try await output(of: command, standardInput: standardInput, environment: environment)
        guard captured.exit.isSuccess else { throw Self.failure(what, captured) }
        return captured.text
    }

    /// The image behind a reference; `nil` when the engine has none.
    func image(_ reference: String) async throws -> LocalImage? {
        let captured = try await output(of: .imageInspect(reference: reference))
        guard captured.exit.isSuccess else {
            if captured.errorText.lowercased().contains("no such image") { return nil }
            throw Self.failure("look at image \(reference)", captured)
        }
        do {
            return try JSONDecoder().decode([LocalImage].self, from: Data(captured.stdout)).first
        } catch {
            throw Failure(.failed, "look at image \(reference): docker's answer can't be read", cause: error)
        }
    }

    /// The tags of a repository that the engine has.
    func tags(of repository: String) async throws -> [String] {
        try await capture(.imageList(repository: repository), "list images of \(repository)")
            .split(separator: "\n").map(String.init).filter { $0 != "<none>" }
    }

    func output(
        of command: DockerCommand, standardInput: Command.StandardInput = .none, environment: [String: String?] = [:]
    ) async throws -> CapturedOutput {
        var process = command.command(standardInput: standardInput)
        process.environment = environment
        return try await running { try await runner.capture(process) }
    }

    func running<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let failure as Failure where failure.kind == .notFound {
            throw Failure(
                .notFound, "docker is not installed: \(failure.message)",
                hint: "install it (Debian, Ubuntu: apt install docker.io), or run bin/setup in a checkout of fgctl",
                cause: failure)
        }
    }

    private static func failure(_ what: String, _ captured: CapturedOutput) -> Failure {
        let text = captured.text + "\n" + captured.errorText
        return DockerMessage.failure(what, exit: captured.exit, lines: text.split(separator: "\n").map(String.init))
    }
}

/// An image in the docker engine, as `docker image inspect` describes it.
struct LocalImage: Decodable, Sendable {
    /// Digest of the image's configuration, or with the containerd store of its manifest: `sha256:…`.
    let id: String
    /// `REGISTRY/REPOSITORY@sha256:…` for each place it was pushed to or pulled from.
    let repositoryDigests: [String]
    let operatingSystem: String
    let architecture: String
    let variant: String?

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case repositoryDigests = "RepoDigests"
        case operatingSystem = "Os"
        case architecture = "Architecture"
        case variant = "Variant"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        repositoryDigests = try values.decodeIfPresent([String].self, forKey: .repositoryDigests) ?? []
        operatingSystem = try values.decode(String.self, forKey: .operatingSystem)
        architecture = try values.decode(String.self, forKey: .architecture)
        variant = try values.decodeIfPresent(String.self, forKey: .variant)
    }

    /// The digests under which one repository knows the image. A registry and a local store agree on these only; the
    /// image's id is something else.
    func digests(in repository: String) -> [String] {
        repositoryDigests.filter { $0.hasPrefix(repository + "@") }.map { String($0.dropFirst(repository.count + 1)) }
    }

    /// `os/architecture`, with the variant where there is one.
    var platform: String {
        "\(operatingSystem)/\(architecture)" + (variant.flatMap { $0.isEmpty ? nil : "/\($0)" } ?? "")
    }
}
