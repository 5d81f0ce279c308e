import ConfigSync
import Support
import Synchronization
import TestSupport
import Testing

@Suite struct TransferPoolTests {
    private struct Broken: Error, Equatable { let index: Int }

    private final class Gauge: Sendable {
        let now = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let done = Atomic<Int>(0)
        let shown = Mutex<[TransferProgress]>([])

        func enter() {
            let count = now.wrappingAdd(1, ordering: .relaxed).newValue
            most.max(count, ordering: .relaxed)
        }

        func leave() {
            now.wrappingSubtract(1, ordering: .relaxed)
            done.wrappingAdd(1, ordering: .relaxed)
        }
    }

    private struct Sink: ProgressSink {
        let gauge: Gauge
        func show(_ progress: TransferProgress) { gauge.shown.withLock { $0.append(progress) } }
    }

    @Test(arguments: [(100, Int64(4096), 64), (100, 1 << 20, 8), (20, 64 << 20, 2)])
    func eachKindOfFileHasItsBound(_ count: Int, _ size: Int64, _ bound: Int) async throws {
        let gauge = Gauge()
        let failed = try await TransferPool(progress: Sink(gauge: gauge)).run(Array(0..<count), bytes: { _ in size }) {
            _, meter in
            gauge.enter()
            await Task.yield()
            meter.moved(size)
            gauge.leave()
        }
        #expect(failed.isEmpty)
        #expect(gauge.done.load(ordering: .relaxed) == count)
        #expect(gauge.most.load(ordering: .relaxed) <= bound)
        let last = try #require(gauge.shown.withLock { $0.last })
        #expect(last.files == count && last.allFiles == count)
        #expect(last.bytes == size * Int64(count) && last.allBytes == last.bytes)
        #expect(last.secondsLeft == 0)
    }

    @Test func theFirstErrorEndsTheOthers() async throws {
        let gauge = Gauge()
        let failed = try await TransferPool().run(Array(0..<1000), bytes: { _ in 1 }) { index, _ in
            if index == 10 { throw Broken(index: index) }
            defer { gauge.leave() }
            // Only cancellation ends it.
            try await Task.sleep(for: .seconds(3600))
        }
        #expect(failed.map(\.index) == [10])
        #expect(failed.first?.error as? Broken == Broken(index: 10))
        #expect(gauge.done.load(ordering: .relaxed) < 64)
    }

    @Test func errorsAreGatheredUpToABound() async throws {
        var options = TransferPool.Options()
        options.failures = 5
        let few = try await TransferPool(options).run(Array(0..<100), bytes: { _ in 1 }) { index, _ in
            if index % 25 == 7 { throw Broken(index: index) }
        }
        #expect(few.map(\.index) == [7, 32, 57, 82])
        options.smallFiles = 1
        let gauge = Gauge()
        let many = try await TransferPool(options).run(Array(0..<100), bytes: { _ in 1 }) { index, _ in
            gauge.leave()
            throw Broken(index: index)
        }
        #expect(many.map(\.index) == [0, 1, 2, 3, 4])
        #expect(gauge.done.load(ordering: .relaxed) == 5)
    }

    @Test func cancellingEndsEverything() async throws {
        let gauge = Gauge()
        let task = Task {
            try await TransferPool().run(Array(0..<100), bytes: { _ in 1 }) { _, _ in
                gauge.enter()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await eventually("ten transfers under way") { gauge.now.load(ordering: .relaxed) > 10 }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test func nothingIsDoneForNothing() async throws {
        #expect(try await TransferPool().run([Int](), bytes: { _ in 1 }) { _, _ in }.isEmpty)
    }

    @Test func rateAndTimeLeftFollowTheLastSeconds() {
        let meter = TransferMeter(allFiles: 10, allBytes: 1000)
        #expect(meter.progress(at: 0).secondsLeft == nil)
        meter.moved(100)
        meter.finishedFile()
        let first = meter.progress(at: 1)
        #expect(first.bytesPerSecond == 100 && first.secondsLeft == 9)
        // Half a minute later the beginning doesn't count any more.
        meter.moved(100)
        _ = meter.progress(at: 30)
        meter.moved(300)
        let later = meter.progress(at: 31)
        #expect(later.bytesPerSecond == 300)
        #expect(later.bytes == 500 && later.allBytes == 1000)
    }
}
