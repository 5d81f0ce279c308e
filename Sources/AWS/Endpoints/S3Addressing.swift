internal import HTTP

/// Where S3 wants a bucket's name: in the host, or first in the path.
enum S3Addressing {
    /// Operations whose body S3 only takes with a checksum of it.
    static let needsChecksum: Set<String> = [
        "DeleteObjects", "PutBucketLifecycleConfiguration", "PutBucketTagging", "PutObjectTagging", "PutBucketPolicy",
        "PutBucketVersioning", "PutBucketEncryption", "PutPublicAccessBlock", "PutBucketCors",
    ]

    /// The URL of a request, and the region it is signed for.
    ///
    /// A bucket goes into the host, unless it must stand in the path: see `S3Location`.
    static func url(_ request: EncodedRequest, endpoint: Endpoint, shared: SharedState) throws -> String {
        guard let bucket = request.bucket else { return endpoint.base + request.target }
        let location = try shared.location(bucket, endpoint)
        guard location.hasBucketInHost else { return endpoint.base + request.target }
        var request = request
        request.path.removeFirst("/\(bucket)".count)
        if request.path.isEmpty { request.path = "/" }
        return location.url + request.target
    }
}
