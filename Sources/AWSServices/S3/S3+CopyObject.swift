internal import AWS
internal import Crypto
internal import Support

extension S3 {
    private static let copyObject = Operation<CopyObjectRequest, CopyObjectResponse>(
        "CopyObject", of: service, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")
    private static let uploadPartCopy = Operation<UploadPartCopyRequest, UploadPartCopyResponse>(
        "UploadPartCopy", of: service, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")

    /// Copies an object inside S3 with what it has besides its bytes, in parts above 5 GiB. The copy is one of the version
    /// found at the beginning.
    ///
    /// - Throws: `AWSError` with status 412 when the source was replaced meanwhile.
    @discardableResult
    package func copy(_ copy: CopyRequest, options: TransferOptions = TransferOptions()) async throws -> CopyResult {
        var look = HeadObjectRequest(bucket: copy.sourceBucket, key: copy.sourceKey)
        look.expectedBucketOwner = copy.expectedSourceBucketOwner
        let head = try await headObject(look)
        let length = head.contentLength ?? 0
        if length > options.copyThreshold { return try await copyParts(copy, head, length, options) }
        let request = CopyObjectRequest(
            bucket: copy.bucket, key: copy.key, copySource: copy.source, copySourceIfMatch: head.eTag,
            expectedBucketOwner: copy.expectedBucketOwner, expectedSourceBucketOwner: copy.expectedSourceBucketOwner)
        let answer = try await client.send(Self.copyObject, request, on: Self.place(copy.bucket, copy.key))
        if let stored = answer.checksumCRC64NVME, let known = head.checksumCRC64NVME, head.checksumType != "COMPOSITE",
            stored != known
        {
            throw Failure(
                .failed,
                "copy to \(Self.place(copy.bucket, copy.key)): the copy has CRC64NVME \(stored), "
                    + "the source \(known)")
        }
        return CopyResult(eTag: answer.eTag, checksumCRC64NVME: answer.checksumCRC64NVME, length: length)
    }

    private func copyParts(
        _ copy: CopyRequest, _ head: HeadObjectResponse, _ length: Int64, _ options: TransferOptions
    ) async throws -> CopyResult {
        var object = PutObjectRequest(bucket: copy.bucket, key: copy.key)
        object.cacheControl = head.cacheControl
        object.contentDisposition = head.contentDisposition
        object.contentEncoding = head.contentEncoding
        object.contentType = head.contentType
        object.metadata = head.metadata
        object.storageClass = head.storageClass
        object.expectedBucketOwner = copy.expectedBucketOwner
        let upload = OpenUpload(s3: self, bucket: copy.bucket, key: copy.key, owner: copy.expectedBucketOwner)
        return try await upload.run(CreateMultipartUploadRequest(object)) { id in
            let plan = PartPlan(length: length, wanted: options.copyPartSize)
            let parts = try await concurrently(plan.count, limit: options.concurrency) { index in
                let part = try await self.copyPart(copy, head, plan[index], index + 1, id)
                return (part, plan[index].upperBound - plan[index].lowerBound)
            }
            var complete = CompleteMultipartUploadRequest(
                bucket: copy.bucket, key: copy.key, uploadId: id, parts: parts.map(\.0))
            complete.expectedBucketOwner = copy.expectedBucketOwner
            complete.mpuObjectSize = length
            complete.checksumCRC64NVME = Self.joined(parts)
            // What the source has is what the copy must have.
            if let known = head.checksumCRC64NVME, head.checksumType == "FULL_OBJECT" {
                complete.checksumCRC64NVME = known
            }
            let wanted = complete.checksumCRC64NVME
            let answer = try await upload.complete(complete) {
                $0.contentLength == length && wanted != nil && $0.checksumCRC64NVME == wanted
            }
            return CopyResult(eTag: answer.eTag, checksumCRC64NVME: answer.checksumCRC64NVME, length: length)
        }
    }

    private func copyPart(
        _ copy: CopyRequest, _ head: HeadObjectResponse, _ range: Range<Int64>, _ number: Int, _ id: String
    ) async throws -> CompletedMultipartUpload.Part {
        let request = UploadPartCopyRequest(
            bucket: copy.bucket, key: copy.key, uploadId: id, partNumber: number, copySource: copy.source,
            copySourceIfMatch: head.eTag, copySourceRange: "bytes=\(range.lowerBound)-\(range.upperBound - 1)",
            expectedBucketOwner: copy.expectedBucketOwner, expectedSourceBucketOwner: copy.expectedSourceBucketOwner)
        let answer = try await client.send(Self.uploadPartCopy, request, on: Self.place(copy.bucket, copy.key))
        return .init(partNumber: number, eTag: answer.eTag, checksumCRC64NVME: answer.checksumCRC64NVME)
    }

    /// The checksum of the whole from those of its parts; `nil` when S3 didn't give all of them.
    private static func joined(_ parts: [(CompletedMultipartUpload.Part, Int64)]) -> String? {
        var whole = CRC(.crc64nvme)
        for (part, length) in parts {
            guard let bytes = part.checksumCRC64NVME.flatMap({ Base64.decode($0) }),
                let crc = CRC(.crc64nvme, bytes: bytes, count: length)
            else { return nil }
            whole.append(crc)
        }
        return Base64.encode(whole.bytes)
    }
}

extension S3 {
    /// From where to where.
    package struct CopyRequest: Sendable {
        package var sourceBucket: String
        package var sourceKey: String
        package var bucket: String
        package var key: String
        package var expectedSourceBucketOwner: String?
        package var expectedBucketOwner: String?

        package init(from sourceBucket: String, _ sourceKey: String, to bucket: String, _ key: String) {
            self.sourceBucket = sourceBucket
            self.sourceKey = sourceKey
            self.bucket = bucket
            self.key = key
        }

        /// As the header wants it.
        var source: String { PercentEncoding.encode("\(sourceBucket)/\(sourceKey)", keepsSlash: true) }
    }

    package struct CopyResult: Sendable {
        package let eTag: String?
        package let checksumCRC64NVME: String?
        /// In bytes.
        package let length: Int64
    }

    struct CopyObjectRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var key: String
        var copySource: String
        var copySourceIfMatch: String?
        var expectedBucketOwner: String?
        var expectedSourceBucketOwner: String?
        private var checksumAlgorithm = "CRC64NVME"

        init(
            bucket: String, key: String, copySource: String, copySourceIfMatch: String?, expectedBucketOwner: String?,
            expectedSourceBucketOwner: String?
        ) {
            self.bucket = bucket
            self.key = key
            self.copySource = copySource
            self.copySourceIfMatch = copySourceIfMatch
            self.expectedBucketOwner = expectedBucketOwner
            self.expectedSourceBucketOwner = expectedSourceBucketOwner
        }

        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "copySource": .header("x-amz-copy-source"),
            "copySourceIfMatch": .header("x-amz-copy-source-if-match"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
            "expectedSourceBucketOwner": .header("x-amz-source-expected-bucket-owner"),
            "checksumAlgorithm": .header("x-amz-checksum-algorithm"),
        ]
    }

    struct CopyObjectResponse: Codable, Sendable {
        let eTag: String
        let checksumCRC64NVME: String?
    }

    struct UploadPartCopyRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var key: String
        var uploadId: String
        var partNumber: Int
        var copySource: String
        var copySourceIfMatch: String?
        var copySourceRange: String
        var expectedBucketOwner: String?
        var expectedSourceBucketOwner: String?
        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "uploadId": .query("uploadId"), "partNumber": .query("partNumber"),
            "copySource": .header("x-amz-copy-source"), "copySourceIfMatch": .header("x-amz-copy-source-if-match"),
            "copySourceRange": .header("x-amz-copy-source-range"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
            "expectedSourceBucketOwner": .header("x-amz-source-expected-bucket-owner"),
        ]
    }

    struct UploadPartCopyResponse: Codable, Sendable {
        let eTag: String
        let checksumCRC64NVME: String?
    }
}
