package import AWSServices
internal import Support
internal import Synchronization

/// Fetches objects of one bucket into a folder.
package struct FileDownload: Sendable {
    /// What was written.
    package struct Received: Sendable {
        /// In bytes.
        package let size: Int64
        /// How far S3's own checksum covers it.
        package let verification: Verification
        package let eTag: String?
    }

    package let s3: S3
    package let bucket: String
    /// What to do about bytes that don't have the given checksum.
    package var advice: String?
    package var expectedOwner: String?
    package let folder: TreeFolder
    package var options = TransferOptions()

    package init(_ s3: S3, bucket: String, into folder: TreeFolder) {
        self.s3 = s3
        self.bucket = bucket
        self.folder = folder
    }

    /// Writes one object to a file: under a temporary name, verified, then renamed.
    ///
    /// - Parameters:
    ///   - size: of the object as it was listed, in bytes; decides how it is fetched, not what is accepted.
    ///   - attributes: instead of the folder's own.
    ///   - checksum: what the bytes must have besides what S3 says.
    /// - Throws: as `S3.download`; `Failure` of kind `failed` for another checksum and for what the folder refuses. The file is
    ///   as it was then.
    @discardableResult
    package func fetch(
        _ key: String, size: Int64, to path: String, attributes: FileAttributes? = nil, checksum: FileChecksum? = nil,
        meter: TransferMeter? = nil
    ) async throws -> Received {
        var request = S3.GetObjectRequest(bucket: bucket, key: key)
        request.expectedBucketOwner = expectedOwner
        if size <= options.memoryLimit, let small = try await s3.getSmallObject(request, options: options) {
            if let checksum { try check(try .of(small.bytes, checksum.kind), checksum, key) }
            let file = try folder.stage(path, attributes: attributes)
            try file.write(small.bytes, at: 0)
            try file.commit()
            meter?.moved(Int64(small.bytes.count))
            return Received(
                size: Int64(small.bytes.count), verification: small.object.verification, eTag: small.object.head.eTag)
        }
        let file = try folder.stage(path, attributes: attributes)
        let object = try await s3.download(request, to: MeteredSink(file, meter), options: options)
        if let checksum { try check(try await .of(try file.source(), checksum.kind), checksum, key) }
        try file.commit()
        return Received(size: object.length, verification: object.verification, eTag: object.head.eTag)
    }

    private func check(_ found: FileChecksum, _ wanted: FileChecksum, _ key: String) throws {
        guard found == wanted else {
            throw Failure(
                .failed, "download s3://\(bucket)/\(key): the bytes don't have the checksum that they must have",
                hint: advice)
        }
    }
}

/// Tells a meter what is written.
private final class MeteredSink: ByteSink {
    private let sink: StagedFile
    private let meter: TransferMeter?
    private let told = Atomic<Int64>(0)

    init(_ sink: StagedFile, _ meter: TransferMeter?) {
        self.sink = sink
        self.meter = meter
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws {
        try sink.write(bytes, at: offset)
        meter?.moved(Int64(bytes.count))
        told.wrappingAdd(Int64(bytes.count), ordering: .relaxed)
    }

    func truncate(to length: Int64) throws {
        try sink.truncate(to: length)
        // What is read again was not moved yet.
        let before = told.exchange(length, ordering: .relaxed)
        meter?.moved(length - before)
    }
}
