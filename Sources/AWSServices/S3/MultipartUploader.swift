internal import AWS
internal import Crypto
internal import Support

/// One upload in parts, from its beginning to its end: completed or aborted.
struct MultipartUploader: Sendable {
    let s3: S3
    let source: any ByteSource
    let request: S3.PutObjectRequest
    let options: TransferOptions
    let progress: (@Sendable (Int64) -> Void)?

    func run() async throws -> S3.PutObjectResponse {
        let owner = WriteOwner()
        var create = S3.CreateMultipartUploadRequest(request)
        if request.isConditional { owner.mark(&create.metadata) }
        let upload = OpenUpload(s3: s3, bucket: request.bucket, key: request.key, owner: request.expectedBucketOwner)
        return try await upload.run(create) { id in
            let plan = PartPlan(length: source.length, wanted: options.partSize)
            let parts = try await concurrently(plan.count, limit: options.concurrency) { index in
                let meter = SentBytes(progress)
                let part = try await send(index, plan[index], id, meter)
                meter.set(part.crc.count)
                return part
            }
            var whole = CRC(.crc64nvme)
            for part in parts { whole.append(part.crc) }
            return try await complete(upload, id, parts.map(\.part), whole, owner)
        }
    }

    private func send(
        _ index: Int, _ range: Range<Int64>, _ id: String, _ meter: SentBytes
    ) async throws -> (part: S3.CompletedMultipartUpload.Part, crc: CRC) {
        try await s3.retryingAlteredBodies {
            let part = try await SourcePart(source, range, s3.client, meter)
            let checksum = Base64.encode(part.crc.bytes)
            let request = S3.UploadPartRequest(
                bucket: request.bucket, key: request.key, uploadId: id, partNumber: index + 1,
                checksumCRC64NVME: checksum, expectedBucketOwner: request.expectedBucketOwner)
            let stored = try await s3.client.sendStreaming(
                S3.uploadPart, request, body: part.body, sha256: part.sha256,
                on: S3.place(request.bucket, request.key))
            return (.init(partNumber: index + 1, eTag: stored.eTag, checksumCRC64NVME: checksum), part.crc)
        }
    }

    private func complete(
        _ upload: OpenUpload, _ id: String, _ parts: [S3.CompletedMultipartUpload.Part], _ whole: CRC,
        _ owner: WriteOwner
    ) async throws -> S3.PutObjectResponse {
        var complete = S3.CompleteMultipartUploadRequest(
            bucket: request.bucket, key: request.key, uploadId: id, parts: parts)
        complete.expectedBucketOwner = request.expectedBucketOwner
        complete.ifMatch = request.ifMatch
        complete.ifNoneMatch = request.ifNoneMatch
        complete.mpuObjectSize = whole.count
        let checksum = Base64.encode(whole.bytes)
        complete.checksumCRC64NVME = checksum
        return try await upload.complete(complete) { head in
            // Without a condition it matters only that the object has these bytes.
            request.isConditional
                ? owner.owns(head) : head.contentLength == whole.count && head.checksumCRC64NVME == checksum
        }
    }
}

/// A multipart upload that is ended in any case.
struct OpenUpload: Sendable {
    /// How long an abort may take, its retries included.
    private static let abortLimit: Duration = .seconds(30)
    /// How long a cancelled task waits for the id of an upload under way.
    private static let patience: Duration = .seconds(10)

    let s3: S3
    let bucket: String
    let key: String
    /// The account that the bucket must belong to.
    let owner: String?

    /// Begins an upload, and aborts it when the work fails or is cancelled.
    func run<Output: Sendable>(
        _ create: S3.CreateMultipartUploadRequest, _ work: (_ id: String) async throws -> Output
    ) async throws -> Output {
        let id = try await begin(create)
        do {
            try Task.checkCancellation()
            return try await work(id)
        } catch {
            try await abort(id, after: error)
            throw error
        }
    }

    /// - Returns: the upload's id, also when the task is cancelled meanwhile: an upload whose id is lost can't be aborted.
    private func begin(_ create: S3.CreateMultipartUploadRequest) async throws -> String {
        let creating = Task { try await s3.client.send(S3.createMultipartUpload, create, on: S3.place(bucket, key)) }
        return try await withTaskCancellationHandler {
            try await creating.value.uploadId
        } onCancel: {
            Task {
                try await Task.sleep(for: Self.patience)
                creating.cancel()
            }
        }
    }

    /// Puts the object together.
    /// - Parameter isOurs: whether what lies there is this upload's: asked when an attempt's answer may have been lost.
    func complete(
        _ request: S3.CompleteMultipartUploadRequest, isOurs: (S3.HeadObjectResponse) -> Bool
    ) async throws -> S3.PutObjectResponse {
        let place = S3.place(bucket, key)
        do {
            let answer = try await s3.client.send(S3.completeMultipartUpload, request, on: place)
            if let stored = answer.checksumCRC64NVME, let wanted = request.checksumCRC64NVME, stored != wanted,
                !stored.contains("-")
            {
                throw Failure(
                    .failed,
                    "upload \(place): S3 put together other bytes than were sent "
                        + "(CRC64NVME \(stored) instead of \(wanted))")
            }
            return .init(
                eTag: answer.eTag, checksumCRC64NVME: answer.checksumCRC64NVME, versionId: answer.versionId)
        } catch let error where Self.leavesOpen(error) {
            let head = try await s3.readBack(bucket: bucket, key: key, owner, after: error)
            guard let head, isOurs(head) else { throw error }
            return .init(eTag: head.eTag, checksumCRC64NVME: head.checksumCRC64NVME, versionId: head.versionId)
        }
    }

    /// Whether the upload may have been completed in spite of the error.
    private static func leavesOpen(_ error: any Error) -> Bool {
        switch error {
        case let error as AWSNoAnswer: error.mayHaveActed
        case let error as AWSError:
            error.code == "NoSuchUpload" || error.code == "InvalidResponse" || error.httpStatus == 412
                || error.httpStatus >= 500
        default: false
        }
    }

    private func abort(_ id: String, after cause: any Error) async throws {
        do {
            // Also when the task was cancelled: parts that nobody aborts are billed for ever.
            try await Shielded.run {
                try await Deadline.run(Self.abortLimit, what: "the upload to be aborted") {
                    try await s3.abortMultipartUpload(bucket: bucket, key: key, uploadId: id, expectedOwner: owner)
                }
            }
        } catch {
            let kind: Failure.Kind
            switch cause {
            case is CancellationError: kind = .interrupted
            case let failure as Failure: kind = failure.kind
            default: kind = .failed
            }
            let why = cause is CancellationError ? "interrupted" : "\(cause)"
            throw Failure(
                kind, "upload \(S3.place(bucket, key)): \(why); its parts could not be removed: \(error)",
                hint: "they are stored and billed until 'aws s3api abort-multipart-upload --bucket \(bucket) "
                    + "--key \(key) --upload-id \(id)'",
                cause: cause)
        }
    }
}
