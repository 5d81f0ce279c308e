internal import Support

/// The name of a release: the SHA-256 of what it holds, 64 digits in lower case.
package struct ReleaseHash: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// `nil` for what is no whole hash.
    package init?(_ text: String) {
        guard text.utf8.count == 64, text.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.text = text
    }

    package var description: String { text }

    /// As people read and type it.
    package var short: String { String(text.prefix(12)) }

    fileprivate static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}

extension ReleaseHash: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let hash = ReleaseHash(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "is no release's hash"))
        }
        self = hash
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A release as it is named on the command line: its hash, or the beginning of it.
package struct ReleaseName: Sendable, Hashable {
    /// Digits that are enough.
    package static let shortest = 8

    package let text: String

    /// - Throws: `Failure` of kind `usage` for what names no release.
    package init(_ text: String) throws {
        let text = text.lowercased()
        guard (Self.shortest...64).contains(text.utf8.count), text.utf8.allSatisfy(ReleaseHash.isDigit) else {
            throw Failure(
                .usage,
                "'\(text)' names no release: a release's name is a hash, or at least \(Self.shortest) digits of it",
                hint: "'fgctl config-list' shows the releases")
        }
        self.text = text
    }

    /// The hash, where all of it was given.
    package var whole: ReleaseHash? { ReleaseHash(text) }

    /// Which of these is meant.
    /// - Throws: `Failure` of kind `failed` when it is none of them, of kind `usage` when it may be several.
    package func choose(from known: [ReleaseHash], in place: String) throws -> ReleaseHash {
        let found = known.filter { $0.text.hasPrefix(text) }
        guard let first = found.first else {
            throw Failure(
                .failed, "there is no release \(text) in \(place)",
                hint: "'fgctl config-list' shows the releases; 'fgctl config-push' makes one")
        }
        guard found.count == 1 else {
            throw Failure(
                .usage, "release \(text) may be \(found.map(\.short).joined(separator: " or ")) in \(place)",
                hint: "give more digits")
        }
        return first
    }
}
