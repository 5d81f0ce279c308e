internal import Crypto
internal import FoundationEssentials
package import Support

/// A checksum of a file's bytes that fgctl keeps for itself, in hex or base64 as its kind has it.
package enum FileChecksum: Sendable, Hashable {
    /// 64 digits, lower case.
    case sha256(String)
    /// As S3 writes it: base64 of eight bytes, the highest first.
    case crc64nvme(String)

    package enum Kind: Sendable, Hashable, CaseIterable { case sha256, crc64nvme }

    package var kind: Kind {
        switch self {
        case .sha256: .sha256
        case .crc64nvme: .crc64nvme
        }
    }

    package static func of(_ bytes: [UInt8], _ kind: Kind) throws -> FileChecksum {
        switch kind {
        case .sha256: .sha256(Hex.encode(try HashFunction.sha256.hash(bytes)))
        case .crc64nvme: .crc64nvme(Data(CRC(.crc64nvme, of: bytes).bytes).base64EncodedString())
        }
    }

    /// Reads the source once, piece by piece.
    package static func of(_ source: any ByteSource, _ kind: Kind) async throws -> FileChecksum {
        switch kind {
        case .sha256:
            let sum = try Sum()
            try await source.forEachPiece { try sum.update($0) }
            return .sha256(Hex.encode(try sum.finish()))
        case .crc64nvme:
            var crc = CRC(.crc64nvme)
            try await source.forEachPiece { crc.update($0) }
            return .crc64nvme(Data(crc.bytes).base64EncodedString())
        }
    }

    private final class Sum {
        private var digest: Digest?

        init() throws { digest = try Digest(.sha256) }

        func update(_ bytes: [UInt8]) throws { try digest?.update(bytes) }

        func finish() throws -> [UInt8] {
            guard let digest = digest.take() else { return [] }
            return try digest.finish()
        }
    }
}
