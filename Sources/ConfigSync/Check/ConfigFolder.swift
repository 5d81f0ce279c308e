package import Support

/// A folder on this machine whose config is to be checked: the files that the checker wants, and the names of all.
package struct ConfigFolder: Sendable {
    package let files: [ConfigChecker.File]
    /// Relative to the folder.
    package let paths: Set<String>

    /// Hidden names (`.git`, `.releases`) are passed over, and so is what lies deeper than `depth` folders or beyond `limit`
    /// entries: config is a small tree, and links may lead round in circles.
    /// - Parameter path: the folder, absolute; or one of its files, then only that is checked.
    /// - Throws: `Failure(.badInput)` where there is neither, or a file can't be read.
    package init(
        reading path: String, shown: String, files system: any FileSystem, depth: Int = 8, limit: Int = 20_000
    ) throws {
        guard let status = system.status(of: path) else {
            throw Failure(.badInput, "check \(shown): there is no such folder")
        }
        let single = status.isDirectory ? nil : PathText.lastComponent(of: path)
        let root = status.isDirectory ? path : PathText.parent(of: path) ?? "/"
        var paths: [String] = []
        var folders = [(path: "", depth: 0)]
        var seen = 0
        while let folder = folders.popLast(), seen < limit {
            for (name, isDirectory) in system.entries(in: root + "/" + folder.path)
            where !name.hasPrefix(".") && seen < limit {
                seen += 1
                let path = folder.path + name
                if !isDirectory {
                    paths.append(path)
                } else if folder.depth < depth {
                    folders.append((path + "/", folder.depth + 1))
                }
            }
        }
        self.paths = Set(paths)
        let wanted = paths.filter { path in single.map { $0 == path } ?? ConfigChecker.wants(path) }.sorted()
        files = try wanted.map { path in
            ConfigChecker.File(path: path, bytes: try system.read(root + "/" + path, limit: ConfigChecker.sizeLimit))
        }
    }
}
