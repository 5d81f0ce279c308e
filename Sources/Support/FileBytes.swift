internal import Glibc

/// An open file, read at any place from any task.
package final class FileSource: ByteSource {
    /// As it was when the file was opened.
    package let length: Int64
    private let descriptor: CInt
    private let path: String

    /// Takes over a regular file that is open for being read; it is closed with the source.
    ///
    /// - Parameters:
    ///   - path: for messages.
    ///   - length: in bytes; left out: as the system says now.
    /// - Throws: `Failure(.badInput)` when the system can't say.
    package init(descriptor: Int32, path: String, length: Int64? = nil) throws {
        var info = stat()
        guard length != nil || fstat(descriptor, &info) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.failure("can't be read", path, code)
        }
        self.descriptor = descriptor
        self.path = path
        self.length = length ?? Int64(info.st_size)
    }

    /// - Throws: `Failure(.badInput)`: it can't be opened or is no regular file.
    package init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("can't be read", path, errno) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(.badInput, "\(path): is no regular file")
        }
        self.descriptor = descriptor
        self.path = path
        length = Int64(info.st_size)
    }

    deinit { close(descriptor) }

    package func read(at offset: Int64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { space, filled in
            while filled < count {
                let got = pread(
                    descriptor, space.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else { throw Self.failure("can't be read", path, errno) }
                guard got > 0 else { throw Failure(.badInput, "\(path): became shorter while it was read") }
                filled += got
            }
        }
    }

    private static func failure(_ what: String, _ path: String, _ code: CInt) -> Failure {
        Failure(.badInput, "\(path): \(what): \(String(cString: strerror(code)))")
    }
}

/// A file being written, at any place from any task.
package final class FileSink: ByteSink {
    private let descriptor: CInt
    private let path: String

    /// Makes the file, or empties the one there.
    /// - Parameter mode: its permissions when it is new.
    package init(path: String, mode: UInt32 = 0o644) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        self.path = path
        guard descriptor >= 0 else { throw failure(errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    package func write(_ bytes: [UInt8], at offset: Int64) throws {
        try bytes.withUnsafeBytes { all in
            var done = 0
            while done < all.count {
                let count = pwrite(
                    descriptor, all.baseAddress.map { $0 + done }, all.count - done, off_t(offset) + off_t(done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure(errno) }
                done += count
            }
        }
    }

    package func truncate(to length: Int64) throws {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw failure(errno) }
    }

    /// Makes what was written last over a crash of the machine.
    package func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw failure(errno) }
    }

    private func failure(_ code: CInt) -> Failure {
        Failure(.failed, "write \(path): \(String(cString: strerror(code)))")
    }
}
