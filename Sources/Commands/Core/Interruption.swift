internal import Synchronization

/// Remembers the signal that asked the process to end.
package final class Interruption: Sendable {
    private let number = Mutex<Int32?>(nil)

    package init() {}

    /// The first signal's number; `nil` while none came.
    package var signal: Int32? { number.withLock { $0 } }

    /// Notes a signal and tells whether it is the first.
    package func note(_ signal: Int32) -> Bool {
        number.withLock { held in
            guard held == nil else { return false }
            held = signal
            return true
        }
    }
}
