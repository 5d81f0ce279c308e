package import Environment
package import Support

/// A repository of a registry.
package struct RegistryRepository: Sendable, Hashable {
    /// Whether a tag, once pushed, can't be moved to another image.
    package let hasImmutableTags: Bool

    package init(hasImmutableTags: Bool) { self.hasImmutableTags = hasImmutableTags }
}

/// A user and a password for `docker login`.
package struct RegistryLogin: Sendable {
    package let user: String
    package let password: Secret

    package init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }
}

/// What fgctl asks a registry of images for.
package protocol ImageRegistry: Sendable {
    /// The repository; `nil` when there is none.
    func repository(_ name: String) async throws -> RegistryRepository?
    /// Makes the repository, with immutable tags; one that somebody else made meanwhile is as good.
    func createRepository(_ name: String, tags: [(String, String)]) async throws -> RegistryRepository
    /// All tags of a repository; `nil` when there is no such repository.
    func tags(in repository: String) async throws -> [String]?
    /// The digest of the manifest or index behind a tag; `nil` when there is none.
    func digest(of tag: String, in repository: String) async throws -> String?
    func login() async throws -> RegistryLogin
}

extension ImageRegistry {
    /// The highest numeric version in the repository; `nil` when there is none.
    package func highest(in repository: String) async throws -> ImageVersion? {
        ImageVersion.highest(in: try await tags(in: repository) ?? [])
    }

    /// The version for the next build: the highest one plus one in its last place (0.9 → 0.10), 0.1 when there is none.
    package func next(in repository: String) async throws -> ImageVersion {
        try await highest(in: repository)?.next() ?? .first
    }

    /// The version asked for, or the highest one; either is in the repository when this returns.
    /// - Throws: `Failure.failed` saying which versions there are.
    package func require(_ asked: ImageVersion?, in repository: String) async throws -> ImageVersion {
        guard let tags = try await tags(in: repository), !tags.isEmpty else {
            throw Failure(
                .failed, "\(Self.subject(asked, repository)): ECR holds no image of \(repository)",
                hint: "build and push one: fgctl docker-build, then fgctl docker-push")
        }
        guard let asked else {
            if let highest = ImageVersion.highest(in: tags) { return highest }
            throw Failure(
                .failed,
                "\(Self.subject(asked, repository)): no tag in ECR is a number; there are \(Self.list(tags))",
                hint: "name the version")
        }
        if tags.contains(asked.text) { return asked }
        throw Failure(
            .failed, "\(Self.subject(asked, repository)): not in ECR; there are \(Self.list(tags))",
            hint: "push it first (fgctl docker-push \(asked)), or name a version that is there")
    }

    private static func subject(_ asked: ImageVersion?, _ repository: String) -> String {
        asked.map { "find image \(repository):\($0)" } ?? "find the highest version of \(repository)"
    }

    /// The ten highest tags, as a sentence has them; the stamps that promoting adds only where there is nothing else.
    private static func list(_ found: [String]) -> String {
        let named = found.filter { !PromotionPlan.isStamp($0) }
        let tags = named.isEmpty ? found : named
        let versions = tags.compactMap { ImageVersion($0) }.sorted(by: >).map(\.text)
        let others = tags.filter { ImageVersion($0) == nil }.sorted()
        let all = versions + others
        return all.prefix(10).joined(separator: ", ") + (all.count > 10 ? " and \(all.count - 10) more" : "")
    }
}
