internal import Support

/// The files of a folder as a release would have them.
package struct ReleaseSource: Sendable {
    /// Where the files lie; of a folder that was pulled to, its current release.
    package let path: String
    package let folder: TreeFolder
    /// In the order of their paths' bytes.
    package let files: [ReleaseFile]
    package let followsLinks: Bool
    /// Of large files, by path: as they were when their checksums were made, which takes long enough not to be done twice.
    let changes: [ByteText: FileChange]

    package struct Options: Sendable {
        package var filter = TreeFilter()
        /// Symbolic links: kept as links, or what they lead to inside the folder.
        package var symlinks = LocalTree.Symlinks.keep
        package init() {}
    }

    /// Reads all files once, for their checksums; holds none.
    ///
    /// - Throws: `Failure` of kind `badInput` that names what can't be read or can't be part of a release.
    package static func read(_ path: String, options: Options = Options()) async throws -> ReleaseSource {
        let root = ReleaseFolder.source(path)
        var walking = LocalTree.Options()
        walking.filter = options.filter
        walking.symlinks = options.symlinks
        walking.checksReadable = true
        let found = try LocalTree(root, options: walking).files()
        let folder = try TreeFolder(root)
        let follows = options.symlinks == .follow
        let sums = Sums(count: found.count)
        let pool = TransferPool.Options(smallFiles: 8)
        let items = Array(found.enumerated())
        let failed = try await TransferPool(pool).run(items, bytes: { $0.element.size }) { item, _ in
            guard item.element.link == nil else { return }
            let reader = try folder.reader(item.element.path, isFollowed: follows)
            var sum: FileChecksum?
            if reader.source.length <= pool.smallSize {
                sum = try reader.readWhole().map { try .of($0, .sha256) }
            } else {
                let read = try await FileChecksum.of(reader.source, .sha256)
                if try reader.isUnchanged() { sum = read }
            }
            guard let sum else {
                throw Failure(.badInput, "\(root)/\(item.element.path): changes while it is read")
            }
            sums.set(item.offset, sum, reader.source.length, reader.state.changed)
        }
        if let first = failed.first { throw first.error }
        let files = found.enumerated().map { index, file in
            ReleaseFile(
                path: file.path, size: file.link == nil ? sums[index].size : 0,
                sha256: file.link == nil ? sums[index].hex : nil, mode: file.link == nil ? file.mode : 0o777,
                link: file.link)
        }
        var changes: [ByteText: FileChange] = [:]
        for (index, file) in found.enumerated() where file.link == nil && file.size > pool.smallSize {
            guard let made = sums[index].made, made.isSettled else { continue }
            changes[ByteText(file.path)] = made
        }
        return ReleaseSource(path: root, folder: folder, files: files, followsLinks: follows, changes: changes)
    }
}
