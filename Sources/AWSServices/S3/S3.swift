package import AWS

/// Amazon S3: what stacks need of it. Whole trees and large objects are the business of a later target.
package struct S3: Sendable {
    package static let service = Service(
        .s3, apiVersion: "2006-03-01", wire: .restXML,
        memberNames: .pascalCase())

    private static let headBucket = Operation<HeadBucketRequest, Nothing>(
        "HeadBucket", of: service, .reads, method: "HEAD", path: "/{Bucket}")
    private static let putObject = Operation<PutObjectRequest, PutObjectResponse>(
        "PutObject", of: service, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")

    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

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

    /// Stores a small object held in memory.
    package func putObject(_ request: PutObjectRequest) async throws {
        _ = try await client.send(Self.putObject, request, on: "s3://\(request.bucket)/\(request.key)")
    }
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

    package struct PutObjectRequest: Codable, Sendable, RESTBound {
        package var bucket: String
        package var key: String
        package var contentType: String?
        package var expectedBucketOwner: String?
        package var body: [UInt8]
        package init(bucket: String, key: String, contentType: String?, expectedBucketOwner: String?, body: [UInt8]) {
            self.bucket = bucket
            self.key = key
            self.contentType = contentType
            self.expectedBucketOwner = expectedBucketOwner
            self.body = body
        }

        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "key": .path, "contentType": .header("Content-Type"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"), "body": .payload,
        ]
    }

    package struct PutObjectResponse: Codable, Sendable, RESTBound {
        package var eTag: String?
        package static let bindings: [String: RESTBinding] = ["eTag": .header("ETag")]
    }
}
