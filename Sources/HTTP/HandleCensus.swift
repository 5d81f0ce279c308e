internal import Synchronization

/// Counts what must be given back to C: transfers, the multi handle, the owner thread. In debug builds only.
///
/// Each transport has its own, so that tests in one process don't see each other's handles.
package final class HandleCensus: Sendable {
    private let count = Atomic<Int>(0)

    /// How many are alive now; always 0 in release builds.
    package var live: Int { count.load(ordering: .acquiring) }

    func add() {
        #if DEBUG
            count.add(1, ordering: .relaxed)
        #endif
    }

    func remove() {
        #if DEBUG
            count.subtract(1, ordering: .releasing)
        #endif
    }
}
