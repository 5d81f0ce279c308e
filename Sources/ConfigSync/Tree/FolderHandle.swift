internal import Glibc
internal import Support

/// What lies under a name, as the system says.
struct FileState: Sendable {
    enum Kind: String, Sendable {
        case file
        case folder
        case link
        case pipe = "named pipe"
        case socket
        case device
    }

    let kind: Kind
    let size: Int64
    /// Permission bits.
    let mode: UInt16
    let owner: TreeFile.Owner
    let changed: FileChange

    init(_ info: stat) {
        switch info.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .link
        case S_IFIFO: kind = .pipe
        case S_IFSOCK: kind = .socket
        default: kind = .device
        }
        size = Int64(info.st_size)
        mode = UInt16(truncatingIfNeeded: info.st_mode & 0o777)
        owner = TreeFile.Owner(uid: info.st_uid, gid: info.st_gid)
        changed = FileChange(
            device: UInt64(info.st_dev), inode: UInt64(info.st_ino), seconds: info.st_mtim.tv_sec,
            nanoseconds: info.st_mtim.tv_nsec, size: Int64(info.st_size))
    }
}

/// Two of them are alike when a file was not written to in between.
package struct FileChange: Sendable, Equatable {
    let device: UInt64
    let inode: UInt64
    let seconds: Int
    let nanoseconds: Int
    let size: Int64

    /// Whether another change would show: file systems keep times by ticks of a clock, the coarsest by two seconds.
    var isSettled: Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec - seconds > 2
    }
}

/// An open folder. What is done with it is done relative to it, so that nobody can put another folder in its place.
final class FolderHandle: Sendable {
    struct ID: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
    }

    let descriptor: CInt
    let id: ID

    /// - Throws: `Failure` of kind `badInput` when there is no folder, or it can't be read.
    convenience init(root: String) throws {
        try self.init(
            Glibc.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), root.isEmpty ? "''" : root)
    }

    private init(_ descriptor: CInt, _ shown: String) throws {
        guard descriptor >= 0 else { throw Self.failure(shown, errno) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.failure(shown, code)
        }
        self.descriptor = descriptor
        id = ID(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
    }

    deinit { close(descriptor) }

    /// The folder of that name in this one.
    func folder(_ name: String, isFollowed: Bool, _ shown: String) throws -> FolderHandle {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (isFollowed ? 0 : O_NOFOLLOW)
        return try FolderHandle(openat(descriptor, name, flags), shown)
    }

    /// The names in it, in no order.
    func names(_ shown: String) throws -> [String] {
        // The stream takes its descriptor with it.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let stream = fdopendir(own) else {
            let code = errno
            if own >= 0 { close(own) }
            throw Self.failure(shown, code)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw Self.failure(shown, errno) }
                return names
            }
            let name = try withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                try tuple.withMemoryRebound(to: UInt8.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
                    let length = $0.withMemoryRebound(to: CChar.self, capacity: 1) { strlen($0) }
                    let bytes = UnsafeBufferPointer(start: $0, count: length)
                    guard let name = String(validating: bytes, as: UTF8.self) else {
                        throw Failure(
                            .badInput,
                            "\(shown): holds a name that is no UTF-8: '\(String(decoding: bytes, as: UTF8.self))'",
                            hint: "rename it; names of objects in S3 are UTF-8")
                    }
                    return name
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    /// What lies under the name, links not followed; `nil` when it has gone.
    func state(_ name: String, _ shown: @autoclosure () -> String) throws -> FileState? {
        try state(name, AT_SYMLINK_NOFOLLOW, shown)
    }

    /// What lies at a link's end; `nil` when there is nothing.
    func followed(_ name: String, _ shown: @autoclosure () -> String) throws -> FileState? {
        try state(name, 0, shown)
    }

    private func state(_ name: String, _ flags: CInt, _ shown: () -> String) throws -> FileState? {
        var info = stat()
        guard fstatat(descriptor, name, &info, flags) == 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { return nil }
            throw Self.failure(shown(), code)
        }
        return FileState(info)
    }

    /// Where the link points.
    func target(of name: String, _ shown: String) throws -> String {
        let bytes = try [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { space, count in
            let got = space.withMemoryRebound(to: CChar.self) { space in
                space.baseAddress.map { readlinkat(descriptor, name, $0, space.count) } ?? -1
            }
            guard got >= 0 else { throw Self.failure(shown, errno) }
            count = got
        }
        guard let target = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.badInput, "\(shown): the link's target is no UTF-8")
        }
        return target
    }

    /// Why the file can't be read by this process; `nil` when it can.
    func whyUnreadable(_ name: String) -> String? {
        faccessat(descriptor, name, R_OK, 0) == 0 ? nil : String(cString: strerror(errno))
    }

    /// The path with all links followed.
    static func realPath(_ path: String) throws -> String {
        guard let real = realpath(path, nil) else { throw failure(path, errno) }
        defer { free(real) }
        return String(cString: real)
    }

    static func failure(_ shown: String, _ code: CInt) -> Failure {
        Failure(.badInput, "\(shown): can't be read: \(String(cString: strerror(code)))")
    }
}
