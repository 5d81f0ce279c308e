internal import Crypto
internal import FoundationEssentials
internal import Support

/// One file of a release.
package struct ReleaseFile: Sendable, Hashable, Codable {
    /// Relative to the release, parts joined by `/`.
    package let path: String
    /// In bytes; 0 for a symbolic link.
    package let size: Int64
    /// Of the bytes, 64 digits; `nil` for a symbolic link.
    package let sha256: String?
    /// Permission bits, as a number.
    package let mode: UInt16
    /// Where a symbolic link points; `nil` for a file.
    package let link: String?

    package init(path: String, size: Int64, sha256: String?, mode: UInt16, link: String? = nil) {
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.mode = mode
        self.link = link
    }
}

/// The cause of a failure whose manifest is there and is not to be believed.
package struct CorruptManifest: Error {}

/// What a release holds. The object `manifest.json` is written after all of a release's files: where it is, they are.
package struct ReleaseManifest: Sendable, Codable, Hashable {
    /// Of the form; others are refused.
    package static let version = 1
    /// Bytes of a manifest that are read: some 200,000 files.
    package static let sizeLimit = 64 << 20

    package let version: Int
    package let hash: ReleaseHash
    /// In the order of their paths' bytes.
    package let files: [ReleaseFile]
    /// ISO 8601, UTC.
    package let createdAt: String
    /// Who pushed it: an ARN.
    package let createdBy: String

    /// - Parameter files: in any order.
    package init(files: [ReleaseFile], createdAt: String, createdBy: String) throws {
        let sorted = files.sorted { ByteText.order($0.path, $1.path) < 0 }
        version = Self.version
        hash = try Self.hash(of: sorted)
        self.files = sorted
        self.createdAt = createdAt
        self.createdBy = createdBy
    }

    /// In bytes.
    package var size: Int64 { files.reduce(0) { $0 + $1.size } }

    /// The hash of files in the order of their paths.
    ///
    /// It is made of a text that no two lists share: for each file path, size, checksum, mode in octal and link, each ended by
    /// a NUL, which none of them holds. Times and persons are no part of it.
    package static func hash(of files: [ReleaseFile]) throws -> ReleaseHash {
        var digest = try Digest(.sha256)
        try digest.update(Array("fgctl config release \(version)\n".utf8))
        for file in files {
            let mode = String(file.mode, radix: 8)
            let fields = [file.path, "\(file.size)", file.sha256 ?? "", mode, file.link ?? ""]
            for field in fields { try digest.update(Array(field.utf8) + [0]) }
        }
        let hex = Hex.encode(try digest.finish())
        guard let hash = ReleaseHash(hex) else { throw Failure(.failed, "make a release's hash: '\(hex)' is none") }
        return hash
    }

    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// Reads a manifest, and holds it against the name that it was found under.
    ///
    /// - Parameter place: for messages.
    /// - Throws: `Failure` of kind `failed`: it can't be read, is of another version, is not that of this release, or names files
    ///   that can't lie in a folder.
    package static func decoded(_ bytes: [UInt8], expecting hash: ReleaseHash, place: String) throws -> ReleaseManifest
    {
        func broken(_ why: String) -> Failure {
            Failure(
                .failed, "read \(place): the manifest is corrupt: \(why)",
                hint: "push the config again with 'fgctl config-push', or take another release ('fgctl config-list')",
                cause: CorruptManifest())
        }
        struct Form: Decodable { let version: Int }
        guard let form = try? JSONDecoder().decode(Form.self, from: Data(bytes)) else {
            throw broken("it is no JSON with a version")
        }
        guard form.version == version else {
            throw Failure(
                .failed, "read \(place): the manifest has version \(form.version); this fgctl knows \(version)",
                hint: "use a newer fgctl")
        }
        let manifest: ReleaseManifest
        do { manifest = try JSONDecoder().decode(Self.self, from: Data(bytes)) } catch {
            throw broken("a member is missing or of another type")
        }
        for (file, next) in zip(manifest.files, manifest.files.dropFirst()) {
            guard ByteText.order(file.path, next.path) < 0 else { throw broken("its files are not in order") }
        }
        guard manifest.hash == hash, try Self.hash(of: manifest.files) == hash else {
            throw broken("its files are not those of release \(hash.short)")
        }
        for file in manifest.files {
            if KeySafety.problem(of: file.path) != nil {
                throw broken("\(KeySafety.quoted(file.path)) can't be the path of a file")
            }
            guard file.size >= 0, (file.link == nil) == (file.sha256 != nil) else {
                throw broken("\(KeySafety.quoted(file.path)) has no checksum or no size")
            }
            if let link = file.link, !LocalTree.staysInside(file.path, target: link) || link.isEmpty {
                throw broken("the link \(KeySafety.quoted(file.path)) leaves the release")
            }
        }
        return manifest
    }
}
