internal import Glibc
internal import Support

/// Tells others that the config has changed: a file's time, or a signal to a process.
package enum Notice {
    /// The signals that may be sent, by their names without SIG.
    private static let signals: [String: CInt] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "TERM": SIGTERM, "USR1": SIGUSR1, "USR2": SIGUSR2,
    ]

    /// - Throws: `Failure` of kind `usage`.
    package static func signal(_ name: String) throws -> Int32 {
        let upper = name.uppercased()
        let bare = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        guard let number = signals[bare] else {
            throw Failure(
                .usage, "--signal \(name): is no signal that can be sent",
                hint: "one of \(signals.keys.sorted().joined(separator: ", "))")
        }
        return number
    }

    /// Makes the file, or sets its time to now.
    package static func touch(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o644)
        guard descriptor >= 0 else { throw TreeFolder.failure("touch", path, errno) }
        defer { close(descriptor) }
        guard futimens(descriptor, nil) == 0 else { throw TreeFolder.failure("touch", path, errno) }
    }

    /// Sends a signal to every process of that name that can be seen, but not to this one.
    /// - Returns: how many got it.
    /// - Throws: `Failure` of kind `failed` when one may not be signalled.
    package static func send(_ signal: Int32, to name: String, proc: String = "/proc") throws -> Int {
        var count = 0
        for id in processes(named: name, proc: proc) where id != getpid() {
            if kill(id, signal) == 0 {
                count += 1
            } else if errno != ESRCH {
                throw TreeFolder.failure("signal process", "\(id) (\(name))", errno)
            }
        }
        return count
    }

    /// The processes of that name, as `ps` shows it, or as the program or the script that it runs is called.
    static func processes(named name: String, proc: String) -> [Int32] {
        let files = LocalFileSystem()
        return files.names(in: proc).compactMap { Int32($0) }.filter { id in
            // A process may end while it is looked at.
            guard let comm = try? files.read("\(proc)/\(id)/comm", limit: 4096) else { return false }
            let words = (try? files.read("\(proc)/\(id)/cmdline", limit: 1 << 20)) ?? []
            return isNamed(name, comm: comm, words: words)
        }
    }

    /// - Parameter words: as the system has them: each ended by a NUL.
    static func isNamed(_ name: String, comm: [UInt8], words: [UInt8]) -> Bool {
        if String(decoding: comm, as: UTF8.self).split(separator: "\n").first.map(String.init) == name { return true }
        return words.split(separator: 0).prefix(2).contains {
            String(decoding: $0, as: UTF8.self).split(separator: "/").last.map(String.init) == name
        }
    }
}
