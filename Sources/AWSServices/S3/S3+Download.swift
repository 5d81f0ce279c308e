internal import AWS
internal import Crypto
internal import HTTP
package import Support

/// What was downloaded.
package struct DownloadedObject: Sendable {
    package let head: S3.HeadObjectResponse
    /// Bytes written.
    package let length: Int64
    package let verification: Verification
}

/// An object's bytes came differently from what S3 says about them, time and again. What was written is not to be used.
package struct AlteredObject: Error, Sendable, CustomStringConvertible {
    /// `s3://bucket/key`
    package let place: String
    package let reason: String
    package let attempts: Int

    package var description: String { "download \(place): \(reason), in each of \(attempts) attempts" }
}

extension S3 {
    /// Writes an object's bytes to a sink, from offset 0, and verifies them against the checksum that S3 keeps.
    ///
    /// A body that breaks off is gone on with by a ranged read of the same version; large objects come in parts side by
    /// side. Altered bytes are read again from the beginning.
    /// - Throws: `AlteredObject`; `AWSError`, `AWSNoAnswer`, `HTTPError`. What the sink holds then is not to be used.
    package func download(
        _ request: GetObjectRequest, to sink: any ByteSink, options: TransferOptions = TransferOptions()
    ) async throws -> DownloadedObject {
        try await ObjectDownload(s3: self, request: request, sink: sink, options: options).run()
    }
}

/// One download from its first request to the verified end.
private struct ObjectDownload: Sendable {
    let s3: S3
    let request: S3.GetObjectRequest
    let sink: any ByteSink
    let options: TransferOptions

    private var place: String { S3.place(request.bucket, request.key) }

    /// The bytes are not to be trusted, or those of another version: from the beginning.
    private struct Restart: Error { let reason: String }

    /// Bytes that an answer has to bring to count as progress.
    private static let fruit: Int64 = 64 << 10

    func run() async throws -> DownloadedObject {
        var attempt = 1
        while true {
            do {
                return try await once(isAgain: attempt > 1)
            } catch let restart as Restart {
                guard attempt <= options.restarts else {
                    throw AlteredObject(place: place, reason: restart.reason, attempts: attempt)
                }
                try await s3.client.backOff(after: attempt)
                attempt += 1
            }
        }
    }

    private func once(isAgain: Bool) async throws -> DownloadedObject {
        if isAgain { try await sink.truncate(to: 0) }
        let range = request.bytes
        if let range, range.isEmpty { return try await nothing() }
        let (head, body) = try await open(range, ifMatch: request.ifMatch)
        let checksum = range == nil ? ObjectChecksum(head) : .none(.range)
        let running = try RunningChecksum(checksum)
        let length = try length(of: head, range)
        let plan = PartPlan(length: length ?? 0, wanted: options.partSize)
        var canSplit = head.eTag != nil && length ?? 0 > options.multipartThreshold && plan.count > 1
        // A hash can't be put together from parts.
        if case .hash = checksum { canSplit = false }
        let written: Int64
        if canSplit {
            try await readParts(plan, start: range?.lowerBound ?? 0, body, head, checksum, running)
            written = plan.length
        } else {
            let start = range?.lowerBound ?? 0
            written = try await read(start..<(length.map { start + $0 } ?? .max), body, head, running, isWhole: true)
        }
        let (matches, verification) = try running.finish()
        guard matches else { throw Restart(reason: "the bytes that came don't have the object's checksum") }
        if isAgain { try await sink.truncate(to: written) }
        return DownloadedObject(head: head, length: written, verification: verification)
    }

    /// An empty range: there is no way to ask for it.
    private func nothing() async throws -> DownloadedObject {
        var head = S3.HeadObjectRequest(bucket: request.bucket, key: request.key)
        head.versionId = request.versionId
        head.ifMatch = request.ifMatch
        head.expectedBucketOwner = request.expectedBucketOwner
        return DownloadedObject(head: try await s3.headObject(head), length: 0, verification: .range)
    }

    /// Reads parts side by side. The first one comes with the answer that is there already.
    private func readParts(
        _ plan: PartPlan, start: Int64, _ body: HTTPResponseBody, _ head: S3.HeadObjectResponse,
        _ checksum: ObjectChecksum, _ running: RunningChecksum
    ) async throws {
        let parts = try await concurrently(plan.count, limit: options.concurrency) { index -> CRC? in
            let part = plan[index]
            let own = try RunningChecksum(checksum)
            _ = try await read(
                start + part.lowerBound..<start + part.upperBound, index == 0 ? body : nil, head, own, isWhole: false)
            return own.crc
        }
        for part in parts { running.append(part) }
    }

    /// Reads a range to its end, over as many answers as it takes.
    ///
    /// - Parameters:
    ///   - first: an answer that begins at the range's beginning.
    ///   - isWhole: whether that answer ends with the range; otherwise it is left when the range is complete.
    /// - Returns: bytes read.
    private func read(
        _ range: Range<Int64>, _ first: HTTPResponseBody?, _ head: S3.HeadObjectResponse, _ running: RunningChecksum,
        isWhole: Bool
    ) async throws -> Int64 {
        let origin = request.bytes?.lowerBound ?? 0
        var position = range.lowerBound
        var body = first
        var fruitless = 0
        while true {
            let before = position
            do {
                let pieces = try await next(body, position..<range.upperBound, head)
                body = nil
                for try await piece in pieces {
                    let left = range.upperBound - position
                    let bytes = Int64(piece.count) > left ? Array(piece[..<Int(left)]) : piece
                    try running.update(bytes)
                    try await sink.write(bytes, at: position - origin)
                    position += Int64(bytes.count)
                    if position == range.upperBound {
                        guard isWhole, bytes.count == piece.count else { break }
                    }
                }
                if position == range.upperBound || range.upperBound == .max { return position - range.lowerBound }
                throw HTTPError.truncatedBody(received: position - before, expected: range.upperBound - before)
            } catch let error as HTTPError where Self.isCut(error) {
                try Task.checkCancellation()
                // Without an ETag or an end it can't be said that the rest belongs to what is here.
                if head.eTag == nil || range.upperBound == .max { throw Restart(reason: "\(error)") }
                if isWhole, position == range.upperBound { return position - range.lowerBound }
                fruitless = position - before >= Self.fruit ? 1 : fruitless + 1
                guard fruitless <= options.resumes else { throw error }
                try await s3.client.backOff(after: fruitless)
            }
        }
    }

    private func next(
        _ body: HTTPResponseBody?, _ range: Range<Int64>, _ head: S3.HeadObjectResponse
    ) async throws -> HTTPResponseBody {
        if let body { return body }
        do {
            let (part, body) = try await open(range, ifMatch: head.eTag)
            guard part.contentRange?.hasPrefix("bytes \(range.lowerBound)-") == true else {
                throw Restart(reason: "S3 gave other bytes than those from \(range.lowerBound) on")
            }
            return body
        } catch let error as AWSError where error.httpStatus == 412 {
            throw Restart(reason: "the object was replaced while it was read")
        }
    }

    private func open(
        _ range: Range<Int64>?, ifMatch: String?
    ) async throws -> (head: S3.HeadObjectResponse, body: HTTPResponseBody) {
        var request = request
        request.ifMatch = ifMatch
        if let range {
            request.range = "bytes=\(range.lowerBound)-" + (range.upperBound == .max ? "" : "\(range.upperBound - 1)")
            request.ifNoneMatch = nil
        }
        let (head, body) = try await s3.client.receiveStreaming(S3.getObject, request, on: place)
        return (head, body)
    }

    /// Bytes that will come; `nil` when the answer doesn't say.
    private func length(of head: S3.HeadObjectResponse, _ range: Range<Int64>?) throws -> Int64? {
        guard let range else { return head.contentLength }
        guard head.contentRange?.hasPrefix("bytes \(range.lowerBound)-") == true else {
            throw Restart(reason: "S3 gave other bytes than those from \(range.lowerBound) on")
        }
        return head.contentLength
    }

    /// The connection ended before the body did.
    private static func isCut(_ error: HTTPError) -> Bool {
        switch error {
        case .connectionLost, .timedOut, .truncatedBody: true
        case .cannotConnect, .tls, .bodyTooLarge, .invalidRequest: false
        }
    }
}
