package import Support

/// Where an env file lies.
package struct EnvLocation: Sendable, Hashable {
    /// The absolute path.
    package let path: String
    /// The path as messages name it: as the user wrote it, or as seen from the working directory.
    package let shown: String
    /// The folder from which relative paths in the file count: the one that holds the folder `env`, else the working
    /// directory.
    package let root: String

    package init(path: String, shown: String, root: String) {
        self.path = path
        self.shown = shown
        self.root = root
    }
}

/// Finds the env file that ENV names.
///
/// ENV is an existing file; or a folder that holds `default`; or a bare name with a file `env/NAME` at the project's
/// root (`env` itself: the folder `env` there, with its `default`). Left out, it is `$FGCTL_ENV`, else `env/default`.
///
/// The project's root is looked for upward from the working directory. The walk looks into the working directory
/// itself and ends at a folder that holds `.git` (which is looked into), before `$HOME`, and before a folder of another
/// owner than the working directory's.
package enum EnvLocator {
    /// The env file to use; `nil` when none is named and there is no `env/default`.
    /// - Parameters:
    ///   - name: what the user wrote, `nil` when it was left out.
    ///   - fgctlEnv: the variable FGCTL_ENV; empty counts as unset.
    ///   - directory: the working directory, absolute.
    ///   - home: the variable HOME.
    /// - Throws: `Failure(.usage)` when `name` or FGCTL_ENV names nothing; `Failure(.badInput)` when the file that was
    ///   found by the walk belongs to another user, who could so direct the command elsewhere.
    package static func resolve(
        _ name: String?, fgctlEnv: String?, directory: String, home: String?, files: any FileSystem
    ) throws -> EnvLocation? {
        let walk = Walk(directory: directory, home: home, files: files)
        if let name {
            guard let found = try walk.find(name) else { throw walk.unknown(name, "ENV") }
            return found
        }
        if let name = fgctlEnv, !name.isEmpty {
            guard let found = try walk.find(name) else { throw walk.unknown(name, "FGCTL_ENV") }
            return found
        }
        return try walk.upward("env/default")
    }

    /// Whether ENV may be meant by `word`: it resolves.
    package static func names(_ word: String, directory: String, home: String?, files: any FileSystem) -> Bool {
        do {
            return try Walk(directory: directory, home: home, files: files).find(word) != nil
        } catch {
            // It is there but may not be used: `resolve` says why.
            return true
        }
    }

    /// Where `env/default` is looked for, in words: the folders of the walk, the nearest first.
    package static func searched(directory: String, home: String?, files: any FileSystem) -> String {
        Walk(directory: directory, home: home, files: files).searched
    }

    /// The name in the project's `env` folder that `word` seems to misspell.
    package static func suggestion(
        for word: String, directory: String, home: String?, files: any FileSystem
    ) -> String? {
        Walk(directory: directory, home: home, files: files).suggestion(for: word)
    }
}

/// One search from a working directory.
private struct Walk {
    let directory: String
    let home: String?
    let files: any FileSystem

    func find(_ name: String) throws -> EnvLocation? {
        guard !name.isEmpty else { return nil }
        let path = PathText.join(directory, name)
        switch files.status(of: path)?.isDirectory {
        case false?: return location(path, shown: name)
        case true? where files.isFile(path + "/default"):
            return location(path + "/default", shown: name.hasSuffix("/") ? name + "default" : name + "/default")
        default: break
        }
        let bare = name.hasSuffix("/") ? String(name.dropLast()) : name
        guard !bare.contains("/"), bare != ".", bare != ".." else { return nil }
        if name == bare, let found = try upward("env/" + bare) { return found }
        return bare == "env" ? try upward("env/default") : nil
    }

    /// The nearest file `path` in a folder of the walk.
    func upward(_ path: String) throws -> EnvLocation? {
        for folder in folders {
            let file = PathText.join(folder, path)
            guard files.isFile(file) else { continue }
            let shown = PathText.relative(file, to: directory)
            for part in [PathText.join(folder, "env"), file] {
                guard let owner = files.owner(of: part), !isTrusted(owner) else { continue }
                throw Failure(
                    .badInput, "\(shown): belongs to another user, so it is not taken unasked",
                    hint: "name it to use it: -e \(shown)")
            }
            return location(file, shown: shown)
        }
        return nil
    }

    /// The folders that are looked into, the nearest first.
    private var folders: [String] {
        let start = PathText.normalized(directory)
        let owner = files.owner(of: start)
        let home = home.map(PathText.normalized)
        var folders = [start]
        while let last = folders.last, !files.exists(PathText.join(last, ".git")), last != home,
            let parent = PathText.parent(of: last), parent != home, files.owner(of: parent) == owner
        {
            folders.append(parent)
        }
        return folders
    }

    /// `/p/a up to /p`
    var searched: String {
        let folders = folders
        return PathText.normalized(directory) + (folders.count > 1 ? " up to \(folders.last ?? "/")" : "")
    }

    private func isTrusted(_ owner: UInt32) -> Bool {
        owner == files.currentUser || owner == 0 || owner == files.owner(of: directory)
    }

    private func location(_ path: String, shown: String) -> EnvLocation {
        let folder = PathText.parent(of: path) ?? "/"
        let root = PathText.lastComponent(of: folder) == "env" ? PathText.parent(of: folder) : nil
        return EnvLocation(path: path, shown: shown, root: root ?? PathText.normalized(directory))
    }

    func unknown(_ name: String, _ what: String) -> Failure {
        if name.isEmpty { return Failure(.usage, "\(what) is empty", hint: "name an env file") }
        if files.isDirectory(PathText.join(directory, name)) {
            return Failure(
                .usage, "\(what) '\(name)': the folder holds no file 'default'", hint: "name the file: \(name)/NAME")
        }
        guard !name.contains("/") else { return Failure(.usage, "\(what) '\(name)': there is no such file or folder") }
        return Failure(
            .usage, "\(what) '\(name)': there is no such file or folder, and no env/\(name) in the project",
            hint: suggestion(for: name).map { "did you mean '\($0)'?" }
                ?? "looked for env/\(name) in \(searched)")
    }

    func suggestion(for word: String) -> String? {
        Suggestion.nearest(to: word, in: folders.flatMap { files.names(in: PathText.join($0, "env")) })
    }
}
