internal import Glibc
package import Support
internal import Synchronization

/// A file being written under a temporary name, which appears under its own name only when it is complete.
///
/// Dropped without `commit`, it leaves nothing behind; killed, it leaves a file that the next run recognises by its name.
package final class StagedFile: ByteSink {
    private let folder: WriteHandle
    private let name: String
    private let temporary: String
    private let descriptor: CInt
    private let attributes: FileAttributes
    /// For messages.
    private let shown: String
    private let isCommitted = Atomic<Bool>(false)

    init(folder: WriteHandle, name: String, attributes: FileAttributes, shown: String) throws {
        self.folder = folder
        self.name = name
        self.attributes = attributes
        self.shown = shown
        temporary = TemporaryName.make()
        // Nobody else reads it before its owner and mode are right.
        let mode: mode_t = attributes.isEmpty ? 0o644 : 0o600
        descriptor = openat(
            folder.descriptor, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw TreeFolder.failure("write", shown, errno) }
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            if !isCommitted.load(ordering: .relaxed) { unlinkat(folder.descriptor, temporary, 0) }
        }
    }

    package func write(_ bytes: [UInt8], at offset: Int64) throws {
        try bytes.withUnsafeBytes { all in
            var done = 0
            while done < all.count {
                let count = pwrite(
                    descriptor, all.baseAddress.map { $0 + done }, all.count - done, off_t(offset) + off_t(done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw TreeFolder.failure("write", shown, errno) }
                done += count
            }
        }
    }

    package func truncate(to length: Int64) throws {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw TreeFolder.failure("write", shown, errno) }
    }

    /// The bytes written so far, for being verified before the file gets its name.
    package func source() throws -> FileSource {
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { throw TreeFolder.failure("read", shown, errno) }
        return try FileSource(descriptor: own, path: shown)
    }

    /// Gives the file its owner and mode and puts it under its name, in one step for every reader.
    /// - Parameter isLasting: whether its bytes are to last over a crash of the machine before they get the name.
    package func commit(isLasting: Bool = false) throws {
        // A mode of one's own where only the owner was given: what a new file would have had.
        let mode = attributes.mode ?? (attributes.isEmpty ? nil : 0o644)
        try TreeFolder.give(descriptor, mode: mode, attributes, shown)
        if isLasting, fsync(descriptor) != 0 { throw TreeFolder.failure("write", shown, errno) }
        if renameat(folder.descriptor, temporary, folder.descriptor, name) != 0 {
            let code = errno
            // An empty folder may be in the way; one that holds something stays.
            guard code == EISDIR, unlinkat(folder.descriptor, name, AT_REMOVEDIR) == 0,
                renameat(folder.descriptor, temporary, folder.descriptor, name) == 0
            else { throw TreeFolder.failure("write", shown, code) }
        }
        isCommitted.store(true, ordering: .relaxed)
    }
}
