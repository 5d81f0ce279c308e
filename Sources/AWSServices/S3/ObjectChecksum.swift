internal import Crypto

/// What the bytes of an object are held against once they are here.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
enum ObjectChecksum: Sendable, Equatable {
    /// A check that can be made of parts of the object, apart from each other.
    case crc(CRC.Kind, [UInt8])
    /// A hash of the whole, from its beginning.
    case hash(HashFunction, [UInt8])
    /// Nothing covers the whole object.
    case none(Verification)

    /// Chooses the cheapest of those that the object's head names.
    init(_ head: S3.HeadObjectResponse) {
        let crcs: [(CRC.Kind, String?)] = [
            (.crc64nvme, head.checksumCRC64NVME), (.crc32c, head.checksumCRC32C), (.crc32, head.checksumCRC32),
        ]
        let hashes: [(HashFunction, String?)] = [
            (.sha256, head.checksumSHA256), (.sha1, head.checksumSHA1), (.sha512, head.checksumSHA512),
            (.md5, head.checksumMD5),
        ]
        let named = (crcs.map(\.1) + hashes.map(\.1)).compactMap { $0 }
        // A checksum of checksums ends in the number of parts: only who knows the parts can verify it.
        if let composite = named.first(where: { $0.contains("-") }) {
            self = .none(.composite(parts: composite.split(separator: "-").last.flatMap { Int($0) } ?? 0))
            return
        }
        if head.checksumType == "COMPOSITE" {
            self = .none(.composite(parts: 0))
            return
        }
        for (kind, text) in crcs {
            if let text, let bytes = Base64.decode(text), CRC(kind, bytes: bytes, count: 0) != nil {
                self = .crc(kind, bytes)
                return
            }
        }
        for (function, text) in hashes {
            if let text, let bytes = Base64.decode(text), bytes.count == function.length {
                self = .hash(function, bytes)
                return
            }
        }
        self = Self.entityTag(head).map { .hash(.md5, $0) } ?? .none(.noChecksum)
    }

    /// An ETag is the MD5 of an object that was stored at once and not under a key of KMS or the customer's.
    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    private static func entityTag(_ head: S3.HeadObjectResponse) -> [UInt8]? {
        let isPlain = head.serverSideEncryption == nil || head.serverSideEncryption == "AES256"
        guard isPlain, head.sseCustomerAlgorithm == nil, let tag = head.eTag, !tag.hasPrefix("W/") else { return nil }
        let digits = Array(tag.filter { $0 != "\"" }.utf8)
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}

/// How far the bytes of an object were verified.
package enum Verification: Sendable, Hashable {
    /// They have the checksum that S3 keeps for the whole object.
    case verified
    /// S3 keeps only a checksum of the parts' checksums; the length was verified. `parts` is 0 when it is not said.
    case composite(parts: Int)
    /// S3 keeps none, or of a kind that fgctl doesn't know; the length was verified.
    case noChecksum
    /// Only a range was read; its length was verified.
    case range
}

/// Makes the checksum of bytes as they come, for one reader.
final class RunningChecksum {
    private let wanted: ObjectChecksum
    private(set) var crc: CRC?
    private var digest: Digest?

    init(_ wanted: ObjectChecksum) throws {
        self.wanted = wanted
        switch wanted {
        case .crc(let kind, _): crc = CRC(kind)
        // Machines under FIPS have no MD5.
        case .hash(.md5, _): digest = try? Digest(.md5)
        case .hash(let function, _): digest = try Digest(function)
        case .none: break
        }
    }

    func update(_ bytes: [UInt8]) throws {
        if crc != nil { bytes.withUnsafeBytes { crc?.update($0) } }
        if digest != nil { try digest?.update(bytes) }
    }

    /// Adds a part that was read apart.
    func append(_ part: CRC?) { if let part { crc?.append(part) } }

    /// Whether the bytes are those that S3 speaks of.
    func finish() throws -> (matches: Bool, Verification) {
        switch wanted {
        case .crc(_, let bytes): return (crc?.bytes == bytes, .verified)
        case .hash(_, let bytes):
            guard let digest = digest.take() else { return (true, .noChecksum) }
            return (try digest.finish() == bytes, .verified)
        case .none(let why): return (true, why)
        }
    }
}
