internal import AWSServices
internal import Crypto
internal import FoundationEssentials
internal import Support

/// Finds out whether a file has the bytes of an object of the same size: by reading the file, and asking S3 as little as
/// possible.
struct ContentComparison: Sendable {
    /// From here on one question to S3 costs less than making an MD5.
    private static let large: Int64 = 16 << 20

    let s3: S3
    let places: [TreePlace]
    let expectedOwner: String?
    let folder: TreeFolder
    let followsLinks: Bool
    /// Parts of fgctl's own uploads, in bytes.
    let partSize: Int64

    /// - Throws: `Failure` of kind `badInput` naming a file that can't be read; what S3 throws.
    func compare(_ local: TreeFile, _ remote: RemoteFile) async throws -> FileComparison {
        if local.link != nil { return .kind }
        if local.size != remote.size { return .size }
        if local.size == 0 { return .same }
        if local.size > Self.large, let sure = try await byHead(local, remote) { return sure }
        switch EntityTag(remote.eTag) {
        case .md5(let wanted):
            guard let own = try await md5(local) else { return try await byHead(local, remote) ?? .unknown }
            if own == wanted { return .same }
        case .parts(let wanted, let count):
            let own = try await partTags(local, count)
            if own.contains(wanted) { return .same }
        case .other: break
        }
        // Under a key of KMS an ETag of this form is no MD5; and nobody knows the parts of another program for sure.
        return try await byHead(local, remote) ?? .unknown
    }

    /// `nil` where there is no MD5, as under FIPS.
    private func md5(_ file: TreeFile) async throws -> [UInt8]? {
        guard (try? Digest(.md5)) != nil else { return nil }
        let reader = try folder.reader(file.path, isFollowed: followsLinks)
        if reader.state.size <= 256 << 10 {
            guard let bytes = try reader.readWhole() else { return [] }
            return try HashFunction.md5.hash(bytes)
        }
        let sums = try RunningSums([.md5])
        try await reader.source.forEachPiece { try sums.update($0) }
        return try sums.finish().first
    }

    /// The ETags that uploads in so many parts would have, for the sizes of parts that programs use.
    private func partTags(_ file: TreeFile, _ count: Int) async throws -> Set<[UInt8]> {
        let sizes = PartSizes.candidates(size: file.size, parts: count, own: partSize)
        guard !sizes.isEmpty, (try? Digest(.md5)) != nil else { return [] }
        let sums = sizes.map { PartSums($0) }
        let reader = try folder.reader(file.path, isFollowed: followsLinks)
        try await reader.source.forEachPiece { piece in for sum in sums { try sum.update(piece) } }
        return Set(try sums.map { try $0.finish() })
    }

    /// By the checksum that S3 keeps of the whole object; `nil` when it keeps none that can be made here.
    private func byHead(_ local: TreeFile, _ remote: RemoteFile) async throws -> FileComparison? {
        let place = places[remote.source]
        var request = S3.HeadObjectRequest(bucket: place.bucket, key: place.key(remote.path))
        request.expectedBucketOwner = expectedOwner
        let head = try await s3.headObject(request)
        // It may have been replaced since it was listed.
        guard head.contentLength == local.size else { return .size }
        guard let wanted = WholeChecksum(head) else { return nil }
        let reader = try folder.reader(local.path, isFollowed: followsLinks)
        guard let sums = try? RunningSums([wanted.kind]) else { return nil }
        try await reader.source.forEachPiece { try sums.update($0) }
        return try sums.finish().first == wanted.bytes ? .same : .content
    }
}

/// What an ETag says.
enum EntityTag: Equatable {
    /// Of an object stored at once: its MD5, unless a key of KMS or of the customer's lies over it.
    case md5([UInt8])
    /// Of an upload in parts: the MD5 of the parts' MD5s.
    case parts([UInt8], count: Int)
    case other

    /// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    init(_ text: String) {
        let bare = text.utf8.filter { $0 != UInt8(ascii: "\"") }
        let halves = bare.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = halves.first, let bytes = Self.hex(first) else {
            self = .other
            return
        }
        if halves.count == 1 {
            self = .md5(bytes)
        } else if let count = Int(String(decoding: halves[1], as: UTF8.self)), count > 0 {
            self = .parts(bytes, count: count)
        } else {
            self = .other
        }
    }

    private static func hex(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        var high: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x61 + 10
            case 0x41...0x46: value = digit - 0x41 + 10
            default: return nil
            }
            if let top = high {
                bytes.append(top << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}

/// The sizes of parts that an upload may have been cut into.
enum PartSizes {
    private static let unit: Int64 = 1 << 20
    /// In MiB: aws and fgctl 8; rclone 5; others 10, 15, 16; s5cmd 50; the SDKs' larger ones.
    private static let usual: [Int64] = [8, 5, 16, 50, 10, 15, 32, 64, 100, 128, 256, 512]

    /// - Parameters:
    ///   - size: of the object, in bytes.
    ///   - parts: as its ETag says.
    /// - Returns: the sizes, in bytes, that give so many parts; at most eight, the likely ones first.
    static func candidates(size: Int64, parts: Int, own: Int64) -> [Int64] {
        guard parts > 0, size > 0 else { return [] }
        let parts = Int64(parts)
        func fits(_ part: Int64) -> Bool { part > 0 && (size + part - 1) / part == parts }
        if parts == 1 { return [size] }
        let least = (size + parts - 1) / parts
        let rounded = (least + unit - 1) / unit * unit
        var power = unit
        while power < least { power *= 2 }
        var found: [Int64] = []
        for part in [own] + usual.map({ $0 * unit }) + [rounded, power, least] where fits(part) && !found.contains(part)
        {
            found.append(part)
        }
        return Array(found.prefix(8))
    }
}

/// A checksum of a whole object that can be made here too.
private struct WholeChecksum {
    let kind: SumKind
    let bytes: [UInt8]

    init?(_ head: S3.HeadObjectResponse) {
        if head.checksumType == "COMPOSITE" { return nil }
        let named: [(SumKind, String?)] = [
            (.crc(.crc64nvme), head.checksumCRC64NVME), (.crc(.crc32c), head.checksumCRC32C),
            (.crc(.crc32), head.checksumCRC32), (.hash(.sha256), head.checksumSHA256),
            (.hash(.sha1), head.checksumSHA1), (.hash(.sha512), head.checksumSHA512),
        ]
        for (kind, text) in named {
            guard let text, !text.contains("-"), let data = Data(base64Encoded: text) else { continue }
            self.kind = kind
            bytes = Array(data)
            return
        }
        // Encrypted by S3's own keys or not at all, an ETag is an MD5.
        let isPlain = head.serverSideEncryption == nil || head.serverSideEncryption == "AES256"
        guard isPlain, head.sseCustomerAlgorithm == nil, let tag = head.eTag, case .md5(let bytes) = EntityTag(tag)
        else { return nil }
        kind = .md5
        self.bytes = bytes
    }
}

private enum SumKind: Equatable {
    case crc(CRC.Kind)
    case hash(HashFunction)

    static let md5 = SumKind.hash(.md5)
}

/// Checksums of bytes as they come.
private final class RunningSums {
    private var crcs: [CRC] = []
    private var digest: Digest?

    /// - Throws: when this machine has no such hash.
    init(_ kinds: [SumKind]) throws {
        for kind in kinds {
            switch kind {
            case .crc(let kind): crcs.append(CRC(kind))
            case .hash(let function): digest = try Digest(function)
            }
        }
    }

    func update(_ bytes: [UInt8]) throws {
        for index in crcs.indices { crcs[index].update(bytes) }
        if digest != nil { try digest?.update(bytes) }
    }

    func finish() throws -> [[UInt8]] {
        var sums = crcs.map(\.bytes)
        if let digest = digest.take() { sums.append(try digest.finish()) }
        return sums
    }
}

/// The ETag of an upload in parts, as the bytes come.
private final class PartSums {
    private let partSize: Int64
    private var left: Int64
    private var part: Digest?
    private var sums: [UInt8] = []

    init(_ partSize: Int64) {
        self.partSize = partSize
        left = partSize
    }

    func update(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            if part == nil { part = try Digest(.md5) }
            let taken = rest.prefix(Int(min(Int64(rest.count), left)))
            try part?.update(taken)
            left -= Int64(taken.count)
            rest = rest.dropFirst(taken.count)
            if left == 0 { try close() }
        }
    }

    func finish() throws -> [UInt8] {
        if part != nil { try close() }
        return try HashFunction.md5.hash(sums)
    }

    private func close() throws {
        if let done = part.take() { sums += try done.finish() }
        left = partSize
    }
}
