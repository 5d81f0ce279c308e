package import AWS
internal import AWSServices
internal import Crypto
internal import Support
package import Templates

/// Where CloudFormation gets a template from.
package enum TemplateSource: Sendable, Hashable {
    /// In the request itself.
    case body(String)
    /// From S3.
    case url(String)
}

/// Brings templates over the inline limit to CloudFormation through a bucket.
package struct TemplateUpload: Sendable {
    private let client: AWSClient
    private let bucket: String?
    private let owner: String?
    private let prefix: String

    /// - Parameters:
    ///   - bucket: the project's bucket (S3_BUCKET), if it has one.
    ///   - owner: the account that the bucket must belong to: a template is never handed to somebody else's.
    ///   - prefix: the stack's folder in the bucket.
    package init(client: AWSClient, bucket: String?, owner: String?, prefix: String) {
        self.client = client
        self.bucket = bucket
        self.owner = owner
        self.prefix = prefix
    }

    /// The template itself when it fits, else its address in S3 after it was stored there.
    ///
    /// The key is made of the content's hash: the same template is stored once, and no other is overwritten.
    package func source(for template: Template) async throws -> TemplateSource {
        if template.fitsInline { return .body(template.body) }
        let size =
            "template \(template.name) has \(template.size) bytes, more than the "
            + "\(Template.inlineLimit) that fit into a request"
        guard let bucket else {
            throw Failure(.failed, size, hint: "set S3_BUCKET in the env file: larger templates go through it")
        }
        let digest = Hex.encode(try HashFunction.sha256.hash(template.body.utf8))
        let key = "\(prefix)/templates/\(digest).yaml"
        guard try await S3(client).headBucket(bucket, expectedOwner: owner) == .usable else {
            throw Failure(
                .failed, "\(size), and bucket \(bucket) can't be used",
                hint: "create it with 'fgctl cf-create-vpc', or check S3_BUCKET and your rights on it")
        }
        try await S3(client).putObject(
            .init(
                bucket: bucket, key: key, contentType: "application/yaml", expectedBucketOwner: owner,
                body: Array(template.body.utf8)))
        return .url(try await address(bucket: bucket, key: key))
    }

    /// The object's URL as CloudFormation takes it: virtual-host style on AWS, path style on an own endpoint.
    private func address(bucket: String, key: String) async throws -> String {
        "\(try await client.bucketURL(bucket))/\(key)"
    }
}
