package import AWS

/// Small records that several machines share: written on conditions, looked for by listing.
extension S3 {
    private static let listObjectsV2 = Operation<ListObjectsV2Request, ListObjectsV2Response>(
        "ListObjectsV2", of: service, .reads, method: "GET", path: "/{Bucket}?list-type=2")
    private static let getObject = Operation<GetObjectRequest, GetObjectResponse>(
        "GetObject", of: service, .reads, method: "GET", path: "/{Bucket}/{Key+}")
    private static let putRecord = Operation<PutRecordRequest, PutObjectResponse>(
        "PutObject", of: service, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")

    /// Whether there is an object of exactly this key. (Found by listing: where only a prefix may be listed, GET of a missing
    /// key is 403.)
    package func hasObject(bucket: String, key: String, expectedOwner: String?) async throws -> Bool {
        let request = ListObjectsV2Request(
            bucket: bucket, prefix: key, maxKeys: 1, expectedBucketOwner: expectedOwner)
        let page = try await client.send(Self.listObjectsV2, request, on: "s3://\(bucket)/\(key)")
        // Keys come in the order of their bytes, so the shortest with this prefix is the first.
        return page.contents?.first?.key == key
    }

    /// A small object with its ETag.
    package func getObject(
        bucket: String, key: String, expectedOwner: String?
    ) async throws -> (bytes: [UInt8], eTag: String?) {
        let request = GetObjectRequest(bucket: bucket, key: key, expectedBucketOwner: expectedOwner)
        let answer = try await client.send(Self.getObject, request, on: "s3://\(bucket)/\(key)")
        return (answer.body ?? [], answer.eTag)
    }

    /// Stores a small object when the condition holds: 412 says that it does not, 409 that another write is under way.
    ///
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    /// - Returns: its ETag.
    package func putRecord(_ request: PutRecordRequest) async throws -> String? {
        try await client.send(Self.putRecord, request, on: "s3://\(request.bucket)/\(request.key)").eTag
    }

    package struct ListObjectsV2Request: Codable, Sendable, RESTBound {
        package var bucket: String
        package var prefix: String?
        package var maxKeys: Int?
        package var expectedBucketOwner: String?
        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "prefix": .query("prefix"), "maxKeys": .query("max-keys"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }

    package struct ListObjectsV2Response: Codable, Sendable, WireShaped {
        package let contents: [Object]?
        package static let wireMembers: [String: MemberShape] = ["contents": .flattened]
    }

    package struct Object: Codable, Sendable {
        package let key: String?
    }

    package struct GetObjectRequest: Codable, Sendable, RESTBound {
        package var bucket: String
        package var key: String
        package var expectedBucketOwner: String?
        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }

    package struct GetObjectResponse: Codable, Sendable, RESTBound {
        package var eTag: String?
        package var body: [UInt8]?
        package static let bindings: [String: RESTBinding] = ["eTag": .header("ETag"), "body": .payload]
    }

    package struct PutRecordRequest: Codable, Sendable, RESTBound {
        package var bucket: String
        package var key: String
        package var contentType: String?
        package var expectedBucketOwner: String?
        /// `*`: only when there is no such object.
        package var ifNoneMatch: String?
        /// An ETag: only when the object is still that one.
        package var ifMatch: String?
        package var body: [UInt8]
        package init(bucket: String, key: String, body: [UInt8]) {
            self.bucket = bucket
            self.key = key
            self.body = body
        }

        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "contentType": .header("Content-Type"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"), "ifNoneMatch": .header("If-None-Match"),
            "ifMatch": .header("If-Match"), "body": .payload,
        ]
    }
}
