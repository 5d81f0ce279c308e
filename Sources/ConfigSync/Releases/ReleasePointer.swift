internal import FoundationEssentials
internal import Support

/// The object `current.json`: which release counts. It is written last, and only over the version that was read before.
package struct ReleasePointer: Sendable, Codable, Hashable {
    package static let version = 1
    package static let sizeLimit = 64 << 10

    package let version: Int
    package let release: ReleaseHash
    /// What it named before; `nil` for the first.
    package let previous: ReleaseHash?
    /// ISO 8601, UTC.
    package let updatedAt: String
    /// An ARN.
    package let updatedBy: String

    package init(release: ReleaseHash, previous: ReleaseHash?, updatedAt: String, updatedBy: String) {
        version = Self.version
        self.release = release
        self.previous = previous
        self.updatedAt = updatedAt
        self.updatedBy = updatedBy
    }

    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// - Throws: `Failure` of kind `failed` that names the place.
    package static func decoded(_ bytes: [UInt8], place: String) throws -> ReleasePointer {
        guard let pointer = try? JSONDecoder().decode(Self.self, from: Data(bytes)), pointer.version == version else {
            throw Failure(
                .failed, "read \(place): it is no pointer to a release that this fgctl can read",
                hint:
                    "'fgctl config-list' shows the releases; delete the object, then name one by 'fgctl config-rollback RELEASE'",
                cause: CorruptPointer())
        }
        return pointer
    }
}

/// The pointer is there and can't be read.
package struct CorruptPointer: Error {}

/// Where the config of a project lies in a bucket.
package struct ReleasePlace: Sendable, Hashable, CustomStringConvertible {
    /// The folder of `current.json` and `releases/`.
    package let base: TreePlace

    package init(_ base: TreePlace) { self.base = base }

    /// `s3://BUCKET/STACK/config/`
    package init(bucket: String, stack: String) { base = TreePlace(bucket: bucket, prefix: "\(stack)/config/") }

    package var bucket: String { base.bucket }
    package var description: String { "\(base)" }
    package var pointerKey: String { base.key("current.json") }
    package var releasesPrefix: String { base.key("releases/") }

    package func manifestKey(_ release: ReleaseHash) -> String { releasesPrefix + release.text + "/manifest.json" }

    /// What the keys of all files of a release begin with.
    package func filesPrefix(_ release: ReleaseHash) -> String { releasesPrefix + release.text + "/files/" }

    package func fileKey(_ release: ReleaseHash, _ path: String) -> String { filesPrefix(release) + path }

    /// For messages.
    package func shown(_ key: String) -> String { "s3://\(bucket)/\(key)" }

    /// The release whose folder a common prefix of a listing is; `nil` for anything else.
    package func release(ofPrefix prefix: String) -> ReleaseHash? {
        guard prefix.hasPrefix(releasesPrefix), prefix.hasSuffix("/") else { return nil }
        return ReleaseHash(String(prefix.dropFirst(releasesPrefix.count).dropLast()))
    }
}
