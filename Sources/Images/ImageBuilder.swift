package import Environment
internal import Processes
package import Support

/// What `docker-build` is about to do.
package struct BuildPlan: Sendable {
    package let version: ImageVersion
    /// `REGISTRY/IMAGE_NAME:VERSION`.
    package let reference: String
    package let platform: ImagePlatform
    let options: DockerBuildOptions

    /// The command as one could type it.
    package var commandLine: String { DockerCommand.build(options).command().commandLine }
}

/// What `docker-build` made.
package struct BuildResult: Sendable, Codable, Hashable {
    /// `REGISTRY/IMAGE_NAME:VERSION`.
    package let image: String
    package let version: String
    /// The engine's id of the image: `sha256:…`.
    package let id: String
    package let platform: String
}

/// Builds the project's image with the docker CLI.
package struct ImageBuilder: Sendable {
    private let project: ImageProject
    private let docker: Docker
    private let registry: any ImageRegistry
    private let files: any FileSystem

    package init(project: ImageProject, docker: Docker, registry: any ImageRegistry, files: any FileSystem) {
        self.project = project
        self.docker = docker
        self.registry = registry
        self.files = files
    }

    /// Decides what is built. Asks the registry only when no version is given, and starts nothing.
    /// - Parameter version: `nil` is the highest version in the registry plus one.
    /// - Throws: `Failure.badInput` when Dockerfile or context folder is missing; errors of the registry.
    package func plan(_ version: ImageVersion?) async throws -> BuildPlan {
        guard files.isDirectory(project.context) else {
            throw Failure(
                .badInput, "\(project.context): no such folder to build in", hint: "DOCKER_CONTEXT names it")
        }
        guard files.isFile(project.dockerfile) else {
            throw Failure(
                .badInput, "\(project.dockerfile): no such Dockerfile",
                hint: "DOCKERFILE names it; left out, it is the file Dockerfile in DOCKER_CONTEXT")
        }
        let version = if let version { version } else { try await registry.next(in: project.repository) }
        let reference = project.reference(version)
        return BuildPlan(
            version: version, reference: reference, platform: project.platform,
            options: DockerBuildOptions(
                platform: project.platform.rawValue, dockerfile: project.dockerfile,
                tags: [reference, "\(project.repository):\(version)"], buildArguments: project.buildArguments,
                labels: project.gitRevision.map { ["org.opencontainers.image.revision=\($0)"] } ?? [],
                context: project.context))
    }

    /// Builds, docker's output going to the progress sink line by line.
    /// - Throws: `Failure` `.notFound` without docker, `.failed` with docker's reason, or when the engine built for another
    ///   platform than the one asked for.
    package func build(_ plan: BuildPlan) async throws -> BuildResult {
        let what = "build \(project.repository):\(plan.version)"
        try await docker.check(what)
        docker.progress("\(what) for \(plan.platform.rawValue) from \(project.dockerfile)")
        try await docker.stream(.build(plan.options), what)
        guard let image = try await docker.image(plan.reference) else {
            throw Failure(.failed, "\(what): docker reported success, but has no image \(plan.reference)")
        }
        try image.require(plan.platform, what)
        docker.progress("built \(plan.reference) (\(image.id))")
        return BuildResult(
            image: plan.reference, version: plan.version.text, id: image.id, platform: image.platform)
    }
}

extension LocalImage {
    /// The classic builder takes `--platform` and silently builds for the engine's own platform when the base image is
    /// there for that only: such an image would die on Fargate with 'exec format error'.
    func require(_ wanted: ImagePlatform, _ what: String) throws {
        guard ImagePlatform(platform) == wanted else {
            throw Failure(
                .failed, "\(what): the image is for \(platform), but PLATFORM is \(wanted.rawValue)",
                hint: "use a base image for \(wanted.rawValue) and an engine with buildx, or set PLATFORM=\(platform)")
        }
    }
}
