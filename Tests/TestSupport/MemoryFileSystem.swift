package import Support

/// Files that live in memory, by absolute path. Folders come into being with the files in them.
package struct MemoryFileSystem: FileSystem {
    package var currentUser: UInt32 = 1000
    private var files: [String: [UInt8]] = [:]
    private var folders: Set<String> = ["/"]
    private var owners: [String: UInt32] = ["/": 0]

    /// - Parameters:
    ///   - files: texts by absolute path; a path that ends in `/` is an empty folder.
    ///   - owners: owners of paths; of all others the current user is the owner, of `/` root.
    package init(_ files: [String: String], owners: [String: UInt32] = [:]) {
        for (path, text) in files {
            let name = PathText.normalized(path)
            if path.hasSuffix("/") { folders.insert(name) } else { self.files[name] = Array(text.utf8) }
            var folder = PathText.parent(of: name)
            while let path = folder {
                folders.insert(path)
                folder = PathText.parent(of: path)
            }
        }
        self.owners.merge(owners) { $1 }
    }

    /// The same files and one more, of any bytes.
    package func with(_ path: String, bytes: [UInt8]) -> MemoryFileSystem {
        var copy = self
        copy.files[path] = bytes
        return copy
    }

    package func status(of path: String) -> FileStatus? {
        let path = PathText.normalized(path)
        guard folders.contains(path) || files[path] != nil else { return nil }
        return FileStatus(isDirectory: folders.contains(path), owner: owners[path] ?? currentUser)
    }

    package func names(in folder: String) -> [String] {
        let folder = PathText.normalized(folder)
        return (Array(files.keys) + folders).filter { PathText.parent(of: $0) == folder }
            .map(PathText.lastComponent).sorted()
    }

    package func read(_ path: String, limit: Int) throws -> [UInt8] {
        guard let bytes = files[PathText.normalized(path)] else {
            throw Failure(.badInput, "\(path): can't be read: No such file or directory")
        }
        guard bytes.count <= limit else { throw Failure(.badInput, "\(path): is larger than \(limit) bytes") }
        return bytes
    }
}
