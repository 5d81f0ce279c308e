internal import Glibc
internal import Support
internal import Synchronization

/// What files get besides their bytes; what is `nil` stays as the system gives it.
package struct FileAttributes: Sendable, Hashable {
    /// Permission bits of files, exactly; folders get them with an `x` wherever there is an `r`.
    package var mode: UInt16?
    package var uid: UInt32?
    package var gid: UInt32?

    package init(mode: UInt16? = nil, uid: UInt32? = nil, gid: UInt32? = nil) {
        self.mode = mode
        self.uid = uid
        self.gid = gid
    }

    var isEmpty: Bool { mode == nil && uid == nil && gid == nil }

    /// The permission bits of folders.
    package var folderMode: UInt16? { mode.map { $0 | ($0 & 0o444) >> 2 } }

    /// Whether a file that is there has them.
    package func fits(_ file: TreeFile) -> Bool {
        if file.link == nil, let mode, mode != file.mode { return false }
        guard let owner = file.owner else { return uid == nil && gid == nil }
        return uid ?? owner.uid == owner.uid && gid ?? owner.gid == owner.gid
    }
}

/// A folder whose files are read and written, by paths relative to it.
///
/// No symbolic link below it is ever followed when something is written, so that nothing lands outside, whatever others do
/// to the folder meanwhile. Errors are `Failure`s of kind `failed` that name the path.
package final class TreeFolder: Sendable {
    /// Open folders that are kept for the next file.
    private static let keptFolders = 64

    /// As it was given.
    package let path: String
    /// What new folders get.
    private let attributes: FileAttributes
    private let root: WriteHandle
    private let kept = Mutex<[ByteText: WriteHandle]>([:])

    /// - Parameters:
    ///   - path: absolute, or relative to the working directory; may itself be a symbolic link.
    ///   - creating: makes the folder, and those above it, where there is none.
    ///   - attributes: of files without attributes of their own, and of folders.
    /// - Throws: `Failure` of kind `badInput` when it can't be opened and was not to be made.
    package init(_ path: String, creating: Bool = false, attributes: FileAttributes = FileAttributes()) throws {
        self.path = path
        self.attributes = attributes
        if creating { try Self.make(path, attributes) }
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw creating ? Self.failure("open folder", path, errno) : Self.unreadable(path, errno)
        }
        root = WriteHandle(descriptor)
    }

    // MARK: Files

    /// Opens a file for being read.
    /// - Parameter isFollowed: whether symbolic links on the way are followed; the walk that found the file has checked them.
    /// - Throws: `Failure` of kind `badInput` when it can't be read or is no regular file.
    package func reader(_ file: String, isFollowed: Bool = false) throws -> FileReader {
        let descriptor = try openToRead(file, isFollowed)
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(.badInput, "\(shown(file)): is no regular file")
        }
        let state = FileState(info)
        let shown = shown(file)
        let source = try FileSource(descriptor: descriptor, path: shown, length: state.size)
        return FileReader(source: source, state: state, descriptor: descriptor, shown: shown)
    }

    /// Begins a file; it appears under its name, whole, by `StagedFile.commit`.
    ///
    /// Folders on the way are made.
    /// - Parameter attributes: instead of the folder's own.
    package func stage(_ file: String, attributes: FileAttributes? = nil) throws -> StagedFile {
        let (folder, name) = try place(of: file)
        return try StagedFile(
            folder: folder, name: name, attributes: attributes ?? self.attributes, shown: shown(file))
    }

    /// Makes a symbolic link, in place of whatever file lies there.
    package func link(_ file: String, to target: String) throws {
        let (folder, name) = try place(of: file)
        let temporary = TemporaryName.make()
        guard symlinkat(target, folder.descriptor, temporary) == 0 else {
            throw Self.failure("make link", shown(file), errno)
        }
        var code: CInt = 0
        if attributes.uid != nil || attributes.gid != nil,
            fchownat(
                folder.descriptor, temporary, attributes.uid ?? .max, attributes.gid ?? .max, AT_SYMLINK_NOFOLLOW) != 0
        {
            code = errno
        }
        if code == 0, renameat(folder.descriptor, temporary, folder.descriptor, name) != 0 { code = errno }
        guard code == 0 else {
            unlinkat(folder.descriptor, temporary, 0)
            throw Self.failure("make link", shown(file), code)
        }
    }

    /// Removes a file or link, and the folders above it that are empty then. What is gone already counts as removed.
    package func remove(_ file: String) throws {
        guard let (folder, name) = try existingPlace(of: file) else { return }
        guard unlinkat(folder.descriptor, name, 0) == 0 || errno == ENOENT else {
            throw Self.failure("remove", shown(file), errno)
        }
        var parts = file.split(separator: "/").map(String.init)
        parts.removeLast()
        while let last = parts.popLast() {
            forget(parts + [last])
            guard let above = try existingFolder(parts) else { return }
            if unlinkat(above.descriptor, last, AT_REMOVEDIR) != 0 { return }
        }
    }

    /// Removes a file under way that a walk has found, and nothing else.
    package func removeLeftover(_ file: String) throws {
        let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { String(file[file.utf8.index(after: $0)...]) } ?? file
        guard TemporaryName.isOne(name), let above = try folder(slash.map { String(file[..<$0]) } ?? "", makes: false)
        else { return }
        guard unlinkat(above.descriptor, name, 0) == 0 || errno == ENOENT else {
            throw Self.failure("remove", shown(file), errno)
        }
    }

    /// Gives a file that is there the folder's attributes.
    package func adjust(_ file: TreeFile) throws {
        guard let (folder, name) = try existingPlace(of: file.path) else { return }
        if attributes.uid != nil || attributes.gid != nil,
            fchownat(
                folder.descriptor, name, attributes.uid ?? .max, attributes.gid ?? .max, AT_SYMLINK_NOFOLLOW) != 0
        {
            throw Self.failure("change owner of", shown(file.path), errno)
        }
        // Changing the owner takes special bits away, so the mode comes second. A link has no mode.
        if file.link == nil, let mode = attributes.mode {
            // By its descriptor: a link that is put in its place meanwhile must not be followed.
            let descriptor = openat(folder.descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { throw Self.failure("change mode of", shown(file.path), errno) }
            defer { close(descriptor) }
            guard fchmod(descriptor, mode_t(mode)) == 0 else {
                throw Self.failure("change mode of", shown(file.path), errno)
            }
        }
    }

    // MARK: The whole

    /// Takes the turn of writing here, for as long as the folder is open; others wait, and nobody takes this one's files under
    /// way for leftovers.
    ///
    /// - Parameters: as of `FolderTurn.take`.
    /// - Returns: whether nobody else writes here: then files under way that are found have been left behind. `false` on file
    ///   systems without locks: nobody can tell.
    /// - Throws: `Failure` of kind `timedOut` at the limit.
    package func beginWriting(
        limit: Duration, waiting: @Sendable (String?) -> Void = { _ in }
    ) async throws -> Bool {
        if flock(root.descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK || errno == EINTR else { return false }
        _ = try await FolderTurn.take(
            root.descriptor, of: path, place: path, limit: limit, holder: { "another process" }, waiting: waiting)
        return true
    }

    /// Whether the folder takes names for the same that differ by case: found by making a file for a moment.
    package func traits() throws -> FolderTraits {
        let name = TemporaryName.make()
        let descriptor = openat(root.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("write into", path, errno) }
        close(descriptor)
        defer { unlinkat(root.descriptor, name, 0) }
        return FolderTraits(ignoresCase: faccessat(root.descriptor, name.uppercased(), F_OK, 0) == 0)
    }

    /// The same without writing anything, by how the folder's own name may be written.
    package static func likelyTraits(of path: String) -> FolderTraits {
        var path = PathText.normalized(path)
        while path != "/", path != ".", access(path, F_OK) != 0 { path = PathText.normalized(path + "/..") }
        let name = PathText.lastComponent(of: path)
        let other = name == name.uppercased() ? name.lowercased() : name.uppercased()
        guard other != name, path.hasSuffix(name) else { return FolderTraits() }
        let spelt = String(path.dropLast(name.count)) + other
        var (here, there) = (stat(), stat())
        let isSame =
            stat(path, &here) == 0 && stat(spelt, &there) == 0 && here.st_ino == there.st_ino
            && here.st_dev == there.st_dev
        return FolderTraits(ignoresCase: isSame)
    }

    // MARK: Ways

    private func openToRead(_ file: String, _ isFollowed: Bool) throws -> CInt {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
        let descriptor: CInt
        if isFollowed {
            descriptor = openat(root.descriptor, file, flags)
        } else {
            guard let (folder, name) = try existingPlace(of: file) else { throw Self.unreadable(shown(file), ENOENT) }
            descriptor = openat(folder.descriptor, name, flags | O_NOFOLLOW)
        }
        guard descriptor >= 0 else { throw Self.unreadable(shown(file), errno) }
        return descriptor
    }

    private func place(of file: String) throws -> (WriteHandle, String) {
        let parts = try Self.parts(file, shown(file))
        guard let folder = try folder(parts.folder, makes: true) else {
            throw Self.failure("make folder for", shown(file), ENOENT)
        }
        return (folder, parts.name)
    }

    private func existingPlace(of file: String) throws -> (WriteHandle, String)? {
        let parts = try Self.parts(file, shown(file))
        return try folder(parts.folder, makes: false).map { ($0, parts.name) }
    }

    private func existingFolder(_ parts: [String]) throws -> WriteHandle? {
        try folder(parts.joined(separator: "/"), makes: false)
    }

    /// The last line of defence: every caller has checked its keys before.
    private static func parts(_ file: String, _ shown: @autoclosure () -> String) throws -> (
        folder: String, name: String
    ) {
        if let problem = KeySafety.problem(of: file) {
            throw Failure(.failed, "\(shown()): can't be the path of a file (\(problem))")
        }
        guard let slash = file.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", file) }
        return (String(file[..<slash]), String(file[file.utf8.index(after: slash)...]))
    }

    /// - Returns: `nil` when there is none and none is to be made.
    private func folder(_ path: String, makes: Bool) throws -> WriteHandle? {
        if path.isEmpty { return root }
        let key = ByteText(path)
        if let known = kept.withLock({ $0[key] }) { return known }
        var above = root
        var name = path
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
            guard let found = try folder(String(path[..<slash]), makes: makes) else { return nil }
            above = found
            name = String(path[path.utf8.index(after: slash)...])
        }
        guard let opened = try open(name, in: above, makes: makes, path) else { return nil }
        kept.withLock { kept in
            if kept.count >= Self.keptFolders { kept.removeAll(keepingCapacity: true) }
            kept[key] = opened
        }
        return opened
    }

    private func open(_ name: String, in above: WriteHandle, makes: Bool, _ path: String) throws -> WriteHandle? {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var descriptor = openat(above.descriptor, name, flags)
        if descriptor < 0, errno == ENOENT {
            guard makes else { return nil }
            let made = mkdirat(above.descriptor, name, 0o755) == 0
            guard made || errno == EEXIST else { throw Self.failure("make folder", shown(path), errno) }
            descriptor = openat(above.descriptor, name, flags)
            if made, descriptor >= 0 {
                try Self.give(descriptor, mode: attributes.folderMode, attributes, shown(path))
            }
        }
        guard descriptor >= 0 else {
            if errno == ELOOP || errno == ENOTDIR {
                throw Failure(
                    .failed, "\(shown(path)): is no folder but a file or a symbolic link, which is not followed")
            }
            throw Self.failure("open folder", shown(path), errno)
        }
        return WriteHandle(descriptor)
    }

    private func forget(_ parts: [String]) {
        let key = ByteText(parts.joined(separator: "/"))
        kept.withLock { $0[key] = nil }
    }

    private static func make(_ path: String, _ attributes: FileAttributes) throws {
        var info = stat()
        if stat(path, &info) == 0 { return }
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.utf8.startIndex {
            try make(String(path[..<slash]), attributes)
        }
        guard mkdir(path, 0o755) == 0 else {
            if errno == EEXIST { return }
            throw failure("make folder", path, errno)
        }
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open folder", path, errno) }
        defer { close(descriptor) }
        try give(descriptor, mode: attributes.folderMode, attributes, path)
    }

    /// Owner and mode of something open.
    static func give(_ descriptor: CInt, mode: UInt16?, _ attributes: FileAttributes, _ shown: String) throws {
        if attributes.uid != nil || attributes.gid != nil,
            fchown(descriptor, attributes.uid ?? .max, attributes.gid ?? .max) != 0
        {
            throw failure("change owner of", shown, errno)
        }
        if let mode, fchmod(descriptor, mode_t(mode)) != 0 { throw failure("change mode of", shown, errno) }
    }

    private func shown(_ file: String) -> String {
        let whole = path + "/" + file
        return whole.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } ? whole : KeySafety.quoted(whole)
    }

    static func failure(_ what: String, _ shown: String, _ code: CInt) -> Failure {
        Failure(.failed, "\(what) \(shown): \(String(cString: strerror(code)))")
    }

    private static func unreadable(_ shown: String, _ code: CInt) -> Failure {
        Failure(.badInput, "\(shown): can't be read: \(String(cString: strerror(code)))")
    }
}

/// An open folder's descriptor, closed when nobody uses it any more.
final class WriteHandle: Sendable {
    let descriptor: CInt

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
