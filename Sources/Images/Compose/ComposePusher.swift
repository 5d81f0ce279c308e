package import Environment
internal import Processes
package import Support

/// What `compose-push` is about to do.
package struct ComposePushPlan: Sendable {
    struct Part: Sendable {
        let services: [String]
        let pusher: ImagePusher
        let plan: PushPlan
    }

    let parts: [Part]
    /// fgctl's own image, when it was asked for.
    let fgctl: Part?

    /// What will be done, a line each.
    package var steps: [String] { (parts + (fgctl.map { [$0] } ?? [])).flatMap(\.plan.steps) }
    package var images: [ComposeReference] {
        parts.map { ComposeReference(services: $0.services, image: $0.plan.reference) }
    }
    /// Reference of fgctl's own image, when it was asked for.
    package var fgctlImage: String? { fgctl?.plan.reference }
}

/// What `compose-push` did; its JSON form is stable.
package struct ComposePushResult: Sendable, Codable, Hashable {
    package struct Image: Sendable, Codable, Hashable {
        package let services: [String]
        /// `REGISTRY/IMAGE_NAME/…:VERSION`
        package let image: String
        /// The digest in the registry: `sha256:…`
        package let digest: String
        /// Whether it was pushed now; false when it was there already.
        package let pushed: Bool
    }

    package let version: String
    package let images: [Image]
    /// fgctl's own image, when it was asked for.
    package let fgctl: Image?
}

/// Pushes the images of a compose project to repositories that are there already.
package struct ComposePusher: Sendable {
    private let project: ComposeProject
    private let docker: Docker
    private let registry: any ImageRegistry
    private let files: any FileSystem
    /// Between looks at the registry after a push.
    private let pause: Duration

    package init(
        project: ComposeProject, docker: Docker, registry: any ImageRegistry, files: any FileSystem,
        pause: Duration = .seconds(1)
    ) {
        self.project = project
        self.docker = docker
        self.registry = registry
        self.files = files
        self.pause = pause
    }

    /// Finds the images and decides what has to be done, for all of them before anything is pushed. Changes nothing.
    /// - Parameter fgctl: the version of fgctl whose image goes along; `nil`: none.
    /// - Throws: `Failure` when an image is not built, its repository is missing, or another image has the version.
    package func plan(fgctl: ImageVersion?) async throws -> ComposePushPlan {
        try await docker.check("push \(project.images.repository) \(project.version)")
        let tool = try await docker.composeTool()
        var parts: [ComposePushPlan.Part] = []
        for image in try await docker.composeImages(of: project, tool: tool, files: files) {
            let pusher = pusher(image.repository, origin: .compose)
            parts.append(
                .init(services: image.services, pusher: pusher, plan: try await pusher.plan(project.version)))
        }
        var own: ComposePushPlan.Part?
        if let fgctl {
            let pusher = pusher(Self.fgctlRepository(project.images), origin: .fgctl)
            own = .init(services: [], pusher: pusher, plan: try await pusher.plan(fgctl))
        }
        return ComposePushPlan(parts: parts, fgctl: own)
    }

    /// Pushes what is not there yet, with one login for all.
    /// - Throws: `Failure.failed` with docker's reason, or when a digest afterwards is not the local one.
    package func push(_ plan: ComposePushPlan) async throws -> ComposePushResult {
        let all = plan.parts + (plan.fgctl.map { [$0] } ?? [])
        var results: [String: PushResult] = [:]
        for part in all where !part.plan.needsPush {
            results[part.plan.reference] = try part.pusher.alreadyPushed(part.plan)
        }
        let due = all.filter(\.plan.needsPush)
        if !due.isEmpty {
            let pushed = try await docker.withLogin(to: project.images.registry, registry: registry) { environment in
                var pushed: [PushResult] = []
                for part in due { pushed.append(try await part.pusher.deliver(part.plan, environment: environment)) }
                return pushed
            }
            for result in pushed { results[result.image] = result }
        }
        func image(_ part: ComposePushPlan.Part) throws -> ComposePushResult.Image {
            guard let result = results[part.plan.reference] else {
                throw Failure(.failed, "push \(part.plan.reference): it was passed over")
            }
            return .init(
                services: part.services, image: result.image, digest: result.digest, pushed: result.pushed)
        }
        return ComposePushResult(
            version: project.version.text, images: try plan.parts.map(image), fgctl: try plan.fgctl.map(image))
    }

    /// What is missing of fgctl's own image, which the services' containers read their config by; `nil` when nothing is.
    /// - Parameter fgctl: the version of this fgctl.
    package func lacksFgctl(_ fgctl: ImageVersion) async throws -> String? {
        let repository = Self.fgctlRepository(project.images)
        guard try await registry.repository(repository) != nil else { return nil }
        guard try await registry.digest(of: fgctl.text, in: repository) == nil else { return nil }
        return "\(project.images.registry)/\(repository):\(fgctl)"
    }

    static func fgctlRepository(_ images: ImageProject) -> String { images.repository + "/fgctl" }

    private func pusher(_ repository: String, origin: ImagePusher.Origin) -> ImagePusher {
        var images = project.images
        images.repository = repository
        return ImagePusher(project: images, docker: docker, registry: registry, pause: pause, origin: origin)
    }
}
