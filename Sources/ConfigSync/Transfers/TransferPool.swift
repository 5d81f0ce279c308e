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
        /// Files of at most `smallSize` bytes under way at a time, where answers take their time.
        package var smallFiles: Int
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

        package init(smallFiles: Int = 64) { self.smallFiles = smallFiles }
    }

    /// Small files under way at first: where answers come at once, more of them cost processor time and gain none.
    private static let firstSmallFiles = 16
    /// Small files that are begun in `lookInterval` when the network isn't waited for: 4,000 a second.
    private static let briskFiles = 200
    private static let lookInterval = Duration.milliseconds(50)

    package let options: Options
    private let sink: (any ProgressSink)?
    private let executors: [any TaskExecutor]

    /// - Parameters:
    ///   - executors: what small files are moved on, `S3.lanes`; on none of their own where there are none.
    ///   - progress: told how far the transfers have come, until `run` returns.
    package init(
        _ options: Options = Options(), on executors: [any TaskExecutor] = [], progress: (any ProgressSink)? = nil
    ) {
        self.options = options
        self.executors = executors
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
            try await drain(lanes, run)
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

    private enum Event { case drained, looked }

    /// Leaves with the first error, which ends the others.
    private func drain<Item>(_ lanes: [[Int]], _ run: Run<Item>) async throws {
        let queues = lanes.map { Queue($0) }
        let workers = zip(lanes, [options.smallFiles, options.mediumFiles, options.largeFiles])
            .map { min(max(1, $1), $0.count) }
        try await withThrowingTaskGroup(of: Event.self) { group in
            var running = 0
            var waiting = max(0, workers[0] - Self.firstSmallFiles)
            func begin(_ count: Int) {
                for number in 0..<count {
                    let executor = executors.isEmpty ? nil : executors[number % executors.count]
                    group.addTask(executorPreference: executor) { try await Self.work(run, queues[0]) }
                }
                running += count
            }
            begin(workers[0] - waiting)
            for lane in 1...2 {
                for _ in 0..<workers[lane] { group.addTask { try await Self.work(run, queues[lane]) } }
                running += workers[lane]
            }
            if waiting > 0 { group.addTask { await Self.look() } }
            var begun = 0
            while running > 0, let event = try await group.next() {
                guard case .looked = event else {
                    running -= 1
                    continue
                }
                let now = queues[0].begun
                if now - begun >= Self.briskFiles {
                    begun = now
                    group.addTask { await Self.look() }
                } else {
                    begin(waiting)
                    waiting = 0
                }
            }
            // Nobody waits for the next look.
            group.cancelAll()
        }
    }

    private static func work<Item>(_ run: Run<Item>, _ queue: Queue) async throws -> Event {
        try await run.drain(queue)
        return .drained
    }

    private static func look() async -> Event {
        // Cancelled, it looks at once, and nobody sees it.
        try? await Task.sleep(for: lookInterval)
        return .looked
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

    /// How many items somebody has begun.
    var begun: Int { min(next.load(ordering: .relaxed), indices.count) }

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
