package import AWS
internal import AWSServices
internal import Support

/// Where records of runs are kept. Writes are conditional, so that of two who start the same run one wins.
package protocol RunStore: Sendable {
    /// For people: a path, or `s3://…`.
    func place(of id: String) -> String
    /// The record with the mark of its version; `nil` when there is none.
    func read(_ id: String) async throws -> StoredRun?
    /// Writes a first record.
    /// - Returns: its mark; `nil` when there is a record already: nothing was written then.
    func create(_ record: RunRecord) async throws -> String?
    /// Writes over the version with this mark.
    /// - Returns: the new mark; `nil` when somebody else has written meanwhile.
    func replace(_ record: RunRecord, over mark: String) async throws -> String?
}

/// A record as it was found.
package struct StoredRun: Sendable {
    package let record: RunRecord
    package let mark: String

    package init(record: RunRecord, mark: String) {
        self.record = record
        self.mark = mark
    }
}

/// Records in a folder of this machine: only this machine finds them again.
package struct FolderRunStore: RunStore {
    private let folder: String

    /// - Parameter folder: absolute; made when it is first written to.
    package init(folder: String) { self.folder = folder }

    package func place(of id: String) -> String { "\(folder)/\(id).json" }

    package func read(_ id: String) async throws -> StoredRun? {
        let path = place(of: id)
        guard let bytes = try RecordFile.read(path, limit: RunRecord.sizeLimit) else { return nil }
        return StoredRun(record: try RunRecord.decoded(bytes, place: path), mark: mark(bytes))
    }

    package func create(_ record: RunRecord) async throws -> String? {
        let bytes = try record.encoded()
        return try RecordFile.create(place(of: record.id), bytes) ? mark(bytes) : nil
    }

    package func replace(_ record: RunRecord, over mark: String) async throws -> String? {
        let bytes = try record.encoded()
        return try RecordFile.replace(place(of: record.id), Array(mark.utf8), with: bytes) ? self.mark(bytes) : nil
    }

    /// A version is marked by its text: records are small.
    private func mark(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Records in the project's bucket, below `STACK_NAME/runs/`: any machine finds them.
package struct S3RunStore: RunStore {
    private let s3: S3
    private let bucket: String
    private let stack: String
    private let account: String

    /// - Parameter account: whose bucket it must be.
    package init(_ client: AWSClient, bucket: String, stack: String, account: String) {
        s3 = S3(client)
        self.bucket = bucket
        self.stack = stack
        self.account = account
    }

    package func place(of id: String) -> String { "s3://\(bucket)/\(key(id))" }

    private func key(_ id: String) -> String { "\(stack)/runs/\(id).json" }

    package func read(_ id: String) async throws -> StoredRun? {
        guard try await s3.hasObject(bucket: bucket, key: key(id), expectedOwner: account) else { return nil }
        let object = try await s3.getObject(bucket: bucket, key: key(id), expectedOwner: account)
        return StoredRun(
            record: try RunRecord.decoded(object.bytes, place: place(of: id)), mark: object.eTag ?? "")
    }

    package func create(_ record: RunRecord) async throws -> String? {
        var request = try self.request(record)
        request.ifNoneMatch = "*"
        return try await put(request, record)
    }

    package func replace(_ record: RunRecord, over mark: String) async throws -> String? {
        var request = try self.request(record)
        request.ifMatch = mark
        return try await put(request, record)
    }

    private func request(_ record: RunRecord) throws -> S3.PutObjectRequest {
        var request = S3.PutObjectRequest(bucket: bucket, key: key(record.id), body: try record.encoded())
        request.contentType = "application/json"
        request.expectedBucketOwner = account
        return request
    }

    /// A write whose answer was lost meets its own work when it is tried again: what lies there tells whose it is.
    private func put(_ request: S3.PutObjectRequest, _ record: RunRecord) async throws -> String? {
        do {
            return try await s3.putObject(request).eTag ?? ""
        } catch let error as AWSError where error.httpStatus == 412 || error.httpStatus == 409 {
            let object = try? await s3.getObject(bucket: bucket, key: request.key, expectedOwner: account)
            guard let object, object.bytes == request.body else { return nil }
            return object.eTag ?? ""
        } catch let error as AWSError where error.code == "NoSuchBucket" {
            throw Failure(
                .failed, "write down run \(record.id): bucket \(bucket) (key S3_BUCKET) does not exist",
                hint: "the network stack makes it ('fgctl cf-create-vpc'); without S3_BUCKET runs are recorded locally",
                cause: error)
        }
    }
}
