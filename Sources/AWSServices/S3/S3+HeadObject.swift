package import AWS
package import FoundationEssentials

extension S3 {
    private static let headObject = Operation<HeadObjectRequest, HeadObjectResponse>(
        "HeadObject", of: service, .reads, method: "HEAD", path: "/{Bucket}/{Key+}")

    /// What is known about an object, its checksum included.
    package func headObject(_ request: HeadObjectRequest) async throws -> HeadObjectResponse {
        try await client.send(Self.headObject, request, on: Self.place(request.bucket, request.key))
    }

    package struct HeadObjectRequest: Codable, Sendable, RESTBound {
        package var bucket: String
        package var key: String
        package var versionId: String?
        package var ifMatch: String?
        package var expectedBucketOwner: String?
        private var checksumMode = "ENABLED"

        package init(bucket: String, key: String) {
            self.bucket = bucket
            self.key = key
        }

        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "versionId": .query("versionId"), "ifMatch": .header("If-Match"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
            "checksumMode": .header("x-amz-checksum-mode"),
        ]
    }

    /// The head of an object, as HEAD and GET give it.
    package struct HeadObjectResponse: Codable, Sendable, RESTBound {
        package var contentLength: Int64?
        /// `bytes 0-9/100`, of a part.
        package var contentRange: String?
        package var eTag: String?
        package var versionId: String?
        package var lastModified: Date?
        package var cacheControl: String?
        package var contentDisposition: String?
        package var contentEncoding: String?
        package var contentType: String?
        package var metadata: [String: String]?
        package var serverSideEncryption: String?
        package var sseKMSKeyId: String?
        package var sseCustomerAlgorithm: String?
        package var storageClass: String?
        /// `FULL_OBJECT`, or `COMPOSITE`: the checksum of the parts' checksums.
        package var checksumType: String?
        package var checksumCRC64NVME: String?
        package var checksumCRC32: String?
        package var checksumCRC32C: String?
        package var checksumSHA1: String?
        package var checksumSHA256: String?
        package var checksumSHA512: String?
        package var checksumMD5: String?

        package static let bindings: [String: RESTBinding] = [
            "contentLength": .header("Content-Length"), "contentRange": .header("Content-Range"),
            "eTag": .header("ETag"), "versionId": .header("x-amz-version-id"),
            "lastModified": .header("Last-Modified"), "cacheControl": .header("Cache-Control"),
            "contentDisposition": .header("Content-Disposition"), "contentEncoding": .header("Content-Encoding"),
            "contentType": .header("Content-Type"), "metadata": .headerPrefix("x-amz-meta-"),
            "serverSideEncryption": .header("x-amz-server-side-encryption"),
            "sseKMSKeyId": .header("x-amz-server-side-encryption-aws-kms-key-id"),
            "sseCustomerAlgorithm": .header("x-amz-server-side-encryption-customer-algorithm"),
            "storageClass": .header("x-amz-storage-class"), "checksumType": .header("x-amz-checksum-type"),
            "checksumCRC64NVME": .header("x-amz-checksum-crc64nvme"), "checksumCRC32": .header("x-amz-checksum-crc32"),
            "checksumCRC32C": .header("x-amz-checksum-crc32c"), "checksumSHA1": .header("x-amz-checksum-sha1"),
            "checksumSHA256": .header("x-amz-checksum-sha256"), "checksumSHA512": .header("x-amz-checksum-sha512"),
            "checksumMD5": .header("x-amz-checksum-md5"),
        ]
    }
}
