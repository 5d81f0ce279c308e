import Glibc

/// Small files of the user's own (mode 0600, folders 0700), written whole or not at all.
package enum RecordFile {
    /// Writes a file that must not exist yet.
    ///
    /// - Returns: `false` when it exists; nothing was written then.
    /// - Throws: `Failure` of kind `failed` that names the path and the cause.
    package static func create(_ path: String, _ bytes: [UInt8]) throws -> Bool {
        let draft = try writeDraft(beside: path, bytes)
        defer { unlink(draft) }
        // A link appears at once and whole, and never replaces what is there.
        guard link(draft, path) == 0 else {
            if errno == EEXIST { return false }
            throw failure("write", path, errno)
        }
        try syncFolder(of: path)
        return true
    }

    /// Writes a file over the one that holds `old`.
    ///
    /// - Returns: `false` when it holds something else by now, or is gone; nothing was written then.
    package static func replace(_ path: String, _ old: [UInt8], with bytes: [UInt8]) throws -> Bool {
        guard let folder = PathText.parent(of: path) else { return false }
        // Writers take turns; the lock goes with the process that holds it.
        let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if lock < 0, errno == ENOENT { return false }
        guard lock >= 0 else { throw failure("open folder", folder, errno) }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("lock folder", folder, errno) }
        }
        guard try read(path, limit: .max) == old else { return false }
        let draft = try writeDraft(beside: path, bytes)
        guard rename(draft, path) == 0 else {
            let code = errno
            unlink(draft)
            throw failure("write", path, code)
        }
        try syncFolder(of: path)
        return true
    }

    /// Writes a file over whatever is there, or where nothing is; of several writers the last one counts.
    ///
    /// - Throws: `Failure` of kind `failed` that names the path and the cause.
    package static func write(_ path: String, _ bytes: [UInt8]) throws {
        let draft = try writeDraft(beside: path, bytes)
        guard rename(draft, path) == 0 else {
            let code = errno
            unlink(draft)
            throw failure("write", path, code)
        }
        try syncFolder(of: path)
    }

    /// The bytes of the file; `nil` when there is none.
    package static func read(_ path: String, limit: Int) throws -> [UInt8]? {
        let files = LocalFileSystem()
        guard files.exists(path) else { return nil }
        return try files.read(path, limit: limit)
    }

    private static func writeDraft(beside path: String, _ bytes: [UInt8]) throws -> String {
        if let folder = PathText.parent(of: path) { try makeFolder(folder) }
        let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", path, errno) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                unlink(draft)
                throw failure("write", path, code)
            }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else {
            let code = errno
            unlink(draft)
            throw failure("write", path, code)
        }
        return draft
    }

    /// Makes a folder and those above it.
    private static func makeFolder(_ path: String) throws {
        if LocalFileSystem().isDirectory(path) { return }
        if let parent = PathText.parent(of: path) { try makeFolder(parent) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make folder", path, errno) }
    }

    /// Makes the file's name last over a crash of the machine.
    private static func syncFolder(of path: String) throws {
        guard let folder = PathText.parent(of: path) else { return }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open folder", folder, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("write folder", folder, errno) }
    }

    private static func failure(_ what: String, _ path: String, _ code: Int32) -> Failure {
        Failure(.failed, "\(what) \(path): \(String(cString: strerror(code)))")
    }
}
