package import AWS
internal import HTTP
internal import Support
internal import Synchronization

extension S3 {
    static let getObject = Operation<GetObjectRequest, HeadObjectResponse>(
        "GetObject", of: service, .reads, method: "GET", path: "/{Bucket}/{Key+}")
    private static let listOne = Operation<ListObjectsV2Request, ListObjectsV2Response>(
        "ListObjectsV2", of: service, .reads, method: "GET", path: "/{Bucket}?list-type=2")

    /// Whether there is an object of exactly this key. (Found by listing: where only a prefix may be listed, GET of a missing
    /// key is 403.)
    package func hasObject(bucket: String, key: String, expectedOwner: String?) async throws -> Bool {
        var request = ListObjectsV2Request(bucket: bucket, prefix: key)
        request.maxKeys = 1
        request.expectedBucketOwner = expectedOwner
        let page = try await client.send(Self.listOne, request, on: Self.place(bucket, key))
        // Keys come in the order of their bytes, so the shortest with this prefix is the first.
        return page.decoded.contents?.first?.key == key
    }

    /// An object in memory, verified.
    package func getObject(
        bucket: String, key: String, expectedOwner: String?
    ) async throws -> (bytes: [UInt8], eTag: String?) {
        var request = GetObjectRequest(bucket: bucket, key: key)
        request.expectedBucketOwner = expectedOwner
        let (bytes, object) = try await getObject(request)
        return (bytes, object.head.eTag)
    }

    /// An object, or the range that the request names, in memory.
    ///
    /// - Parameter limit: bytes; more than that throws `HTTPError.bodyTooLarge`.
    /// - Throws: as `download`.
    package func getObject(
        _ request: GetObjectRequest, upTo limit: Int = 64 << 20
    ) async throws -> (bytes: [UInt8], object: DownloadedObject) {
        let sink = MemorySink(limit: limit)
        let object = try await download(request, to: sink)
        return (sink.bytes, object)
    }

    /// A small object in memory, verified, in one exchange without streaming.
    ///
    /// What breaks off or comes altered is fetched again as a whole.
    /// - Returns: `nil` when the object is larger than `options.memoryLimit`; use `download` then.
    /// - Throws: as `download`.
    package func getSmallObject(
        _ request: GetObjectRequest, options: TransferOptions = TransferOptions()
    ) async throws -> (bytes: [UInt8], object: DownloadedObject)? {
        let place = Self.place(request.bucket, request.key)
        var resumes = 0
        var restarts = 0
        while true {
            do {
                let (head, bytes) = try await client.receiveWhole(
                    Self.getObject, request, limit: Int(options.memoryLimit), on: place)
                let running = try RunningChecksum(ObjectChecksum(head))
                try running.update(bytes)
                let (matches, verification) = try running.finish()
                if matches {
                    return (
                        bytes, DownloadedObject(head: head, length: Int64(bytes.count), verification: verification)
                    )
                }
                restarts += 1
                guard restarts <= options.restarts else {
                    let reason = "the bytes that came don't have the object's checksum"
                    throw AlteredObject(place: place, reason: reason, attempts: restarts)
                }
                try await client.backOff(after: restarts)
            } catch let error as AWSNoAnswer {
                if case .bodyTooLarge = error.cause { return nil }
                resumes += 1
                // Each one stands for several attempts.
                guard error.isCutOff, resumes <= min(3, options.resumes) else { throw error }
                try await client.backOff(after: resumes)
            }
        }
    }

    package struct GetObjectRequest: Codable, Sendable, DirectInput {
        package var bucket: String
        package var key: String
        package var versionId: String?
        /// An ETag: 412 when the object is another one by now.
        package var ifMatch: String?
        /// An ETag: 304 when the object is still that one.
        package var ifNoneMatch: String?
        package var expectedBucketOwner: String?
        /// `bytes=0-9`; set by `bytes`.
        var range: String?
        private var checksumMode = "ENABLED"

        package init(bucket: String, key: String) {
            self.bucket = bucket
            self.key = key
        }

        /// Only these bytes; what lies behind the object's end is left out.
        package var bytes: Range<Int64>?

        private enum CodingKeys: CodingKey {
            case bucket, key, versionId, ifMatch, ifNoneMatch, expectedBucketOwner, range, checksumMode
        }

        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "versionId": .query("versionId"), "ifMatch": .header("If-Match"),
            "ifNoneMatch": .header("If-None-Match"), "range": .header("Range"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
            "checksumMode": .header("x-amz-checksum-mode"),
        ]

        /// What `bindings` says, written out.
        package var direct: DirectRequest {
            var request = DirectRequest(bucket: bucket, key: key)
            if let versionId { request.query.append(("versionId", versionId)) }
            request.add("If-Match", ifMatch)
            request.add("If-None-Match", ifNoneMatch)
            request.add("x-amz-expected-bucket-owner", expectedBucketOwner)
            request.add("Range", range)
            request.add("x-amz-checksum-mode", checksumMode)
            return request
        }
    }
}

/// Collects bytes in memory.
private final class MemorySink: ByteSink {
    private let limit: Int
    private let held = Mutex<[UInt8]>([])

    init(limit: Int) { self.limit = limit }

    var bytes: [UInt8] { held.withLock { $0 } }

    func write(_ bytes: [UInt8], at offset: Int64) throws {
        let end = Int(offset) + bytes.count
        guard end <= limit else { throw HTTPError.bodyTooLarge(limit: limit) }
        held.withLock { held in
            if held.isEmpty, offset == 0 {
                held = bytes
            } else if Int(offset) == held.count {
                held += bytes
            } else {
                if held.count < end { held += [UInt8](repeating: 0, count: end - held.count) }
                held.replaceSubrange(Int(offset)..<end, with: bytes)
            }
        }
    }

    func truncate(to length: Int64) {
        held.withLock { held in
            if held.count > Int(length) { held.removeSubrange(Int(length)...) }
        }
    }
}
