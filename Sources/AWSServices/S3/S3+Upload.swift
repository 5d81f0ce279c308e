internal import AWS
internal import Crypto
internal import HTTP
package import Support
internal import Synchronization

extension S3 {
    /// Stores an object of any size. The source is read twice and never held: first for its checksum, which travels in the
    /// head, so that S3 keeps only the bytes that it was made of; then to be sent.
    ///
    /// Large objects go in parts side by side; when one fails, or the task is cancelled, the upload is aborted.
    /// - Parameters:
    ///   - request: bucket, key, conditions and what the object has besides its bytes; the body in it is left out.
    ///   - progress: told bytes as the connection takes them; what has to go again is taken back by a negative number, so that
    ///     the sum is right.
    /// - Throws: as `putObject`; a `Failure` that names the upload when it could not be aborted.
    @discardableResult
    package func upload(
        _ source: any ByteSource, _ request: PutObjectRequest, options: TransferOptions = TransferOptions(),
        progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws -> PutObjectResponse {
        let length = source.length
        if length > options.multipartThreshold {
            return try await MultipartUploader(
                s3: self, source: source, request: request, options: options, progress: progress
            ).run()
        }
        let meter = SentBytes(progress)
        let stored: PutObjectResponse
        if length <= options.memoryLimit {
            var request = request
            request.body = []
            try await source.forEachPiece { request.body += $0 }
            stored = try await putObject(request)
        } else {
            stored = try await putStream(source, request, meter)
        }
        meter.set(length)
        return stored
    }

    private func putStream(
        _ source: any ByteSource, _ request: PutObjectRequest, _ meter: SentBytes
    ) async throws -> PutObjectResponse {
        func put(_ request: PutObjectRequest) async throws -> PutObjectResponse {
            try await retryingAlteredBodies {
                let part = try await SourcePart(source, 0..<source.length, client, meter)
                var request = request
                request.checksumCRC64NVME = Base64.encode(part.crc.bytes)
                return try await client.sendStreaming(
                    Self.putObject, request, body: part.body, sha256: part.sha256,
                    on: Self.place(request.bucket, request.key))
            }
        }
        guard request.isConditional else { return try await put(request) }
        let owner = WriteOwner()
        var request = request
        owner.mark(&request.metadata)
        let marked = request
        return try await conditionally(owner, bucket: request.bucket, key: request.key, request.expectedBucketOwner) {
            try await put(marked)
        } adopt: { head in
            PutObjectResponse(eTag: head.eTag, checksumCRC64NVME: head.checksumCRC64NVME)
        }
    }
}

/// A range of a source, ready to be sent: its checksums are known, its bytes are read when the connection takes them.
struct SourcePart: Sendable {
    let crc: CRC
    /// For the signature where nothing else protects the body on its way (plain HTTP); over TLS it goes unsigned.
    let sha256: String?
    let body: HTTPBody

    init(_ source: any ByteSource, _ range: Range<Int64>, _ client: AWSClient, _ meter: SentBytes) async throws {
        let length = range.upperBound - range.lowerBound
        let isSecure = try await client.endpoint(for: .s3).base.hasPrefix("https://")
        let sums = try Sums(hashes: !isSecure)
        try await source.forEachPiece(from: range.lowerBound, length: length) { try sums.update($0) }
        crc = sums.crc
        sha256 = try sums.finish()
        body = .stream(length: length) {
            // Each attempt sends all of it.
            meter.set(0)
            return SourceReader(source: source, range, meter)
        }
    }

    private final class Sums {
        var crc = CRC(.crc64nvme)
        private var digest: Digest?

        init(hashes: Bool) throws { digest = hashes ? try Digest(.sha256) : nil }

        func update(_ bytes: [UInt8]) throws {
            bytes.withUnsafeBytes { crc.update($0) }
            if digest != nil { try digest?.update(bytes) }
        }

        func finish() throws -> String? {
            guard let digest = digest.take() else { return nil }
            return Hex.encode(try digest.finish())
        }
    }
}

/// Tells the bytes of a body as they go out.
final class SentBytes: Sendable {
    private let tell: (@Sendable (Int64) -> Void)?
    private let told = Atomic<Int64>(0)

    init(_ tell: (@Sendable (Int64) -> Void)?) { self.tell = tell }

    func add(_ count: Int) {
        told.wrappingAdd(Int64(count), ordering: .relaxed)
        tell?(Int64(count))
    }

    /// However many were told: it is this many.
    func set(_ count: Int64) {
        let before = told.exchange(count, ordering: .relaxed)
        if before != count { tell?(count - before) }
    }
}

/// Reads a range of a source from its beginning to its end.
private final class SourceReader: HTTPBodyReader {
    private let source: any ByteSource
    private let meter: SentBytes
    private let end: Int64
    private let position: Mutex<Int64>

    init(source: any ByteSource, _ range: Range<Int64>, _ meter: SentBytes) {
        self.source = source
        self.meter = meter
        end = range.upperBound
        position = Mutex(range.lowerBound)
    }

    func read(maximum: Int) async throws -> [UInt8]? {
        let offset = position.withLock { $0 }
        guard offset < end else { return nil }
        let bytes = try await source.read(at: offset, count: Int(min(Int64(maximum), end - offset)))
        position.withLock { $0 = offset + Int64(bytes.count) }
        meter.add(bytes.count)
        return bytes
    }
}
