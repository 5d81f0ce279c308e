internal import CLinux
internal import Glibc
internal import Support

/// A folder that releases are pulled into: `DIR/.releases/<hash>/…`, and `DIR/current`, a link to one of them.
///
/// The folder itself is never renamed or replaced: it may be a mount point.
package struct ReleaseFolder: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var releases: String { path + "/.releases" }
    package var currentLink: String { path + "/current" }

    package func release(_ hash: ReleaseHash) -> String { releases + "/" + hash.text }
    func partial(_ hash: ReleaseHash) -> String { releases + "/.partial-" + hash.text }
    private func manifestPath(_ hash: ReleaseHash) -> String { releases + "/." + hash.text + ".json" }

    /// Whether releases are pulled into the folder.
    package static func isOne(_ path: String) -> Bool {
        let files = LocalFileSystem()
        return files.isDirectory(path + "/.releases") && files.isDirectory(path + "/current")
    }

    /// Where the files are that count of a folder: of one that a release was pulled to, its current release.
    package static func source(_ path: String) -> String { isOne(path) ? path + "/current" : path }

    /// The release that `current` names; `nil` where it names none.
    package func current() -> ReleaseHash? {
        guard let target = Self.linkTarget(currentLink), target.hasPrefix(".releases/") else { return nil }
        return ReleaseHash(String(target.dropFirst(".releases/".count)))
    }

    /// The manifest that a pull has left of a release; `nil` where there is none that holds.
    package func manifest(_ hash: ReleaseHash) -> ReleaseManifest? {
        let path = manifestPath(hash)
        guard let bytes = try? LocalFileSystem().read(path, limit: ReleaseManifest.sizeLimit) else { return nil }
        return try? ReleaseManifest.decoded(bytes, expecting: hash, place: path)
    }

    /// The releases that lie in it.
    package func known() -> [ReleaseHash] { LocalFileSystem().names(in: releases).compactMap { ReleaseHash($0) } }

    // MARK: Writing

    /// Makes what is missing of the folder itself.
    /// - Throws: `Failure` of kind `failed`, in one line, when it can't be written to.
    func prepare(_ attributes: FileAttributes) throws {
        do {
            _ = try TreeFolder(path, creating: true, attributes: attributes)
            if mkdir(releases, 0o755) == 0 {
                // Whatever the mask is: the containers' users have to get through.
                guard chmod(releases, 0o755) == 0 else { throw TreeFolder.failure("make folder", releases, errno) }
            } else if errno != EEXIST {
                throw TreeFolder.failure("make folder", releases, errno)
            }
            guard access(path, W_OK) == 0 else { throw TreeFolder.failure("write into", path, errno) }
        } catch let failure as Failure {
            throw Failure(
                failure.kind, "pull into \(path): \(failure.message)",
                hint: "the folder must be writable for user \(geteuid()): in a task, mount its volume without readOnly",
                cause: failure)
        }
    }

    /// Keeps the manifest beside the release, for the next pull.
    func keep(_ manifest: ReleaseManifest) throws {
        let folder = try TreeFolder(releases, attributes: FileAttributes(mode: 0o644))
        let file = try folder.stage("." + manifest.hash.text + ".json")
        try file.write(try manifest.encoded(), at: 0)
        try file.commit()
    }

    /// Gives the unpacked release its name; its bytes last over a crash of the machine from then on.
    func finish(_ manifest: ReleaseManifest) throws {
        let hash = manifest.hash
        try Self.synchronize(partial(hash), manifest)
        guard rename(partial(hash), release(hash)) == 0 else {
            throw TreeFolder.failure("rename to", release(hash), errno)
        }
        try Self.synchronizeFolder(releases)
    }

    /// Makes `current` name a release, in one step for every reader.
    func swap(to hash: ReleaseHash) throws {
        var info = stat()
        if lstat(currentLink, &info) == 0, info.st_mode & S_IFMT != S_IFLNK {
            throw Failure(
                .failed, "pull into \(path): \(currentLink) is no symbolic link of fgctl's",
                hint: "move it away, or name another folder")
        }
        let temporary = path + "/" + TemporaryName.make()
        guard symlink(".releases/" + hash.text, temporary) == 0 else {
            throw TreeFolder.failure("make link", currentLink, errno)
        }
        guard rename(temporary, currentLink) == 0 else {
            let code = errno
            unlink(temporary)
            throw TreeFolder.failure("make link", currentLink, code)
        }
        try Self.synchronizeFolder(path)
    }

    /// Removes what interrupted runs have left, and all releases but these (`nil`: none). Only under the lock.
    func tidy(keeping kept: Set<ReleaseHash>?) throws -> [ReleaseHash] {
        let files = LocalFileSystem()
        for name in files.names(in: path) where TemporaryName.isOne(name) { unlink(path + "/" + name) }
        var removed: [ReleaseHash] = []
        for name in files.names(in: releases) {
            let place = releases + "/" + name
            if let hash = ReleaseHash(name), let kept, !kept.contains(hash) {
                // Under its name it is there as a whole or not at all.
                let old = releases + "/.old-" + name
                guard rename(place, old) == 0 else { throw TreeFolder.failure("remove", place, errno) }
                unlink(manifestPath(hash))
                try Self.remove(old)
                removed.append(hash)
            } else if name.hasPrefix(".old-") || name.hasPrefix(".partial-") {
                try Self.remove(place)
            } else if TemporaryName.isOne(name) {
                unlink(place)
            } else if let hash = Self.hash(ofManifest: name), !files.isDirectory(release(hash)) {
                // Killed between keeping the manifest and naming the release, or while removing it.
                unlink(place)
            }
        }
        return removed
    }

    /// `.HASH.json`
    private static func hash(ofManifest name: String) -> ReleaseHash? {
        guard name.hasPrefix("."), name.hasSuffix(".json") else { return nil }
        return ReleaseHash(String(name.dropFirst().dropLast(".json".count)))
    }

    // MARK: The system

    private static func linkTarget(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { space in
            space.withMemoryRebound(to: CChar.self) { readlink(path, $0.baseAddress.unsafelyUnwrapped, $0.count) }
        }
        return count < 0 ? nil : String(validating: bytes[..<count], as: UTF8.self)
    }

    /// Removes a folder and everything in it; links are removed, never followed.
    private static func remove(_ path: String) throws {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        if info.st_mode & S_IFMT == S_IFDIR {
            for name in LocalFileSystem().names(in: path) { try remove(path + "/" + name) }
            guard rmdir(path) == 0 || errno == ENOENT else { throw TreeFolder.failure("remove", path, errno) }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else { throw TreeFolder.failure("remove", path, errno) }
        }
    }

    /// Few files one by one; for many, one call for the folder's file system takes less time than thousands for one file each.
    private static func synchronize(_ folder: String, _ manifest: ReleaseManifest) throws {
        guard manifest.files.count <= 256 else { return try withDescriptor(folder, O_DIRECTORY) { syncfs($0) } }
        for file in manifest.files where file.link == nil {
            try withDescriptor(folder + "/" + file.path, 0) { fsync($0) }
        }
        try synchronizeFolder(folder)
    }

    private static func synchronizeFolder(_ folder: String) throws {
        try withDescriptor(folder, O_DIRECTORY) { fsync($0) }
    }

    private static func withDescriptor(_ path: String, _ flags: CInt, _ act: (CInt) -> CInt) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw TreeFolder.failure("open", path, errno) }
        defer { close(descriptor) }
        // Some file systems of containers know no such thing: then it lasts as long as they see fit.
        guard act(descriptor) == 0 || errno == EINVAL || errno == ENOSYS else {
            throw TreeFolder.failure("write", path, errno)
        }
    }
}
