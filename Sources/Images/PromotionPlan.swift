internal import Environment
internal import Support

/// What `docker-promote` is about to do.
package struct PromotionPlan: Sendable {
    let registry: String
    let repository: String
    let target: String
    let from: ImageVersion
    let to: ImageVersion
    let stamp: String
    let digest: String
    let createsRepository: Bool
    package let action: Action

    package enum Action: Sendable, Hashable {
        /// The new version is this very image.
        case alreadyThere
        case promote
    }

    /// `REGISTRY/REPOSITORY:FROM`.
    package var source: String { "\(registry)/\(repository):\(from)" }
    /// `REGISTRY/REPOSITORY:TO`.
    package var image: String { "\(registry)/\(target):\(to)" }

    /// Whether a tag is one of those beside a promoted version: `yyyymmddThhmmssZ`.
    static func isStamp(_ tag: String) -> Bool {
        let characters = Array(tag)
        guard characters.count == 16, characters[8] == "T", characters[15] == "Z" else { return false }
        return (characters[..<8] + characters[9..<15]).allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// What will be done, a line each.
    package var steps: [String] {
        guard action == .promote else { return ["\(image) is \(digest) already"] }
        var steps = createsRepository ? ["create the repository \(target), with immutable tags"] : []
        if target != repository { steps.append("copy \(source) to \(registry)/\(target)") }
        return steps + ["tag \(digest) as \(target):\(stamp)", "tag \(digest) as \(target):\(to)"]
    }

    /// - Throws: `Failure.failed` when another image has the version and its tag can't be moved.
    static func decide(
        _ name: String, digest: String, present: String?, hasImmutableTags: Bool
    ) throws -> Action {
        if present == digest { return .alreadyThere }
        if let present, hasImmutableTags {
            throw Failure(
                .failed,
                "promote to \(name): it is another image (\(present)), and the repository's tags are immutable",
                hint: "promote to a version of its own, or to a repository whose tags may move: --to-repository NAME")
        }
        return .promote
    }
}

/// What `docker-promote` did.
package struct PromotionResult: Sendable, Codable, Hashable {
    /// `REGISTRY/REPOSITORY:TO`.
    package let image: String
    /// The tag beside it; absent when nothing was done.
    package let stamp: String?
    /// `sha256:…`.
    package let digest: String
    package let promoted: Bool

    init(_ plan: PromotionPlan, promoted: Bool, digest: String) {
        image = plan.image
        stamp = promoted ? plan.stamp : nil
        self.digest = digest
        self.promoted = promoted
    }
}
