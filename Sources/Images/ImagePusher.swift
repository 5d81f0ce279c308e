package import Environment
internal import Processes
internal import Support

/// Pushes the project's image to its repository with the docker CLI.
package struct ImagePusher: Sendable {
    private let project: ImageProject
    private let docker: Docker
    private let registry: any ImageRegistry
    /// Between looks at the registry after a push.
    private let pause: Duration
    private let origin: Origin

    /// Where an image comes from: who makes its repository, and how a new version is made.
    package enum Origin: Sendable {
        /// `docker-build`; the repository is made when it is missing.
        case docker
        /// `compose-build`; a stack owns the repository.
        case compose
        /// The image of fgctl itself: docker has it as `fgctl:VERSION`; a stack owns the repository, and an image that is
        /// there already is left alone.
        case fgctl
    }

    package init(
        project: ImageProject, docker: Docker, registry: any ImageRegistry, pause: Duration = .seconds(1),
        origin: Origin = .docker
    ) {
        self.project = project
        self.docker = docker
        self.registry = registry
        self.pause = pause
        self.origin = origin
    }

    /// Finds the image and decides what has to be done. Changes nothing.
    /// - Parameter version: `nil` is the highest local one of the repository.
    /// - Throws: `Failure` when there is no such local image, it is for another platform, or another image has the version
    ///   in the registry already.
    package func plan(_ version: ImageVersion?) async throws -> PushPlan {
        try await docker.check("push \(project.repository)")
        let version = if let version { version } else { try await highestLocal() }
        let reference = project.reference(version)
        let short = origin == .fgctl ? "fgctl:\(version)" : "\(project.repository):\(version)"
        var source: String?
        var found = try await docker.image(reference)
        if found == nil {
            found = try await docker.image(short)
            source = short
        }
        guard let image = found else {
            throw Failure(
                .failed, "push \(short): docker has no image \(reference)",
                hint: missingHint(version))
        }
        try image.require(project.platform, "push \(short)")

        let repository = try await registry.repository(project.repository)
        if repository == nil, origin != .docker {
            throw Failure(
                .failed, "push \(reference): ECR has no repository \(project.repository)",
                hint: "a stack owns the repositories of a release: 'fgctl cf-create-stack' makes them")
        }
        let remote = repository == nil ? nil : try await registry.digest(of: version.text, in: project.repository)
        if let remote, origin == .fgctl {
            return PushPlan(version: version, reference: reference, action: .alreadyPushed(digest: remote), source: nil)
        }
        let digests = image.digests(in: project.fullRepository)
        let isConflict = remote.map { !digests.contains($0) } ?? false
        return PushPlan(
            version: version, reference: reference,
            action: try PushPlan.decide(
                reference, localDigests: digests, repository: repository, remoteDigest: remote,
                // The next version is asked for only where it is named.
                newVersion: isConflict ? try await newVersionHint() : ""),
            source: source)
    }

    private func missingHint(_ version: ImageVersion) -> String {
        switch origin {
        case .docker: "build it: fgctl docker-build \(version)"
        case .compose: "build it with 'fgctl compose-build \(version)', or name a version that was built"
        case .fgctl:
            "make it with bin/image in a checkout of fgctl, or give an image of yours the tag fgctl:\(version); "
                + "key FGCTL_IMAGE names one that is elsewhere"
        }
    }

    /// How to get past another image that has the version already.
    private func newVersionHint() async throws -> String {
        guard origin == .docker else {
            return "commit the change and build it as a new version: 'fgctl compose-build', then 'fgctl compose-push'"
        }
        let next = try await registry.next(in: project.repository)
        return "build and push it as a new version: fgctl docker-build \(next), then fgctl docker-push \(next)"
    }

    /// Does what the plan says, docker's output going to the progress sink line by line.
    /// - Throws: `Failure.failed` with docker's reason, or when the registry's digest afterwards is not the local one.
    package func push(_ plan: PushPlan) async throws -> PushResult {
        guard case .push(let createsRepository, _) = plan.action else { return try alreadyPushed(plan) }
        if createsRepository {
            docker.progress("create repository \(project.repository)")
            _ = try await registry.createRepository(project.repository, tags: project.tags)
        }
        return try await docker.withLogin(to: project.registry, registry: registry) { environment in
            try await deliver(plan, createdRepository: createsRepository, environment: environment)
        }
    }

    /// Pushes to a repository that is there, with a login that was made.
    /// - Parameter environment: what tells docker of the login.
    func deliver(
        _ plan: PushPlan, createdRepository: Bool = false, environment: [String: String?]
    ) async throws -> PushResult {
        let what = "push \(project.repository):\(plan.version)"
        if let source = plan.source {
            try await docker.capture(.tag(source: source, target: plan.reference), what)
        }
        docker.progress("push \(plan.reference)")
        try await docker.stream(.push(reference: plan.reference), what, environment: environment)
        let digest = try await verify(plan, what)
        docker.progress("pushed \(plan.reference) (\(digest))")
        return PushResult(
            image: plan.reference, version: plan.version.text, digest: digest, pushed: true,
            repositoryCreated: createdRepository)
    }

    func alreadyPushed(_ plan: PushPlan) throws -> PushResult {
        guard case .alreadyPushed(let digest) = plan.action else {
            throw Failure(.failed, "push \(plan.reference): the plan says to push")
        }
        docker.progress("\(plan.reference) is already pushed (\(digest))")
        return PushResult(
            image: plan.reference, version: plan.version.text, digest: digest, pushed: false, repositoryCreated: false)
    }

    /// The highest numeric tag of the repository in the engine, whether it was tagged with the registry or without.
    private func highestLocal() async throws -> ImageVersion {
        let full = try await docker.tags(of: project.fullRepository)
        let short = try await docker.tags(of: project.repository)
        guard let highest = ImageVersion.highest(in: full) ?? ImageVersion.highest(in: short) else {
            throw Failure(
                .failed,
                "push \(project.repository): docker has no image of \(project.fullRepository) with a numeric version",
                hint: "build one: fgctl docker-build; or name the version to push")
        }
        return highest
    }

    /// A push that docker calls a success may still not have arrived as meant: the registry is asked.
    private func verify(_ plan: PushPlan, _ what: String) async throws -> String {
        let local = try await docker.image(plan.reference)?.digests(in: project.fullRepository) ?? []
        var remote: String?
        for attempt in 0..<5 {
            if attempt > 0 { try await Task.sleep(for: pause) }
            remote = try await registry.digest(of: plan.version.text, in: project.repository)
            if let remote, local.contains(remote) { return remote }
        }
        guard let remote else {
            throw Failure(.failed, "\(what): docker reported success, but ECR has no version \(plan.version)")
        }
        throw Failure(
            .failed,
            "\(what): ECR holds \(remote), but the local image is \(local.isEmpty ? "unknown there" : local.joined(separator: ", "))",
            hint: "somebody else may have pushed this version at the same time: build and push a new one")
    }
}
