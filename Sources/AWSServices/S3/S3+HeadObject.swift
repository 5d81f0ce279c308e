package import AWS
package import FoundationEssentials
package import HTTP
internal import Support

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

        package init() {}
    }
}

extension S3.HeadObjectResponse: DirectOutput {
    private static let metadataPrefix = "x-amz-meta-"

    /// Reads what `bindings` names, in one pass: this runs for every downloaded file.
    package init(_ headers: HTTPHeaders) throws {
        self.init()
        metadata = [:]
        for field in headers.fields { try take(field) }
    }

    /// As everywhere else the first of several fields of a name counts.
    private mutating func take(_ field: HTTPHeaders.Field) throws {
        func isNamed(_ name: StaticString) -> Bool { HTTPHeaders.isNamed(field, name) }
        func keep(_ member: inout String?) { member = member ?? field.value }
        switch field.name.utf8.count {
        case 4: if isNamed("etag") { return keep(&eTag) }
        case 12: if isNamed("content-type") { return keep(&contentType) }
        case 13:
            if isNamed("content-range") { return keep(&contentRange) }
            if isNamed("cache-control") { return keep(&cacheControl) }
            if isNamed("last-modified") { return try takeDate(field.value) }
        case 14: if isNamed("content-length") { return try takeLength(field.value) }
        case 16:
            if isNamed("x-amz-version-id") { return keep(&versionId) }
            if isNamed("content-encoding") { return keep(&contentEncoding) }
        case 18: if isNamed("x-amz-checksum-md5") { return keep(&checksumMD5) }
        case 19:
            if isNamed("x-amz-checksum-sha1") { return keep(&checksumSHA1) }
            if isNamed("x-amz-checksum-type") { return keep(&checksumType) }
            if isNamed("x-amz-storage-class") { return keep(&storageClass) }
            if isNamed("content-disposition") { return keep(&contentDisposition) }
        case 20: if isNamed("x-amz-checksum-crc32") { return keep(&checksumCRC32) }
        case 21:
            if isNamed("x-amz-checksum-crc32c") { return keep(&checksumCRC32C) }
            if isNamed("x-amz-checksum-sha256") { return keep(&checksumSHA256) }
            if isNamed("x-amz-checksum-sha512") { return keep(&checksumSHA512) }
        case 24: if isNamed("x-amz-checksum-crc64nvme") { return keep(&checksumCRC64NVME) }
        case 28: if isNamed("x-amz-server-side-encryption") { return keep(&serverSideEncryption) }
        case 43: if isNamed("x-amz-server-side-encryption-aws-kms-key-id") { return keep(&sseKMSKeyId) }
        case 47:
            if isNamed("x-amz-server-side-encryption-customer-algorithm") { return keep(&sseCustomerAlgorithm) }
        default: break
        }
        takeMetadata(field)
    }

    private mutating func takeMetadata(_ field: HTTPHeaders.Field) {
        let prefix = Self.metadataPrefix.utf8
        guard field.name.utf8.count >= prefix.count,
            zip(field.name.utf8, prefix).allSatisfy({ $0 == $1 || $0 ^ $1 == 0x20 && $1 >= 0x61 })
        else { return }
        metadata?[String(field.name.lowercased().dropFirst(prefix.count))] = field.value
    }

    private mutating func takeLength(_ text: String) throws {
        guard contentLength == nil else { return }
        guard let length = Int64(text) else { throw Failure(.failed, "Content-Length in the answer is no number") }
        contentLength = length
    }

    private mutating func takeDate(_ text: String) throws {
        guard lastModified == nil else { return }
        guard let date = HTTPDate.parse(text) else {
            throw Failure(.failed, "Last-Modified in the answer can't be read as a date")
        }
        lastModified = date
    }
}
