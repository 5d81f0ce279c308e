package import AWS
internal import Crypto
package import HTTP
internal import Support

extension S3 {
    static let putObject = Operation<PutObjectRequest, PutObjectResponse>(
        "PutObject", of: service, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")

    /// Stores an object held in memory; S3 verifies its CRC-64/NVME before it keeps it.
    ///
    /// With a condition (`ifNoneMatch`, `ifMatch`) a write of our own whose answer was lost is recognised, and a conflict with
    /// another write under way (409) is tried again.
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    /// - Parameter sha256: the body's, in hex, when the caller knows it already.
    /// - Throws: `AWSError` with status 412 when the condition doesn't hold: the object is somebody else's.
    @discardableResult
    package func putObject(_ request: PutObjectRequest, sha256: String? = nil) async throws -> PutObjectResponse {
        var request = request
        request.checksumCRC64NVME = Base64.encode(CRC(.crc64nvme, of: request.body).bytes)
        guard request.isConditional else { return try await put(request, sha256) }
        let owner = WriteOwner()
        owner.mark(&request.metadata)
        let marked = request
        return try await conditionally(owner, bucket: request.bucket, key: request.key, request.expectedBucketOwner) {
            try await put(marked, sha256)
        } adopt: { head in
            PutObjectResponse(eTag: head.eTag, checksumCRC64NVME: marked.checksumCRC64NVME)
        }
    }

    private func put(_ request: PutObjectRequest, _ sha256: String?) async throws -> PutObjectResponse {
        try await retryingAlteredBodies {
            try await client.send(
                Self.putObject, request, sha256: sha256, on: Self.place(request.bucket, request.key))
        }
    }

    /// Repeats what S3 refused since the body had changed on its way.
    func retryingAlteredBodies<Output>(_ send: () async throws -> Output) async throws -> Output {
        var attempt = 1
        while true {
            do {
                return try await send()
            } catch let error as AWSError where Self.alteredBody.contains(error.code) && attempt < 4 {
                try await client.backOff(after: attempt)
                attempt += 1
            }
        }
    }

    /// S3's codes for a body that doesn't have the checksum, hash or length that was announced.
    private static let alteredBody: Set<String> = [
        "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody",
    ]
}

extension S3 {
    package struct PutObjectRequest: Codable, Sendable, DirectInput {
        package var bucket: String
        package var key: String
        package var cacheControl: String?
        package var contentDisposition: String?
        package var contentEncoding: String?
        package var contentType: String?
        package var metadata: [String: String]?
        package var serverSideEncryption: String?
        package var sseKMSKeyId: String?
        package var storageClass: String?
        /// `a=b&c=d`
        package var tagging: String?
        package var expectedBucketOwner: String?
        /// `*`: only when there is no such object.
        package var ifNoneMatch: String?
        /// An ETag: only when the object is still that one.
        package var ifMatch: String?
        /// Made from the body.
        var checksumCRC64NVME: String?
        /// Some other makers' S3 keep the checksum only when it is named here too.
        private var checksumAlgorithm = "CRC64NVME"
        package var body: [UInt8]

        package init(
            bucket: String, key: String, contentType: String? = nil, expectedBucketOwner: String? = nil,
            body: [UInt8] = []
        ) {
            self.bucket = bucket
            self.key = key
            self.contentType = contentType
            self.expectedBucketOwner = expectedBucketOwner
            self.body = body
        }

        var isConditional: Bool { ifMatch != nil || ifNoneMatch != nil }

        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "cacheControl": .header("Cache-Control"),
            "contentDisposition": .header("Content-Disposition"), "contentEncoding": .header("Content-Encoding"),
            "contentType": .header("Content-Type"), "metadata": .headerPrefix("x-amz-meta-"),
            "serverSideEncryption": .header("x-amz-server-side-encryption"),
            "sseKMSKeyId": .header("x-amz-server-side-encryption-aws-kms-key-id"),
            "storageClass": .header("x-amz-storage-class"), "tagging": .header("x-amz-tagging"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"), "ifNoneMatch": .header("If-None-Match"),
            "ifMatch": .header("If-Match"), "checksumCRC64NVME": .header("x-amz-checksum-crc64nvme"),
            "checksumAlgorithm": .header("x-amz-sdk-checksum-algorithm"),
            "body": .payload,
        ]

        /// What `bindings` says, written out.
        package var direct: DirectRequest {
            var request = DirectRequest(bucket: bucket, key: key, body: .bytes(body))
            request.add("Cache-Control", cacheControl)
            request.add("Content-Disposition", contentDisposition)
            request.add("Content-Encoding", contentEncoding)
            request.add("Content-Type", contentType)
            for (name, value) in metadata ?? [:] { request.add("x-amz-meta-" + name, value) }
            request.add("x-amz-server-side-encryption", serverSideEncryption)
            request.add("x-amz-server-side-encryption-aws-kms-key-id", sseKMSKeyId)
            request.add("x-amz-storage-class", storageClass)
            request.add("x-amz-tagging", tagging)
            request.add("x-amz-expected-bucket-owner", expectedBucketOwner)
            request.add("If-None-Match", ifNoneMatch)
            request.add("If-Match", ifMatch)
            request.add("x-amz-checksum-crc64nvme", checksumCRC64NVME)
            request.add("x-amz-sdk-checksum-algorithm", checksumAlgorithm)
            return request
        }
    }

    package struct PutObjectResponse: Codable, Sendable, RESTBound {
        package var eTag: String?
        package var checksumCRC64NVME: String?
        package var versionId: String?
        package static let bindings: [String: RESTBinding] = [
            "eTag": .header("ETag"), "checksumCRC64NVME": .header("x-amz-checksum-crc64nvme"),
            "versionId": .header("x-amz-version-id"),
        ]

        package init(eTag: String? = nil, checksumCRC64NVME: String? = nil, versionId: String? = nil) {
            self.eTag = eTag
            self.checksumCRC64NVME = checksumCRC64NVME
            self.versionId = versionId
        }
    }
}

extension S3.PutObjectResponse: DirectOutput {
    package init(_ headers: HTTPHeaders) {
        self.init()
        for field in headers.fields {
            if HTTPHeaders.isNamed(field, "etag") {
                eTag = eTag ?? field.value
            } else if HTTPHeaders.isNamed(field, "x-amz-checksum-crc64nvme") {
                checksumCRC64NVME = checksumCRC64NVME ?? field.value
            } else if HTTPHeaders.isNamed(field, "x-amz-version-id") {
                versionId = versionId ?? field.value
            }
        }
    }
}
