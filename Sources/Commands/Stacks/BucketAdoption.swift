internal import AWSServices
internal import Support
internal import Templates

/// Whether a new stack is to create the project's bucket, or to use one that is there.
enum BucketAdoption {
    /// The value of the templates' parameter CreateBucket.
    ///
    /// - Parameters:
    ///   - owner: the account that a bucket that is there must belong to.
    ///   - what: the attempt, as messages begin.
    static func value(_ bucket: String, owner: String, _ what: String, _ session: Session) async throws -> GivenValue {
        switch try await S3(session.client).headBucket(bucket, expectedOwner: owner) {
        case .missing:
            return GivenValue(name: "CreateBucket", value: "true", origin: "no such bucket")
        case .usable:
            session.say("bucket \(bucket) exists in this account: it is used as it is")
            return GivenValue(name: "CreateBucket", value: "false", origin: "bucket exists")
        case .forbidden:
            throw Failure(
                .failed, "\(what): bucket \(bucket) exists and belongs to another account, or you may not see it",
                hint: "bucket names are global: choose another S3_BUCKET")
        case .otherRegion:
            throw Failure(
                .failed, "\(what): bucket \(bucket) exists in another region",
                hint: "choose another S3_BUCKET, or the region it is in")
        }
    }
}
