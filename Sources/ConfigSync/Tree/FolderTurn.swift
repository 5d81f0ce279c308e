internal import Glibc
internal import Support

/// The cause of a failure to get a folder's turn: it may be got later.
struct FolderInUse: Error {}

/// The turn of a folder: a lock that ends with its descriptor, also when the process is killed.
enum FolderTurn {
    /// Waits until the lock is this process's.
    ///
    /// - Parameters:
    ///   - path: of the folder, for messages.
    ///   - place: what is locked, for messages.
    ///   - limit: how long it is waited for.
    ///   - holder: who has it.
    ///   - waiting: told who has it, once; then `nil` when it is this one's turn.
    /// - Returns: whether another one had it.
    /// - Throws: `Failure` of kind `timedOut` at the limit, naming who has it; of kind `failed` where nothing can be locked.
    static func take(
        _ descriptor: CInt, of path: String, place: String, limit: Duration, holder: () -> String,
        waiting: @Sendable (String?) -> Void
    ) async throws -> Bool {
        let started = ContinuousClock.now
        var waited = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR else { throw TreeFolder.failure("lock", place, code) }
            guard ContinuousClock.now - started < limit else {
                throw Failure(
                    .timedOut,
                    "pull into \(path): \(holder()) is pulling into it, and is not done after "
                        + DurationText.format(limit),
                    hint: "run it again later, or end that process: its lock on \(place) ends with it",
                    cause: FolderInUse())
            }
            if !waited { waiting("\(holder()) is pulling into \(path)") }
            waited = true
            // A lock can't be waited for without holding a thread.
            try await Task.sleep(for: .milliseconds(50))
        }
        if waited { waiting(nil) }
        return waited
    }
}
