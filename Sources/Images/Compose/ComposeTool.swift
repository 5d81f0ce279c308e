internal import Processes
internal import Support

/// The program that reads compose files: version 2 is a plugin of docker, version 1 a program of its own.
enum ComposeTool: Sendable, Hashable {
    /// `docker compose`
    case plugin
    /// `docker-compose`
    case standalone

    /// The command for words of compose, as `build` or `config`; both versions take the same.
    /// - Parameters:
    ///   - files: absolute paths; relative ones inside them count from the first one's folder.
    ///   - environment: what the files may ask for by `${NAME}`.
    func command(
        _ words: [String], files: [String], environment: [String: String?], mutates: Bool, timeout: Duration
    ) -> Command {
        let arguments = files.flatMap { ["-f", $0] } + words
        var command =
            switch self {
            case .plugin: Command("docker", ["compose"] + arguments, mutates: mutates, timeout: timeout)
            case .standalone: Command("docker-compose", arguments, mutates: mutates, timeout: timeout)
            }
        command.environment = environment
        return command
    }
}

extension Docker {
    /// Finds compose; version 2 wins where both are there.
    /// - Throws: `Failure.notFound` when there is neither, or no docker.
    func composeTool() async throws -> ComposeTool {
        let words = ["version", "--short"]
        let plugin = ComposeTool.plugin.command(
            words, files: [], environment: [:], mutates: false, timeout: .seconds(60))
        let answer = try await running { try await runner.capture(plugin) }
        if answer.exit.isSuccess, answer.text.contains(where: \.isNumber) { return .plugin }
        let standalone = ComposeTool.standalone.command(
            words, files: [], environment: [:], mutates: false, timeout: .seconds(60))
        do {
            let answer = try await runner.capture(standalone)
            if answer.exit.isSuccess { return .standalone }
            throw Failure(
                .failed,
                "run docker-compose: \(answer.exit): \(DockerMessage.reason(in: answer.errorText.lines))",
                hint: "'docker-compose version' has to work, or 'docker compose version'")
        } catch let failure as Failure where failure.kind == .notFound {
            throw Failure(
                .notFound, "docker compose is not installed: there is neither 'docker compose' nor 'docker-compose'",
                hint: "install it (Debian, Ubuntu: apt install docker-compose; with docker's own packages: "
                    + "apt install docker-compose-plugin)",
                cause: failure)
        }
    }
}

extension String {
    /// Its lines, empty ones left out.
    var lines: [String] { split(whereSeparator: \.isNewline).map(String.init) }
}
