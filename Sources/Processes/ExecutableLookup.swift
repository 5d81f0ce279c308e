internal import Glibc
internal import Support

/// Finds the file that a program's name stands for, so that a missing program is a clear message and not a failed spawn.
package struct ExecutableLookup {
    /// The value of `PATH`; entries that are not absolute are passed over, as running a program out of the working
    /// directory by accident is never meant.
    let path: String
    /// Absolute folder from which a relative path with a `/` counts.
    let directory: String

    package init(path: String, directory: String) {
        self.path = path
        self.directory = directory
    }

    /// - Returns: the path to give to `execve`.
    /// - Throws: `Failure` `.notFound` (exit 127) or `.notExecutable` (exit 126).
    package func find(_ name: String) throws -> String {
        guard !name.isEmpty else { throw Failure(.notFound, "run a program: its name is empty") }
        if name.contains("/") {
            let file = name.hasPrefix("/") ? name : directory + "/" + name
            switch Self.look(at: file) {
            case .executable: return file
            case .missing: throw Failure(.notFound, "run \(name): no such file")
            case .notExecutable(let reason): throw Failure(.notExecutable, "run \(name): \(reason)")
            }
        }
        var refused: Failure?
        for folder in path.split(separator: ":") where folder.hasPrefix("/") {
            let file = "\(folder)/\(name)"
            switch Self.look(at: file) {
            case .executable: return file
            case .missing: continue
            case .notExecutable(let reason):
                refused = refused ?? Failure(.notExecutable, "run \(name): \(file) \(reason)")
            }
        }
        throw refused
            ?? Failure(.notFound, "run \(name): command not found", hint: "install \(name), or add its folder to PATH")
    }

    private enum Finding {
        case executable
        case missing
        case notExecutable(reason: String)
    }

    private static func look(at file: String) -> Finding {
        var status = stat()
        guard stat(file, &status) == 0 else {
            return errno == EACCES ? .notExecutable(reason: "can't be reached: permission denied") : .missing
        }
        if status.st_mode & S_IFMT == S_IFDIR { return .notExecutable(reason: "is a directory") }
        // AT_EACCESS: the rights that execve will look at, not those of the real user.
        guard faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0 else {
            return .notExecutable(reason: "is not executable: permission denied")
        }
        return .executable
    }
}
