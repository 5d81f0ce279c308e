internal import Glibc
internal import Support

/// The turn of a folder, held while the value lives.
struct ReleaseLock: Sendable {
    private final class Descriptor: Sendable {
        let number: CInt
        init(_ number: CInt) { self.number = number }
        deinit { close(number) }
    }

    private let descriptor: Descriptor
    /// Whether another one had it when it was asked for.
    fileprivate(set) var waited = false

    init(_ descriptor: CInt) { self.descriptor = Descriptor(descriptor) }
}

extension ReleaseFolder {
    /// Takes the turn of this folder; others wait. It ends with the value, also when the process is killed.
    ///
    /// - Parameters:
    ///   - limit: how long it is waited for.
    ///   - waiting: told who has it, once; then `nil` when it is this one's turn.
    /// - Throws: `Failure` of kind `timedOut` at the limit, naming the process that has it.
    func lock(limit: Duration, waiting: @Sendable (String?) -> Void = { _ in }) async throws -> ReleaseLock {
        let file = releases + "/.lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw TreeFolder.failure("write", file, errno) }
        var lock = ReleaseLock(descriptor)
        lock.waited = try await FolderTurn.take(
            descriptor, of: path, place: file, limit: limit, holder: { Self.holder(descriptor) }, waiting: waiting)
        Self.sign(descriptor)
        return lock
    }

    /// Says in the lock whose it is: only words for others hang on it.
    private static func sign(_ descriptor: CInt) {
        let text = Array("\(getpid()) \(hostName)\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = pwrite(descriptor, text, text.count, 0)
    }

    /// Who has signed the lock: a container's process has a number of its own, hence the host.
    private static func holder(_ descriptor: CInt) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: 256) { space, count in
            count = max(0, pread(descriptor, space.baseAddress, space.count, 0))
        }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, Int32(words[0]) != nil else { return "another process" }
        return words[1] == hostName
            ? "process \(words[0])" : "process \(words[0]) on \(KeySafety.quoted(String(words[1])))"
    }

    private static var hostName: String {
        var info = utsname()
        guard uname(&info) == 0 else { return "?" }
        let name = withUnsafeBytes(of: info.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return name.isEmpty ? "?" : name
    }
}
