import Glibc

/// What the pure parts of fgctl need to know about files. Tests give one that lives in memory.
package protocol FileSystem: Sendable {
    /// The number of the user for whom files are read (effective user id).
    var currentUser: UInt32 { get }
    /// What lies at `path`, links followed; `nil` when there is nothing, or nothing that may be seen.
    func status(of path: String) -> FileStatus?
    /// The names in a folder, sorted; empty when it can't be listed.
    func names(in folder: String) -> [String]
    /// The same, and which of them are folders, links followed.
    func entries(in folder: String) -> [(name: String, isDirectory: Bool)]
    /// The bytes of a file.
    /// - Throws: `Failure(.badInput)` naming the path and the cause: it can't be read, or holds more than `limit` bytes.
    func read(_ path: String, limit: Int) throws -> [UInt8]
}

/// What lies at a path.
package struct FileStatus: Sendable, Hashable {
    /// Whether it is a folder; everything else (files, pipes, devices) can be read.
    package let isDirectory: Bool
    /// The number of the user who owns it.
    package let owner: UInt32

    package init(isDirectory: Bool, owner: UInt32) {
        self.isDirectory = isDirectory
        self.owner = owner
    }
}

extension FileSystem {
    /// Whether anything lies at `path`.
    package func exists(_ path: String) -> Bool { status(of: path) != nil }
    /// Whether a folder lies at `path`.
    package func isDirectory(_ path: String) -> Bool { status(of: path)?.isDirectory ?? false }
    /// Whether something other than a folder lies at `path`.
    package func isFile(_ path: String) -> Bool { status(of: path).map { !$0.isDirectory } ?? false }
    /// The number of the user who owns what lies at `path`.
    package func owner(of path: String) -> UInt32? { status(of: path)?.owner }

    package func entries(in folder: String) -> [(name: String, isDirectory: Bool)] {
        names(in: folder).map { ($0, isDirectory(folder + "/" + $0)) }
    }
}

/// The files of this machine.
package struct LocalFileSystem: FileSystem {
    package init() {}

    package var currentUser: UInt32 { geteuid() }

    package func status(of path: String) -> FileStatus? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return FileStatus(isDirectory: info.st_mode & S_IFMT == S_IFDIR, owner: info.st_uid)
    }

    package func names(in folder: String) -> [String] {
        var names: [String] = []
        forEachEntry(in: folder) { name, _ in names.append(name) }
        return names.sorted()
    }

    package func entries(in folder: String) -> [(name: String, isDirectory: Bool)] {
        var entries: [(name: String, isDirectory: Bool)] = []
        forEachEntry(in: folder) { name, kind in
            // Folders mostly say what they hold; asking for each of thousands of files takes longer than listing them.
            let isAsked = Int(kind) == DT_LNK || Int(kind) == DT_UNKNOWN
            entries.append((name, isAsked ? isDirectory(folder + "/" + name) : Int(kind) == DT_DIR))
        }
        return entries.sorted { $0.name < $1.name }
    }

    /// - Parameter body: gets a name and one of `DT_…`.
    private func forEachEntry(in folder: String, _ body: (_ name: String, _ kind: UInt8) -> Void) {
        guard let handle = opendir(folder) else { return }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { body(name, entry.pointee.d_type) }
        }
    }

    package func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else {
                throw Failure(.badInput, "\(path): is larger than \(limit) bytes")
            }
            bytes += buffer[..<count]
        }
    }

    private func unreadable(_ path: String, _ code: Int32) -> Failure {
        Failure(.badInput, "\(path): can't be read: \(String(cString: strerror(code)))")
    }
}
