internal import Glibc
internal import Support

/// A folder on this machine, and what of it counts.
package struct LocalTree: Sendable {
    package enum Symlinks: String, Sendable, Codable, CaseIterable {
        /// What a link leads to counts as if it lay there itself; a link that leaves the folder is refused.
        case follow
        /// A link counts as a link; one that leaves the folder is refused.
        case keep
        /// A link counts as a link, wherever it leads: for folders that are written to.
        case opaque
    }

    package struct Options: Sendable {
        package var filter = TreeFilter()
        package var symlinks = Symlinks.follow
        /// Whether sockets, pipes and devices are left out and named in `skipped`, or refused.
        package var skipsSpecialFiles = false
        /// Whether each file is asked for its being readable, so that nothing begins that can't be ended.
        package var checksReadable = false

        package init() {}
    }

    /// The folder as it was given.
    package let root: String
    package let options: Options

    /// - Parameter root: absolute, or relative to the working directory; may itself be a symbolic link.
    package init(_ root: String, options: Options = Options()) {
        self.root = root
        self.options = options
    }

    /// All files in the order of their paths' bytes, which is that of S3's listings. Folders by themselves don't count.
    ///
    /// Holds one `TreeFile` for each file, and no contents.
    /// - Throws: as `TreeWalk.next()`.
    package func files() throws -> [TreeFile] {
        var walk = try walk()
        var files: [TreeFile] = []
        while let file = try walk.next() { files.append(file) }
        return files
    }

    /// The files one by one: only the folders above the present file are held.
    /// - Throws: `Failure` of kind `badInput` when the root is no folder that can be read.
    package func walk() throws -> TreeWalk { try TreeWalk(self) }

    /// Where `path`, a symbolic link's place, leads with `target`: inside the tree or out of it. Pure text.
    package static func staysInside(_ path: String, target: String) -> Bool {
        if target.hasPrefix("/") { return false }
        var depth = path.split(separator: "/").count - 1
        for part in target.split(separator: "/") {
            if part == ".." { depth -= 1 } else if part != "." { depth += 1 }
            if depth < 0 { return false }
        }
        return true
    }
}

/// A walk through a `LocalTree`, in the order of the paths' bytes.
package struct TreeWalk {
    private struct Entry {
        let name: String
        let file: FileState
        /// Where a link points; `nil` for anything else, and for links that are followed.
        var link: String?
        var isFolder: Bool { file.kind == .folder }
    }

    private struct Level {
        let folder: FolderHandle
        /// The path with a slash behind it; empty for the root.
        let prefix: String
        /// In reverse order.
        var entries: [Entry]
    }

    /// Special files that were left out, at most a hundred of them.
    package private(set) var skipped: [String] = []
    /// Files under way that an interrupted run has left behind, or another one is busy with.
    package private(set) var leftovers: [String] = []

    private let tree: LocalTree
    private let realRoot: String
    private let user = geteuid()
    private var levels: [Level] = []

    fileprivate init(_ tree: LocalTree) throws {
        self.tree = tree
        let folder = try FolderHandle(root: tree.root)
        realRoot = try FolderHandle.realPath(tree.root)
        levels = [try level(folder, "")]
    }

    /// The next file; `nil` after the last.
    ///
    /// - Throws: `Failure` of kind `badInput` naming the path: a folder or file can't be read, a name is no UTF-8, a link leads
    ///   nowhere, out of the folder or in a circle, or a special file is in the way.
    package mutating func next() throws -> TreeFile? {
        while var level = levels.popLast() {
            guard let entry = level.entries.popLast() else { continue }
            levels.append(level)
            let path = level.prefix + entry.name
            if entry.isFolder {
                if tree.options.filter.leavesOut(folder: path) { continue }
                let folder = try level.folder.folder(entry.name, isFollowed: tree.options.symlinks == .follow, path)
                guard !levels.contains(where: { $0.folder.id == folder.id }) else {
                    throw Failure(.badInput, "\(shown(path)): the link leads in a circle")
                }
                levels.append(try self.level(folder, path + "/"))
            } else if let file = try file(entry, path, level.folder) {
                return file
            }
        }
        return nil
    }

    private mutating func file(_ entry: Entry, _ path: String, _ folder: FolderHandle) throws -> TreeFile? {
        if TemporaryName.isOne(entry.name) {
            leftovers.append(path)
            return nil
        }
        guard tree.options.filter.admits(path) else { return nil }
        if let link = entry.link {
            if tree.options.symlinks == .keep, !LocalTree.staysInside(path, target: link) {
                throw Failure(.badInput, "\(shown(path)): the link to '\(link)' leaves the folder")
            }
            return TreeFile(path: path, size: 0, mode: 0o777, link: link, owner: entry.file.owner)
        }
        guard entry.file.kind == .file else {
            guard tree.options.skipsSpecialFiles else {
                throw Failure(
                    .badInput, "\(shown(path)): is no file but a \(entry.file.kind.rawValue)",
                    hint: "remove it, or leave it out with --exclude")
            }
            if skipped.count < 100 { skipped.append(path) }
            return nil
        }
        if tree.options.checksReadable, !isOurs(entry.file), let why = folder.whyUnreadable(entry.name) {
            throw Failure(.badInput, "\(shown(path)): can't be read: \(why)")
        }
        return TreeFile(path: path, size: entry.file.size, mode: entry.file.mode, owner: entry.file.owner)
    }

    /// Whether the file is the user's own who reads it, and lets its owner read it: then the system needn't be asked.
    private func isOurs(_ file: FileState) -> Bool { file.owner.uid == user && file.mode & 0o400 != 0 }

    private func level(_ folder: FolderHandle, _ prefix: String) throws -> Level {
        var entries: [Entry] = []
        for name in try folder.names(shown(prefix)) {
            let path = prefix + name
            guard let state = try folder.state(name, shown(path)) else { continue }
            if state.kind == .link {
                if let entry = try link(name, path, folder, state) { entries.append(entry) }
            } else {
                entries.append(Entry(name: name, file: state))
            }
        }
        // A folder stands where its files' paths stand: `a/b` comes after `a-b`.
        entries.sort { Self.order($0, $1) > 0 }
        return Level(folder: folder, prefix: prefix, entries: entries)
    }

    private func link(_ name: String, _ path: String, _ folder: FolderHandle, _ state: FileState) throws -> Entry? {
        let target = try folder.target(of: name, shown(path))
        guard tree.options.symlinks == .follow else { return Entry(name: name, file: state, link: target) }
        // What is left out may lead anywhere.
        let filter = tree.options.filter
        if filter.leavesOut(folder: path) { return nil }
        guard let end = try folder.followed(name, shown(path)) else {
            if !filter.admits(path) { return nil }
            throw Failure(.badInput, "\(shown(path)): the link to '\(target)' leads nowhere")
        }
        if end.kind != .folder, !filter.admits(path) { return nil }
        let real = try FolderHandle.realPath(tree.root + "/" + path)
        guard real == realRoot || real.hasPrefix(realRoot == "/" ? "/" : realRoot + "/") else {
            throw Failure(
                .badInput, "\(shown(path)): the link to '\(target)' leaves the folder",
                hint: "put what it leads to into the folder, or leave it out with --exclude")
        }
        return Entry(name: name, file: end)
    }

    private static func order(_ left: Entry, _ right: Entry) -> Int {
        if left.isFolder == right.isFolder, !left.isFolder { return ByteText.order(left.name, right.name) }
        return ByteText.order(
            left.isFolder ? left.name + "/" : left.name, right.isFolder ? right.name + "/" : right.name)
    }

    private func shown(_ path: String) -> String {
        let whole = path.isEmpty ? tree.root : tree.root + "/" + path
        let plain = whole.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
        return plain ? whole : KeySafety.quoted(whole)
    }
}
