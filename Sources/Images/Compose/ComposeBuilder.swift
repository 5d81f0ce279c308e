internal import Environment
internal import Processes
package import Support

/// What `compose-build` is about to do.
package struct ComposeBuildPlan: Sendable {
    /// What will be made.
    package let images: [ComposeReference]
    /// The command as one could type it, with the variables that the compose files ask for.
    package let commandLine: String
    let command: Command
}

/// An image with the services that run it; its JSON form is stable.
package struct ComposeReference: Sendable, Codable, Hashable {
    package let services: [String]
    /// `REGISTRY/IMAGE_NAME/…:VERSION`
    package let image: String

    init(services: [String], image: String) {
        self.services = services
        self.image = image
    }
}

/// What `compose-build` made; its JSON form is stable.
package struct ComposeBuildResult: Sendable, Codable, Hashable {
    package struct Image: Sendable, Codable, Hashable {
        package let services: [String]
        /// `REGISTRY/IMAGE_NAME/…:VERSION`
        package let image: String
        /// The engine's id of the image: `sha256:…`
        package let id: String
        package let platform: String
    }

    package let version: String
    package let images: [Image]
}

/// Builds all images of a compose project, each named after registry, IMAGE_NAME and version.
package struct ComposeBuilder: Sendable {
    private let project: ComposeProject
    private let docker: Docker
    private let files: any FileSystem

    package init(project: ComposeProject, docker: Docker, files: any FileSystem) {
        self.project = project
        self.docker = docker
        self.files = files
    }

    private var what: String { "build \(project.images.repository) \(project.version)" }

    /// Reads the compose files and checks what they would make. Changes nothing.
    /// - Throws: `Failure` `.notFound` without docker or compose, `.badInput` for files that compose refuses and for images
    ///   that are not the project's.
    package func plan() async throws -> ComposeBuildPlan {
        try await docker.check(what)
        let tool = try await docker.composeTool()
        let images = try await docker.composeImages(of: project, tool: tool, files: files)
        let command = tool.command(
            ["build"], files: project.files, environment: project.environment, mutates: true,
            timeout: .seconds(6 * 3600)
        )
        let shown = ["GIT_REV", "REGISTRY_URL", "IMAGE_NAME", "STACK_NAME", "DOCKER_DEFAULT_PLATFORM"]
        let variables = shown.compactMap { name in
            (project.environment[name] ?? nil).map { "\(name)=\(Command.quoted($0))" }
        }
        return ComposeBuildPlan(
            images: images.map { ComposeReference(services: $0.services, image: $0.reference) },
            commandLine: (variables + [command.commandLine]).joined(separator: " "), command: command)
    }

    /// Builds, compose's output going to the progress sink line by line.
    /// - Throws: `Failure.failed` with the reason, or when an image is missing or for another platform afterwards.
    package func build(_ plan: ComposeBuildPlan) async throws -> ComposeBuildResult {
        docker.progress("\(what) for \(project.images.platform.rawValue) from \(project.files.joined(separator: ", "))")
        try await docker.streamCompose(plan.command, what)
        var built: [ComposeBuildResult.Image] = []
        for planned in plan.images {
            guard let image = try await docker.image(planned.image) else {
                throw Failure(.failed, "\(what): compose reported success, but docker has no image \(planned.image)")
            }
            try image.require(project.images.platform, "build \(planned.image)")
            docker.progress("built \(planned.image) (\(image.id))")
            built.append(
                .init(services: planned.services, image: planned.image, id: image.id, platform: image.platform))
        }
        return ComposeBuildResult(version: project.version.text, images: built)
    }
}

extension Docker {
    /// The images that a compose project builds, as compose itself resolves their names.
    func composeImages(
        of project: ComposeProject, tool: ComposeTool, files: any FileSystem
    ) async throws -> [ComposeImage] {
        let file = project.files.joined(separator: ", ")
        let command = tool.command(
            ["config"], files: project.files, environment: project.environment, mutates: false, timeout: .seconds(60))
        let answer = try await runner.capture(command)
        let said = answer.errorText.lines
        guard answer.exit.isSuccess else {
            let why = said.filter { !ComposeMessage.isWarning($0) }.joined(separator: " ")
            throw Failure(
                .badInput, "\(file): compose can't read it: \(why.isEmpty ? "\(answer.exit)" : String(why.prefix(500)))"
            )
        }
        for line in said { progress(line) }
        let texts = project.files.map { path in
            (
                path: path,
                text: (try? files.read(path, limit: 4 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            )
        }
        return try ComposeImage.all(of: try ComposeConfig(parsing: answer.text, file: file), project: project) { name in
            // Of several files the last that speaks of the service counts.
            for (path, text) in texts.reversed() {
                if let line = ComposeSource.line(of: name, in: text) { return "\(path):\(line)" }
            }
            return file
        }
    }

    /// Runs compose, its output being progress.
    func streamCompose(_ command: Command, _ what: String) async throws {
        let tail = TailLines()
        let progress = progress
        let sink: @Sendable (String) -> Void = { line in
            tail.add(line)
            progress(line)
        }
        let exit = try await runner.run(command, stdout: sink, stderr: sink)
        guard exit.isSuccess else { throw ComposeMessage.failure(what, exit: exit, lines: tail.lines) }
    }
}

/// Turns what compose said before it failed into one line.
enum ComposeMessage {
    static func isWarning(_ line: String) -> Bool {
        line.contains("variable is not set") || line.contains("level=warning") || line.hasPrefix("WARNING")
    }

    /// - Parameter lines: compose's output, oldest first.
    static func failure(_ what: String, exit: Exit, lines: [String]) -> Failure {
        // Version 1 ends with "Service 'x' failed to build : Build failed", which says where; why stands before it.
        guard let last = lines.last, last.hasPrefix("Service '"), last.hasSuffix("failed to build : Build failed")
        else {
            return DockerMessage.failure(what, exit: exit, lines: lines)
        }
        let service = last.dropFirst("Service '".count).prefix { $0 != "'" }
        return DockerMessage.failure("\(what): service \(service)", exit: exit, lines: Array(lines.dropLast()))
    }
}
