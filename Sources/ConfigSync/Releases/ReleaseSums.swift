internal import Synchronization

/// Checksums that many tasks make.
final class Sums: Sendable {
    struct Sum: Sendable {
        /// SHA-256 in hex.
        var hex = ""
        var size: Int64 = 0
        /// As the file was meanwhile.
        var made: FileChange?
    }

    private let held: Mutex<[Sum]>

    init(count: Int) { held = Mutex(Array(repeating: Sum(), count: count)) }

    func set(_ index: Int, _ sum: FileChecksum, _ size: Int64, _ made: FileChange) {
        guard case .sha256(let hex) = sum else { return }
        held.withLock { $0[index] = Sum(hex: hex, size: size, made: made) }
    }

    subscript(index: Int) -> Sum { held.withLock { $0[index] } }
}
