import FoundationEssentials
import Glibc
import Testing

/// A folder of a test's own, removed with all that lies in it.
final class FolderOnDisk: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/fgctl-sync-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func at(_ name: String) -> String { path + "/" + name }

    /// Writes a file and the folders above it.
    func write(_ name: String, _ text: String = "", mode: UInt16 = 0o644) throws {
        let parts = name.split(separator: "/").dropLast()
        for count in parts.indices { mkdir(at(parts[...count].joined(separator: "/")), 0o755) }
        let descriptor = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        try #require(descriptor >= 0, "\(name): \(String(cString: strerror(errno)))")
        defer { close(descriptor) }
        var bytes = Array(text.utf8)
        try #require(Glibc.write(descriptor, &bytes, bytes.count) == bytes.count)
        try #require(fchmod(descriptor, mode_t(mode)) == 0)
    }

    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: at(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    func link(_ name: String, to target: String) throws {
        let parts = name.split(separator: "/").dropLast()
        for count in parts.indices { mkdir(at(parts[...count].joined(separator: "/")), 0o755) }
        try #require(symlink(target, at(name)) == 0)
    }

    func mode(_ name: String) -> UInt16? {
        var info = stat()
        return lstat(at(name), &info) == 0 ? UInt16(truncatingIfNeeded: info.st_mode & 0o777) : nil
    }

    /// Every path below it, folders with a slash at their ends.
    var all: [String] { below("").sorted() }

    private func below(_ prefix: String) -> [String] {
        var found: [String] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: at(prefix))) ?? [] {
            var info = stat()
            let isFolder = lstat(at(prefix + name), &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
            found.append(prefix + name + (isFolder ? "/" : ""))
            if isFolder { found += below(prefix + name + "/") }
        }
        return found
    }
}
