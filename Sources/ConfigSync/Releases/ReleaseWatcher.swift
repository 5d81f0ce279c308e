internal import AWS
internal import Support

/// Keeps a folder at the release that the pointer names.
package struct ReleaseWatcher: Sendable {
    package enum Event: Sendable {
        case pulled(ReleasePuller.Report)
        /// Something stands in the way; it is tried again after the time that is given.
        case failed(String, again: Duration)
        case recovered
    }

    private let store: ReleaseStore
    private let puller: ReleasePuller
    private let interval: Duration
    private static let longestPause = Duration.seconds(300)

    package init(_ store: ReleaseStore, _ puller: ReleasePuller, interval: Duration) {
        self.store = store
        self.puller = puller
        self.interval = interval
    }

    /// The release that the pointer names by now.
    private func renewed() async throws -> ReleaseHash {
        guard let found = try await store.pointer() else { throw store.noPointer }
        return found.pointer.release
    }

    /// Runs until the task is cancelled. Outages end nothing: what is there stays.
    ///
    /// - Throws: `CancellationError`.
    package func run(_ tell: @escaping @Sendable (Event) async -> Void) async throws {
        var eTag: String?
        var failures = 0
        while true {
            do {
                switch try await store.pointer(unless: eTag) {
                case .same: break
                case .missing: throw store.noPointer
                case .found(let found):
                    let report = try await puller.run(found.pointer.release, renewed: renewed)
                    eTag = found.eTag
                    await tell(.pulled(report))
                }
                if failures > 0 { await tell(.recovered) }
                failures = 0
            } catch {
                try Task.checkCancellation()
                failures += 1
                await tell(.failed("\(error)".split(separator: "\n").joined(separator: "; "), again: pause(failures)))
            }
            try await Task.sleep(for: pause(failures))
        }
    }

    /// Longer and longer, up to five minutes, and never the same for many watchers.
    func pause(_ failures: Int) -> Duration {
        let factor = Double(1 << min(failures, 10)) / (failures == 0 ? 1 : 2)
        let longest = max(interval, Self.longestPause)
        return min(interval * factor, longest) * Double.random(in: 0.9...1.1)
    }
}
