internal import Synchronization

/// Checksums that many tasks make.
final class Sums: Sendable {
    private let held: Mutex<[(String, Int64)]>

    init(count: Int) { held = Mutex(Array(repeating: ("", 0), count: count)) }

    func set(_ index: Int, _ sum: FileChecksum, _ size: Int64) {
        guard case .sha256(let hex) = sum else { return }
        held.withLock { $0[index] = (hex, size) }
    }

    subscript(index: Int) -> (String, Int64) { held.withLock { $0[index] } }
}
