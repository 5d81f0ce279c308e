internal import AWS
internal import FoundationEssentials

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
        func readBack(_ error: any Error) async throws -> Output {
            var request = HeadObjectRequest(bucket: bucket, key: key)
            request.expectedBucketOwner = expectedBucketOwner
            let head: HeadObjectResponse
            do { head = try await headObject(request) } catch is AWSError {
                // Gone by now, or not to be seen: what the write was told holds.
                throw error
            }
            guard owner.owns(head) else { throw error }
            return adopt(head)
        }
        var conflicts = 0
        while true {
            do {
                return try await write()
            } catch let error as AWSError where error.httpStatus == 412 {
                // Perhaps it is our own object that is in the way: an attempt before this one had lost its answer.
                return try await readBack(error)
            } catch let error as AWSError where error.httpStatus == 409 && conflicts < Self.conflictRetries {
                conflicts += 1
                try await client.backOff(after: conflicts)
            } catch let error as AWSNoAnswer where error.mayHaveActed {
                return try await readBack(error)
            }
        }
    }
}
