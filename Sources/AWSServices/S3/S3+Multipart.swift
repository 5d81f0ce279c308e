internal import AWS
package import FoundationEssentials

/// The operations of multipart uploads.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
extension S3 {
    /// A second arrival begins a second upload, which holds nothing and harms nobody: better than failing at each 503.
    static let createMultipartUpload = Operation<CreateMultipartUploadRequest, CreateMultipartUploadResponse>(
        "CreateMultipartUpload", of: service, .mutates, idempotent: .byNature, path: "/{Bucket}/{Key+}?uploads")
    static let uploadPart = Operation<UploadPartRequest, UploadPartResponse>(
        "UploadPart", of: service, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")
    static let completeMultipartUpload = Operation<CompleteMultipartUploadRequest, CompleteMultipartUploadResponse>(
        "CompleteMultipartUpload", of: service, .mutates, idempotent: .byNature, path: "/{Bucket}/{Key+}")
    private static let abortMultipartUpload = Operation<AbortMultipartUploadRequest, Nothing>(
        "AbortMultipartUpload", of: service, .mutates, method: "DELETE", path: "/{Bucket}/{Key+}")
    private static let listMultipartUploads = Operation<ListMultipartUploadsRequest, ListMultipartUploadsResponse>(
        "ListMultipartUploads", of: service, .reads, method: "GET", path: "/{Bucket}?uploads")

    /// Ends an upload and frees its parts; one that isn't there any more counts as ended.
    package func abortMultipartUpload(
        bucket: String, key: String, uploadId: String, expectedOwner: String? = nil
    ) async throws {
        let request = AbortMultipartUploadRequest(
            bucket: bucket, key: key, uploadId: uploadId, expectedBucketOwner: expectedOwner)
        do {
            _ = try await client.send(Self.abortMultipartUpload, request, on: Self.place(bucket, key))
        } catch let error as AWSError where error.code == "NoSuchUpload" {
            return
        }
    }

    /// The uploads that were begun and neither completed nor aborted: their parts are stored and billed.
    package func multipartUploads(
        bucket: String, prefix: String? = nil, expectedOwner: String? = nil
    ) async throws -> [MultipartUpload] {
        var request = ListMultipartUploadsRequest(bucket: bucket, prefix: prefix, expectedBucketOwner: expectedOwner)
        var uploads: [MultipartUpload] = []
        while true {
            let page = try await client.send(Self.listMultipartUploads, request, on: Self.place(bucket, prefix ?? ""))
            let isEncoded = page.encodingType == "url"
            uploads += (page.upload ?? []).map { upload in
                var upload = upload
                if isEncoded { upload.key = Self.decodedKey(upload.key) }
                return upload
            }
            guard page.isTruncated == true, let marker = page.nextKeyMarker, !marker.isEmpty else { return uploads }
            let next = isEncoded ? Self.decodedKey(marker) : marker
            guard next != request.keyMarker || page.nextUploadIdMarker != request.uploadIdMarker else {
                return uploads
            }
            request.keyMarker = next
            request.uploadIdMarker = page.nextUploadIdMarker
        }
    }

    package struct MultipartUpload: Codable, Sendable, Hashable {
        package var key: String
        package let uploadId: String
        package let initiated: Date?
    }

    struct CreateMultipartUploadRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var key: String
        var cacheControl: String?
        var contentDisposition: String?
        var contentEncoding: String?
        var contentType: String?
        var metadata: [String: String]?
        var serverSideEncryption: String?
        var sseKMSKeyId: String?
        var storageClass: String?
        var tagging: String?
        var expectedBucketOwner: String?
        private var checksumAlgorithm = "CRC64NVME"
        private var checksumType = "FULL_OBJECT"

        /// What the object will have besides its bytes.
        init(_ object: PutObjectRequest) {
            bucket = object.bucket
            key = object.key
            cacheControl = object.cacheControl
            contentDisposition = object.contentDisposition
            contentEncoding = object.contentEncoding
            contentType = object.contentType
            metadata = object.metadata
            serverSideEncryption = object.serverSideEncryption
            sseKMSKeyId = object.sseKMSKeyId
            storageClass = object.storageClass
            tagging = object.tagging
            expectedBucketOwner = object.expectedBucketOwner
        }

        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "cacheControl": .header("Cache-Control"),
            "contentDisposition": .header("Content-Disposition"), "contentEncoding": .header("Content-Encoding"),
            "contentType": .header("Content-Type"), "metadata": .headerPrefix("x-amz-meta-"),
            "serverSideEncryption": .header("x-amz-server-side-encryption"),
            "sseKMSKeyId": .header("x-amz-server-side-encryption-aws-kms-key-id"),
            "storageClass": .header("x-amz-storage-class"), "tagging": .header("x-amz-tagging"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
            "checksumAlgorithm": .header("x-amz-checksum-algorithm"), "checksumType": .header("x-amz-checksum-type"),
        ]
    }

    struct CreateMultipartUploadResponse: Codable, Sendable { let uploadId: String }

    struct UploadPartRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var key: String
        var uploadId: String
        /// From 1.
        var partNumber: Int
        var checksumCRC64NVME: String
        var expectedBucketOwner: String?
        var checksumAlgorithm = "CRC64NVME"
        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "uploadId": .query("uploadId"), "partNumber": .query("partNumber"),
            "checksumCRC64NVME": .header("x-amz-checksum-crc64nvme"),
            "checksumAlgorithm": .header("x-amz-sdk-checksum-algorithm"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }

    struct UploadPartResponse: Codable, Sendable, RESTBound {
        let eTag: String
        let checksumCRC64NVME: String?
        static let bindings: [String: RESTBinding] = [
            "eTag": .header("ETag"), "checksumCRC64NVME": .header("x-amz-checksum-crc64nvme"),
        ]
    }

    struct CompletedMultipartUpload: Codable, Sendable, WireShaped {
        struct Part: Codable, Sendable {
            var partNumber: Int
            var eTag: String
            var checksumCRC64NVME: String?
        }
        var part: [Part]
        static let wireMembers: [String: MemberShape] = ["part": .flattened]
        static var xmlRoot: XMLRoot? { XMLRoot("CompleteMultipartUpload", namespace: S3.namespace) }
    }

    struct CompleteMultipartUploadRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var key: String
        var uploadId: String
        var expectedBucketOwner: String?
        var ifMatch: String?
        var ifNoneMatch: String?
        /// Of the whole object.
        var checksumCRC64NVME: String?
        private var checksumType = "FULL_OBJECT"
        var mpuObjectSize: Int64?
        var multipartUpload: CompletedMultipartUpload

        init(bucket: String, key: String, uploadId: String, parts: [CompletedMultipartUpload.Part]) {
            self.bucket = bucket
            self.key = key
            self.uploadId = uploadId
            multipartUpload = CompletedMultipartUpload(part: parts)
        }

        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "uploadId": .query("uploadId"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"), "ifMatch": .header("If-Match"),
            "ifNoneMatch": .header("If-None-Match"), "checksumCRC64NVME": .header("x-amz-checksum-crc64nvme"),
            "checksumType": .header("x-amz-checksum-type"), "mpuObjectSize": .header("x-amz-mp-object-size"),
            "multipartUpload": .payload,
        ]
    }

    struct CompleteMultipartUploadResponse: Codable, Sendable, RESTBound {
        var eTag: String?
        var checksumCRC64NVME: String?
        var versionId: String?
        static let bindings: [String: RESTBinding] = ["versionId": .header("x-amz-version-id")]
    }

    struct AbortMultipartUploadRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var key: String
        var uploadId: String
        var expectedBucketOwner: String?
        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "uploadId": .query("uploadId"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }

    struct ListMultipartUploadsRequest: Codable, Sendable, RESTBound {
        var bucket: String
        var prefix: String?
        var expectedBucketOwner: String?
        var keyMarker: String?
        var uploadIdMarker: String?
        var encodingType = "url"
        static let bindings: [String: RESTBinding] = [
            "bucket": .path, "prefix": .query("prefix"), "keyMarker": .query("key-marker"),
            "uploadIdMarker": .query("upload-id-marker"), "encodingType": .query("encoding-type"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }

    struct ListMultipartUploadsResponse: Codable, Sendable, WireShaped {
        let upload: [MultipartUpload]?
        let isTruncated: Bool?
        let nextKeyMarker: String?
        let nextUploadIdMarker: String?
        let encodingType: String?
        static let wireMembers: [String: MemberShape] = ["upload": .flattened]
    }
}
