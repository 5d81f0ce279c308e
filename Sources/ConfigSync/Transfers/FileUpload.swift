package import AWSServices
internal import FoundationEssentials
internal import Glibc
package import Support

/// Sends files of a folder to one bucket.
package struct FileUpload: Sendable {
    /// What S3 has taken.
    package struct Sent: Sendable, Hashable {
        /// In bytes.
        package let size: Int64
        /// CRC-64/NVME of exactly the bytes that S3 keeps, in base64; `nil` from servers that don't keep it.
        package let crc64nvme: String?
        package let eTag: String?
    }

    /// How often a file that changes while it is read is read again.
    private static let attempts = 3

    package let s3: S3
    package let bucket: String
    package var expectedOwner: String?
    package let folder: TreeFolder
    package var options = TransferOptions()
    /// Whether symbolic links on the way to a file are followed, as its walk did.
    package var followsLinks = false

    package init(_ s3: S3, bucket: String, from folder: TreeFolder) {
        self.s3 = s3
        self.bucket = bucket
        self.folder = folder
    }

    /// Stores one file under a key, whole or not at all.
    ///
    /// - Parameters:
    ///   - file: its path; its size now decides how it is sent.
    ///   - checksum: what the bytes must have; otherwise nothing is stored (small files), or the error says that other bytes
    ///     were.
    ///   - made: as the file was when its checksum was made; if it still is, a large one isn't read for it again.
    /// - Throws: `Failure` of kind `badInput` that names the file when it can't be read, changes while it is read, or has
    ///   another checksum; as `S3.upload`.
    @discardableResult
    package func send(
        _ path: String, to key: String, checksum: FileChecksum? = nil, made: FileChange? = nil,
        meter: TransferMeter? = nil
    ) async throws -> Sent {
        for _ in 0..<Self.attempts {
            if let sent = try await sendOnce(path, key, checksum, made, meter) { return sent }
        }
        throw Failure(.badInput, "\(folder.path)/\(path): changes while it is read")
    }

    /// - Returns: `nil` when the file changed meanwhile.
    private func sendOnce(
        _ path: String, _ key: String, _ checksum: FileChecksum?, _ made: FileChange?, _ meter: TransferMeter?
    ) async throws -> Sent? {
        let file = try folder.reader(path, isFollowed: followsLinks)
        var request = S3.PutObjectRequest(bucket: bucket, key: key, expectedBucketOwner: expectedOwner)
        if file.state.size <= options.memoryLimit {
            guard let bytes = try file.readWhole() else { return nil }
            var sha256: String?
            if let checksum {
                try check(try .of(bytes, checksum.kind), checksum, path)
                if case .sha256(let hex) = checksum { sha256 = hex }
            }
            request.body = bytes
            let stored = try await s3.putObject(request, sha256: sha256)
            meter?.moved(Int64(bytes.count))
            return Sent(size: Int64(bytes.count), crc64nvme: stored.checksumCRC64NVME, eTag: stored.eTag)
        }
        let source = file.source
        if let checksum, file.state.changed != made { try check(try await .of(source, checksum.kind), checksum, path) }
        let stored = try await s3.upload(source, request, options: options) { meter?.moved($0) }
        guard try file.isUnchanged() else {
            meter?.moved(-source.length)
            return nil
        }
        return Sent(size: source.length, crc64nvme: stored.checksumCRC64NVME, eTag: stored.eTag)
    }

    private func check(_ found: FileChecksum, _ wanted: FileChecksum, _ path: String) throws {
        guard found == wanted else {
            throw Failure(.badInput, "\(folder.path)/\(path): has changed since its checksum was made")
        }
    }
}

/// An open file of a folder, as it was when it was opened.
package struct FileReader: Sendable {
    package let source: FileSource
    let state: FileState
    let descriptor: CInt
    let shown: String

    /// All bytes, read at once; `nil` when the file changed meanwhile. For small files.
    package func readWhole() throws -> [UInt8]? {
        let size = Int(state.size)
        // One byte more than it should have: a file that has grown shows.
        let bytes = try [UInt8](unsafeUninitializedCapacity: size + 1) { space, filled in
            while filled <= size {
                let got = pread(descriptor, space.baseAddress.map { $0 + filled }, size + 1 - filled, off_t(filled))
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else { throw FolderHandle.failure(shown, errno) }
                if got == 0 { break }
                filled += got
                // It ends here, or its state has changed.
                if filled == size { break }
            }
        }
        guard bytes.count == size, try isUnchanged() else { return nil }
        return bytes
    }

    /// Whether nobody wrote to the file since it was opened.
    package func isUnchanged() throws -> Bool {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw FolderHandle.failure(shown, errno) }
        return FileState(info).changed == state.changed
    }
}
