package import Environment
internal import Support

/// What `docker-push` is about to do.
package struct PushPlan: Sendable {
    package let version: ImageVersion
    /// `REGISTRY/IMAGE_NAME:VERSION`.
    package let reference: String
    package let action: Action
    /// The local name to give the reference to first; `nil` when it has it.
    let source: String?

    package enum Action: Sendable, Hashable {
        /// The registry has this very image under this version: nothing to do.
        case alreadyPushed(digest: String)
        /// `replaces` is the digest that a movable tag stands for now.
        case push(createsRepository: Bool, replaces: String?)
    }

    /// Whether the registry lacks the image.
    var needsPush: Bool {
        if case .push = action { return true }
        return false
    }

    /// What will be done, a line each.
    package var steps: [String] {
        switch action {
        case .alreadyPushed(let digest):
            return ["\(reference) is in the registry already: \(digest)"]
        case .push(let createsRepository, let replaces):
            var steps: [String] = []
            if createsRepository { steps.append("create the repository, with immutable tags") }
            if let source { steps.append("tag \(source) as \(reference)") }
            if let replaces { steps.append("move the tag away from \(replaces)") }
            return steps + ["push \(reference)"]
        }
    }

    /// Decides between pushing, nothing, and refusing.
    /// - Parameters:
    ///   - localDigests: the digests under which the repository knows the local image.
    ///   - remoteDigest: what the version stands for in the registry now.
    ///   - newVersion: how to push it as another version, for the refusal.
    /// - Throws: `Failure.failed` when another image has the version and its tag can't be moved.
    static func decide(
        _ reference: String, localDigests: [String], repository: RegistryRepository?, remoteDigest: String?,
        newVersion: String
    ) throws -> Action {
        guard let repository, let remoteDigest else {
            return .push(createsRepository: repository == nil, replaces: nil)
        }
        if localDigests.contains(remoteDigest) { return .alreadyPushed(digest: remoteDigest) }
        if repository.hasImmutableTags {
            throw Failure(
                .failed,
                "push \(reference): the registry holds another image of this version (\(remoteDigest)), "
                    + "and its tags are immutable",
                hint: newVersion)
        }
        return .push(createsRepository: false, replaces: remoteDigest)
    }
}

/// What `docker-push` did.
package struct PushResult: Sendable, Codable, Hashable {
    /// `REGISTRY/IMAGE_NAME:VERSION`.
    package let image: String
    package let version: String
    /// The digest in the registry: `sha256:…`.
    package let digest: String
    /// Whether it was pushed now; false when it was there already.
    package let pushed: Bool
    package let repositoryCreated: Bool
}
