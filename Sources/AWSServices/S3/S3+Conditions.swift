internal import AWS
internal import FoundationEssentials
internal import Support

/// Who made a conditional write: a random word in the object's metadata, the same in each attempt.
///
/// Bytes can't tell: two writers may write the same.
struct WriteOwner: Sendable {
    static let metadataKey = "fgctl-write"
    let word = UUID().uuidString.lowercased()

    func mark(_ metadata: inout [String: String]?) {
        metadata = (metadata ?? [:]).merging([Self.metadataKey: word]) { $1 }
    }

    func owns(_ head: S3.HeadObjectResponse) -> Bool { head.metadata?[Self.metadataKey] == word }
}

extension S3 {
    /// How often a write that met another one under way is tried again.
    private static let conflictRetries = 5

    /// Makes a conditional write, and finds out whose the object is where the answer leaves that open.
    ///
    /// - Parameter adopt: makes the result of the object's head when an attempt that seemed lost had succeeded.
    func conditionally<Output>(
        _ owner: WriteOwner, bucket: String, key: String, _ expectedBucketOwner: String?,
        write: () async throws -> Output, adopt: (HeadObjectResponse) -> Output
    ) async throws -> Output {
        func settle(_ error: any Error) async throws -> Output {
            guard let head = try await readBack(bucket: bucket, key: key, expectedBucketOwner, after: error),
                owner.owns(head)
            else { throw error }
            return adopt(head)
        }
        var conflicts = 0
        while true {
            do {
                return try await write()
            } catch let error as AWSError where error.httpStatus == 412 {
                // Perhaps it is our own object that is in the way: an attempt before this one had lost its answer.
                return try await settle(error)
            } catch let error as AWSError where error.httpStatus == 409 && conflicts < Self.conflictRetries {
                conflicts += 1
                try await client.backOff(after: conflicts)
            } catch let error as AWSNoAnswer where error.mayHaveActed {
                return try await settle(error)
            }
        }
    }

    /// What lies at a key after a write whose outcome is open; `nil` when nothing does.
    ///
    /// - Throws: `Failure` when that can't be found out: then nobody may say whose the object is.
    func readBack(
        bucket: String, key: String, _ expectedBucketOwner: String?, after error: any Error
    ) async throws -> HeadObjectResponse? {
        var request = HeadObjectRequest(bucket: bucket, key: key)
        request.expectedBucketOwner = expectedBucketOwner
        do {
            return try await headObject(request)
        } catch let missing as AWSError where missing.httpStatus == 404 {
            return nil
        } catch let second where second is AWSError || second is AWSNoAnswer {
            throw Failure(
                .failed, "\(error); whether the object is this write's own could not be read: \(second)", cause: error)
        }
    }
}
