internal import HTTP

/// Where S3 wants a bucket's name: in the host, or first in the path.
enum S3Addressing {
    /// Operations whose body S3 only takes with a checksum of it.
    static let needsChecksum: Set<String> = [
        "DeleteObjects", "PutBucketLifecycleConfiguration", "PutBucketTagging", "PutObjectTagging", "PutBucketPolicy",
        "PutBucketVersioning", "PutBucketEncryption", "PutPublicAccessBlock", "PutBucketCors",
    ]

    /// The URL of a request.
    ///
    /// A bucket goes into the host (the regular form, https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html)
    /// unless the endpoint was configured, the profile asks for paths, or the name can't be part of a host under S3's
    /// certificate.
    static func url(_ request: EncodedRequest, endpoint: Endpoint, usesPaths: Bool) -> String {
        guard let bucket = request.bucket, !endpoint.isConfigured, !usesPaths, isHostLabel(bucket) else {
            return endpoint.base + request.target
        }
        var request = request
        request.path.removeFirst("/\(bucket)".count)
        if request.path.isEmpty { request.path = "/" }
        return endpoint.base.replacing("://", with: "://\(bucket).", maxReplacements: 1) + request.target
    }

    private static func isHostLabel(_ name: String) -> Bool {
        func isLetterOrDigit(_ byte: UInt8?) -> Bool {
            byte.map { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) } ?? false
        }
        return (3...63).contains(name.utf8.count) && isLetterOrDigit(name.utf8.first) && isLetterOrDigit(name.utf8.last)
            && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x2d }
    }
}
