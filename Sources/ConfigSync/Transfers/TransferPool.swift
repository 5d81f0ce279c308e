internal import Support
internal import Synchronization

/// One item of many that could not be moved.
package struct TransferFailure: Error, Sendable {
    /// Where it stands in the list that was given.
    package let index: Int
    package let error: any Error
}

/// Moves many files at once, in bounded memory.
///
/// Small, medium and large files go side by side, each kind with a bound of its own, so that neither ten thousand small files
/// nor a few large ones take more than some 40 MiB of buffers.
package struct TransferPool: Sendable {
    package struct Options: Sendable {
        /// Files of at most `smallSize` bytes under way at a time.
        package var smallFiles = 64
        /// Files between both sizes under way at a time.
        package var mediumFiles = 8
        /// Files of more than `largeSize` bytes under way at a time; each moves up to eight parts at once.
        package var largeFiles = 2
        package var smallSize: Int64 = 60 << 10
        package var largeSize: Int64 = 16 << 20
        /// After this many failures nothing more is begun. 1: the first error ends the others too.
        package var failures = 1
        /// How often progress is shown.
        package var progressInterval: Duration = .milliseconds(200)

        package init() {}
    }

    package let options: Options
    private let sink: (any ProgressSink)?

    /// - Parameter progress: told how far the transfers have come, until `run` returns.
    package init(_ options: Options = Options(), progress: (any ProgressSink)? = nil) {
        self.options = options
        sink = progress
    }

    /// Does the work for each item.
    ///
    /// - Parameters:
    ///   - bytes: the size of an item.
    ///   - work: moves one item and tells the meter the bytes as they are moved; the file is counted here.
    /// - Returns: the failures, in the order of the items. Where there are as many as the options admit, items may not have been
    ///   tried.
    /// - Throws: `CancellationError` when the task is cancelled; all transfers have ended then. Nothing else.
    package func run<Item: Sendable>(
        _ items: [Item], bytes: (Item) -> Int64, work: @escaping @Sendable (Item, TransferMeter) async throws -> Void
    ) async throws -> [TransferFailure] {
        var lanes: [[Int]] = [[], [], []]
        var all: Int64 = 0
        for (index, item) in items.enumerated() {
            let size = bytes(item)
            all += size
            lanes[size <= options.smallSize ? 0 : size <= options.largeSize ? 1 : 2].append(index)
        }
        let meter = TransferMeter(allFiles: items.count, allBytes: all)
        let run = Run(items: items, meter: meter, limit: max(1, options.failures), work: work)
        let ticker = ticker(meter)
        let ended: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (lane, workers) in zip(lanes, [options.smallFiles, options.mediumFiles, options.largeFiles]) {
                    let queue = Queue(lane)
                    for _ in 0..<min(max(1, workers), lane.count) { group.addTask { try await run.drain(queue) } }
                }
                // Leaving with the first error cancels the others; `waitForAll` would wait for them.
                while try await group.next() != nil {}
            }
            ended = .success(())
        } catch {
            ended = error is TooManyFailures ? .success(()) : .failure(error)
        }
        ticker?.cancel()
        await ticker?.value
        sink?.show(meter.progress())
        try Task.checkCancellation()
        try ended.get()
        return run.failures
    }

    private func ticker(_ meter: TransferMeter) -> Task<Void, Never>? {
        guard let sink else { return nil }
        let interval = options.progressInterval
        return Task {
            while !Task.isCancelled {
                sink.show(meter.progress())
                do { try await Task.sleep(for: interval) } catch { return }
            }
        }
    }
}

/// Counts from many tasks.
final class Tally: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }

    func add(_ count: Int = 1) { value.wrappingAdd(count, ordering: .relaxed) }
}

private struct TooManyFailures: Error {}

/// The items of one lane that nobody has begun.
private final class Queue: Sendable {
    private let indices: [Int]
    private let next = Atomic<Int>(0)

    init(_ indices: [Int]) { self.indices = indices }

    func take() -> Int? {
        let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return place < indices.count ? indices[place] : nil
    }
}

private final class Run<Item: Sendable>: Sendable {
    private let items: [Item]
    private let meter: TransferMeter
    private let limit: Int
    private let work: @Sendable (Item, TransferMeter) async throws -> Void
    private let found = Mutex<[TransferFailure]>([])

    init(
        items: [Item], meter: TransferMeter, limit: Int,
        work: @escaping @Sendable (Item, TransferMeter) async throws -> Void
    ) {
        self.items = items
        self.meter = meter
        self.limit = limit
        self.work = work
    }

    var failures: [TransferFailure] { found.withLock { $0.sorted { $0.index < $1.index } } }

    /// Works on items of a lane until there are none left.
    func drain(_ queue: Queue) async throws {
        while let index = queue.take() {
            try Task.checkCancellation()
            do {
                try await work(items[index], meter)
                meter.finishedFile()
            } catch {
                // What ends since the others were ended is no failure of its own.
                if Task.isCancelled { throw CancellationError() }
                let isFull = found.withLock { found in
                    found.append(TransferFailure(index: index, error: error))
                    return found.count >= limit
                }
                if isFull { throw TooManyFailures() }
            }
        }
    }
}
