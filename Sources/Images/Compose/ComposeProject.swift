internal import AWS
package import Environment
package import Support

/// What the settings say about a compose project, checked.
package struct ComposeProject: Sendable {
    /// The images' home: registry, IMAGE_NAME and platform.
    package var images: ImageProject
    /// The compose files, absolute paths; of several later ones win.
    package var files: [String]
    /// The tag of all images: what compose files call GIT_REV.
    package var version: ImageVersion
    /// What the compose files may ask for by `${NAME}`.
    package var environment: [String: String?]

    /// The names under which a compose file is found at the project's root, in the order in which they count.
    ///
    /// https://docs.docker.com/compose/intro/compose-application-model/
    package static let fileNames = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"]

    /// - Parameters:
    ///   - files: as given by `--file`, absolute; empty: the first of `fileNames` at the project's root.
    ///   - stack: STACK_NAME, where it is set.
    /// - Throws: `Failure` `.badInput` for a file that is not there, `.usage` for a version that can't be immutable.
    package static func read(
        _ settings: ProjectSettings, images: ImageProject, version: ImageVersion, files given: [String],
        in system: any FileSystem
    ) throws -> ComposeProject {
        guard version.text != "latest" else {
            throw Failure(
                .usage, "VERSION 'latest' is refused: the tags of a release don't move",
                hint: "leave VERSION out for the git revision, or name another one")
        }
        for file in given where !system.isFile(file) {
            throw Failure(.badInput, "\(file): no such compose file", hint: "--file names it")
        }
        var files = given
        if files.isEmpty {
            let places = fileNames.map { PathText.join(settings.root, $0) }
            guard let found = places.first(where: { system.isFile($0) }) else {
                throw Failure(
                    .badInput, "\(settings.root): holds no compose file (\(fileNames.joined(separator: ", ")))",
                    hint: "name it by --file")
            }
            files = [found]
        }
        return ComposeProject(
            images: images, files: files, version: version,
            environment: environment(settings, images: images, version: version))
    }

    /// The settings of `--set` and the env file, as if it had been sourced, but for credentials and for what docker itself
    /// looks at; and what fgctl knows, which wins.
    private static func environment(
        _ settings: ProjectSettings, images: ImageProject, version: ImageVersion
    ) -> [String: String?] {
        var environment: [String: String?] = [:]
        // The lowest of them first, so that higher ones win.
        for layer in settings.layers.dropFirst().prefix(2).reversed() {
            for (name, setting) in layer.values where !isKept(name) { environment[name] = setting.value }
        }
        environment["GIT_REV"] = version.text
        environment["REGISTRY_URL"] = images.registry
        environment["IMAGE_NAME"] = images.repository
        if let stack = settings.value(.stackName) { environment["STACK_NAME"] = stack }
        environment["DOCKER_DEFAULT_PLATFORM"] = images.platform.rawValue
        return environment
    }

    /// Whether a setting is none of compose's business.
    private static func isKept(_ name: String) -> Bool {
        let key = Key(name: name)
        return key == .accessKeyID || key?.isSecret == true || ContainerRun.isDockersOwn(name)
    }

    /// What an image of the project is written as in a compose file.
    static func example(_ service: String) -> String { "${REGISTRY_URL}/${IMAGE_NAME}/\(service):${GIT_REV}" }
}
