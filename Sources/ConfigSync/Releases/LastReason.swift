internal import Synchronization

/// The last reason for waiting, told once.
final class LastReason: Sendable {
    private let held = Mutex("")

    var text: String { held.withLock { $0 } }

    /// - Returns: whether it is another one than before.
    func set(_ reason: String) -> Bool {
        let line = reason.split(separator: "\n").joined(separator: "; ")
        return held.withLock { held in
            defer { held = line }
            return held != line
        }
    }
}
