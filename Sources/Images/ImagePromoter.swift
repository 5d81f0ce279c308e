package import AWS
internal import AWSServices
package import Environment
internal import Support

/// Gives an image that is in ECR another version, in its repository or in another one of the account.
package struct ImagePromoter: Sendable {
    private let project: ImageProject
    private let docker: Docker
    private let registry: any ImageRegistry
    private let ecr: ECR

    package init(project: ImageProject, docker: Docker, client: AWSClient) {
        self.project = project
        self.docker = docker
        registry = ECRRegistry(client)
        ecr = ECR(client)
    }

    /// Looks at both versions and decides. Changes nothing.
    /// - Parameters:
    ///   - stamp: the tag beside the version, `yyyymmddThhmmssZ`.
    ///   - target: the repository of the new version; `nil` is the project's.
    /// - Throws: `Failure.failed` when there is no such image, or the new version can't be given to it.
    package func plan(
        from: ImageVersion, to: ImageVersion, stamp: String, target: String?
    ) async throws -> PromotionPlan {
        let target = target ?? project.repository
        let from = try await registry.require(from, in: project.repository)
        guard let digest = try await registry.digest(of: from.text, in: project.repository) else {
            throw Failure(.failed, "promote \(project.repository):\(from): it was removed from ECR meanwhile")
        }
        let repository = try await registry.repository(target)
        let present = repository == nil ? nil : try await registry.digest(of: to.text, in: target)
        return PromotionPlan(
            registry: project.registry, repository: project.repository, target: target, from: from, to: to,
            stamp: stamp, digest: digest, createsRepository: repository == nil,
            action: try PromotionPlan.decide(
                "\(target):\(to)", digest: digest, present: present,
                hasImmutableTags: repository?.hasImmutableTags ?? true))
    }

    /// - Throws: `Failure.failed` when ECR holds something else afterwards.
    package func promote(_ plan: PromotionPlan) async throws -> PromotionResult {
        guard plan.action == .promote else { return PromotionResult(plan, promoted: false, digest: plan.digest) }
        if plan.target == plan.repository { try await retag(plan) } else { try await copy(plan) }
        let what = "promote \(plan.repository):\(plan.from)"
        guard let digest = try await registry.digest(of: plan.to.text, in: plan.target) else {
            throw Failure(.failed, "\(what): ECR has no \(plan.target):\(plan.to) afterwards")
        }
        guard digest == plan.digest else {
            throw Failure(
                .failed, "\(what): \(plan.target):\(plan.to) is \(digest), not \(plan.digest)",
                hint: "docker wrote the manifest anew, or somebody else pushed this version at the same time")
        }
        return PromotionResult(plan, promoted: true, digest: digest)
    }

    /// The version is written last: what has it has its stamp too.
    private func retag(_ plan: PromotionPlan) async throws {
        guard let image = try await ecr.manifest(repositoryName: plan.repository, tag: plan.from.text),
            let manifest = image.imageManifest
        else {
            throw Failure(.failed, "promote \(plan.repository):\(plan.from): ECR gives no manifest of it")
        }
        for tag in [plan.stamp, plan.to.text] {
            docker.progress("tag \(plan.repository):\(tag)")
            try await ecr.putImage(
                ECR.PutImageRequest(
                    repositoryName: plan.repository, imageManifest: manifest,
                    imageManifestMediaType: image.imageManifestMediaType, imageTag: tag))
        }
    }

    /// A manifest is taken only where its layers are: docker carries them over.
    private func copy(_ plan: PromotionPlan) async throws {
        let what = "promote \(plan.repository):\(plan.from)"
        let type = try await ecr.manifest(repositoryName: plan.repository, tag: plan.from.text)?.imageManifestMediaType
        if let type, type.contains("manifest.list") || type.contains("image.index") {
            throw Failure(
                .failed, "\(what): it holds images of several platforms, of which docker would copy one",
                hint: "push it to \(plan.target) from where it was built")
        }
        try await docker.check(what)
        if plan.createsRepository {
            docker.progress("create repository \(plan.target)")
            _ = try await registry.createRepository(plan.target, tags: project.tags)
        }
        try await docker.withLogin(to: plan.registry, registry: registry) { environment in
            try await docker.stream(.pull(reference: plan.source), what, environment: environment)
            for tag in [plan.stamp, plan.to.text] {
                let reference = "\(plan.registry)/\(plan.target):\(tag)"
                try await docker.capture(.tag(source: plan.source, target: reference), what)
                try await docker.stream(.push(reference: reference), what, environment: environment)
            }
        }
    }
}
