import Support
import Synchronization
import Testing

@testable import AWS

struct WaiterTests {
    /// A waiter whose time passes only while it sleeps.
    private func waiter(
        deadline: Duration?, interval: PollInterval = .every(.seconds(5)), slept: SleepLog
    ) -> Waiter<Int> {
        Waiter(
            what: "stack x", interval: interval, deadline: deadline, elapsed: { slept.total }, sleep: { slept.add($0) })
    }

    private final class SleepLog: Sendable {
        private let pauses = Mutex<[Duration]>([])
        var all: [Duration] { pauses.withLock { $0 } }
        var total: Duration { all.reduce(.zero, +) }
        func add(_ pause: Duration) { pauses.withLock { $0.append(pause) } }
    }

    @Test func pollsUntilTheAcceptorIsContent() async throws {
        let slept = SleepLog()
        var polls = 0
        let result = try await waiter(deadline: .seconds(60), slept: slept).wait {
            polls += 1
            return polls
        } accept: {
            $0 < 3 ? .again() : .done
        }
        #expect(result == 3)
        #expect(slept.all == [.seconds(5), .seconds(5)])
    }

    @Test func pausesGrowToTheLongest() async throws {
        let slept = SleepLog()
        var polls = 0
        let interval = PollInterval(first: .seconds(1), longest: .seconds(5), factor: 2)
        _ = try await waiter(deadline: nil, interval: interval, slept: slept).wait {
            polls += 1
            return polls
        } accept: {
            $0 < 6 ? .again() : .done
        }
        #expect(slept.all == [1, 2, 4, 5, 5].map { .seconds($0) })
    }

    @Test func pollsOnceMoreAtTheDeadlineThenTimesOut() async throws {
        let slept = SleepLog()
        var polls = 0
        let failure = await #expect(throws: Failure.self) {
            try await waiter(deadline: .seconds(12), slept: slept).wait {
                polls += 1
                return polls
            } accept: { _ in
                .again("CREATE_IN_PROGRESS")
            }
        }
        #expect(failure?.kind == .timedOut)
        #expect(failure?.message == "timed out after 12 s waiting for stack x: CREATE_IN_PROGRESS")
        #expect(slept.all == [.seconds(5), .seconds(5), .seconds(2)])
        #expect(polls == 4)
    }

    @Test func failsWithTheAcceptorsError() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await waiter(deadline: nil, slept: SleepLog()).wait {
                1
            } accept: { _ in
                .failed(Failure(.failed, "rolled back"))
            }
        }
        #expect(failure?.message == "rolled back")
    }

    @Test func stopsWhenCancelled() async throws {
        let task = Task {
            try await Waiter<Int>(what: "ever", interval: .seconds(3600), deadline: nil).wait {
                1
            } accept: { _ in
                .again()
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
