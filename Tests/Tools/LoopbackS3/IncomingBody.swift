import Crypto

/// The body of a request while it comes: small ones in memory, large ones in a file, with their checks.
final class IncomingBody {
    /// What is wrong with a body, in S3's words.
    struct Refusal: Error {
        let code: String
        let message: String
    }

    /// Bodies up to this length stay in memory.
    static let memoryLimit = 1 << 20

    private(set) var count = 0
    private(set) var crc64 = CRC(.crc64nvme)
    private var bytes: [UInt8] = []
    private var file: BodyFile?
    private var isLost = false
    private let isHashed: Bool
    private var crc: CRC?
    private var md5: RunningHash?
    private var signed: RunningHash?
    private var algorithmHash: RunningHash?
    /// The checksum that the request says it has, in its head or behind its body.
    let algorithm: ChecksumAlgorithm?
    private let head: RequestHead
    /// The byte that comes out altered.
    var flippedAt: Int?

    /// - Parameters:
    ///   - expected: bytes, if known.
    ///   - isObject: whether the body becomes an object or a part: then its MD5 is needed, as its ETag.
    ///   - isCompletion: whether the checksum in the head is that of the parts' whole, not of this body.
    ///   - hashLimit: bytes; larger bodies are checked by CRC-64/NVME only, which costs nearly nothing.
    init(_ head: RequestHead, expected: Int?, isObject: Bool, isCompletion: Bool, options: Options) throws {
        self.head = head
        let expected = expected ?? .max
        if expected > Self.memoryLimit {
            file = BodyFile(in: options.folder)
            isLost = file == nil
        } else {
            bytes.reserveCapacity(expected)
        }
        isHashed = expected <= options.hashLimit
        algorithm = isCompletion ? nil : Self.announced(head)
        guard isHashed else { return }
        if isObject || head.value("content-md5") != nil { md5 = try RunningHash(.md5) }
        if let hash = head.value("x-amz-content-sha256"), hash.utf8.count == 64 { signed = try RunningHash(.sha256) }
        if let kind = algorithm?.crc, kind != .crc64nvme { crc = CRC(kind) }
        if let hash = algorithm?.hash { algorithmHash = try RunningHash(hash) }
    }

    private static func announced(_ head: RequestHead) -> ChecksumAlgorithm? {
        if let trailer = head.value("x-amz-trailer") { return ChecksumAlgorithm(header: trailer.lowercased()) }
        var found: ChecksumAlgorithm?
        head.forEach(prefix: "x-amz-checksum-") { name, _ in found = found ?? ChecksumAlgorithm(header: name) }
        return found
    }

    func append(_ piece: UnsafeRawBufferPointer) throws {
        if let index = flippedAt, (count..<count + piece.count).contains(index) {
            flippedAt = nil
            var altered = Array(piece)
            altered[index - count] ^= 0x10
            return try altered.withUnsafeBytes { try append($0) }
        }
        crc64.update(piece)
        crc?.update(piece)
        try md5?.update(piece)
        try signed?.update(piece)
        try algorithmHash?.update(piece)
        if let file {
            isLost = isLost || !file.write(piece, at: count)
        } else {
            bytes.append(contentsOf: piece)
        }
        count += piece.count
    }

    var body: Body { file.map { Body([.file($0, 0..<count)]) } ?? Body(bytes) }
    /// Of a body in memory.
    var text: [UInt8] { bytes }

    /// What is known of a body that has come whole.
    struct Checked {
        let eTag: String
        /// The checksum that the request names, or the one that S3 makes itself.
        let checksum: KeptChecksum
    }

    /// Holds the body against everything that the request says about it.
    /// - Parameter trailers: the headers behind the body.
    /// - Throws: `Refusal`, with the code that S3 has for it.
    func check(trailers: [(name: String, value: String)]) throws -> Checked {
        if isLost { throw Refusal(code: "InternalError", message: "The body could not be kept") }
        if let length = head.number("x-amz-decoded-content-length"), length != count {
            throw Refusal(code: "IncompleteBody", message: "\(count) bytes came, \(length) were announced")
        }
        let hash = try md5?.finish()
        if let hash, let announced = head.value("content-md5"), announced != BytesText.base64(hash) {
            throw Refusal(code: "BadDigest", message: "The Content-MD5 you specified did not match what we received.")
        }
        if let signed = try signed?.finish(), head.value("x-amz-content-sha256") != Hex.encode(signed) {
            throw Refusal(
                code: "XAmzContentSHA256Mismatch",
                message: "The provided 'x-amz-content-sha256' header does not match what was computed.")
        }
        return Checked(eTag: hash.map { Hex.encode($0) } ?? unhashedTag, checksum: try checkedChecksum(trailers))
    }

    private func checkedChecksum(_ trailers: [(name: String, value: String)]) throws -> KeptChecksum {
        let own = KeptChecksum(algorithm: .crc64nvme, text: BytesText.base64(crc64.bytes), isComposite: false)
        guard let algorithm else { return own }
        var announced = trailers.first { $0.name == algorithm.header }?.value
        head.forEach(prefix: "x-amz-checksum-") { name, value in
            if name == algorithm.header { announced = announced ?? String(decoding: value, as: UTF8.self) }
        }
        guard let announced else { return own }
        let computed: [UInt8]? = algorithm == .crc64nvme ? crc64.bytes : try crc?.bytes ?? algorithmHash?.finish()
        if let computed, announced != BytesText.base64(computed) {
            throw Refusal(
                code: "BadDigest", message: "The \(algorithm.name) you specified did not match the calculated checksum."
            )
        }
        return KeptChecksum(algorithm: algorithm, text: announced, isComposite: false)
    }

    /// The MD5 that the request names, believed; else an ETag that is no MD5, as objects have that are encrypted with KMS.
    private var unhashedTag: String {
        if let announced = head.value("content-md5").flatMap({ BytesText.fromBase64($0) }) {
            return Hex.encode(announced)
        }
        return Hex.encode(crc64.bytes + (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
    }
}
