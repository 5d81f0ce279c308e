import Crypto

/// A checksum that S3 knows.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
enum ChecksumAlgorithm: String, Sendable, CaseIterable {
    case crc64nvme, crc32, crc32c, sha1, sha256, sha512

    /// As S3 spells it.
    var name: String { rawValue.uppercased() }
    var header: String { "x-amz-checksum-\(rawValue)" }
    var element: String { "Checksum\(name)" }

    /// From a header's name.
    init?(header: String) {
        guard header.hasPrefix("x-amz-checksum-") else { return nil }
        self.init(rawValue: String(header.dropFirst("x-amz-checksum-".count)))
    }

    var crc: CRC.Kind? {
        switch self {
        case .crc64nvme: .crc64nvme
        case .crc32: .crc32
        case .crc32c: .crc32c
        case .sha1, .sha256, .sha512: nil
        }
    }

    var hash: HashFunction? {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha512: .sha512
        case .crc64nvme, .crc32, .crc32c: nil
        }
    }
}

/// The checksum of an object, as S3 keeps it.
struct KeptChecksum: Sendable {
    let algorithm: ChecksumAlgorithm
    /// In base64; of parts' checksums with `-PARTS` behind.
    let text: String
    let isComposite: Bool

    var headers: String {
        "\(algorithm.header): \(text)\r\nx-amz-checksum-type: \(type)\r\n"
    }
    var elements: String {
        "<\(algorithm.element)>\(text)</\(algorithm.element)><ChecksumType>\(type)</ChecksumType>"
    }
    private var type: String { isComposite ? "COMPOSITE" : "FULL_OBJECT" }
}

/// A hash of bytes that come piece by piece.
final class RunningHash {
    private var digest: Digest?

    init(_ function: HashFunction) throws { digest = try Digest(function) }

    func update(_ bytes: UnsafeRawBufferPointer) throws { try digest?.update(bytes) }

    /// Empty when it was asked for already.
    func finish() throws -> [UInt8] {
        guard let digest = digest.take() else { return [] }
        return try digest.finish()
    }
}
