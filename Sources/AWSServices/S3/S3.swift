package import AWS

/// Amazon S3: objects, listings, and transfers of any size that verify what they moved.
///
/// Operations carry AWS's own names. Above them stand `putObject` (small objects, conditions), `upload`, `download` and
/// `copy` (any size).
package struct S3: Sendable {
    package static let service = Service(
        .s3, apiVersion: "2006-03-01", wire: .restXML,
        memberNames: .pascalCase())
    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    private static let headBucket = Operation<HeadBucketRequest, Nothing>(
        "HeadBucket", of: service, .reads, method: "HEAD", path: "/{Bucket}")

    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// Executors for tasks that move small objects, as `Transport.lanes`.
    package var lanes: [any TaskExecutor] { client.lanes }

    /// Whether a bucket exists and may be used. 404 is `.missing`; 403 is somebody else's or forbidden; 301 another region's.
    package func headBucket(_ bucket: String, expectedOwner: String? = nil) async throws -> BucketState {
        do {
            let request = HeadBucketRequest(bucket: bucket, expectedBucketOwner: expectedOwner)
            _ = try await client.send(Self.headBucket, request, on: bucket)
            return .usable
        } catch let error as AWSError {
            switch error.httpStatus {
            case 404: return .missing
            case 403: return .forbidden
            case 301, 400: return .otherRegion
            default: throw error
            }
        }
    }

    /// For messages: `s3://bucket/key`.
    static func place(_ bucket: String, _ key: String) -> String { "s3://\(bucket)/\(key)" }
}

extension S3 {
    package enum BucketState: Sendable, Hashable { case usable, missing, forbidden, otherRegion }

    package struct HeadBucketRequest: Codable, Sendable, RESTBound {
        package var bucket: String
        package var expectedBucketOwner: String?
        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }
}
