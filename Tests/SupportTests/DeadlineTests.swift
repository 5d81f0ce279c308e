import Support
import Synchronization
import Testing

struct DeadlineTests {
    @Test func givesWhatTheWorkGives() async throws {
        #expect(try await Deadline.run(.seconds(600), what: "it") { 7 } == 7)
        #expect(try await Deadline.run(.seconds(600), what: "it") { Int?.none } == nil)
    }

    @Test func throwsWhatTheWorkThrows() async {
        let failure = await #expect(throws: Failure.self) {
            try await Deadline.run(.seconds(600), what: "it") { throw Failure(.differs, "no") }
        }
        #expect(failure?.kind == .differs)
    }

    @Test func endsTheWorkAtTheLimit() async {
        let wasCancelled = Mutex(false)
        let failure = await #expect(throws: Failure.self) {
            try await Deadline.run(.milliseconds(1), what: "the task to stop") {
                do {
                    try await Task.sleep(for: .seconds(600))
                } catch {
                    wasCancelled.withLock { $0 = true }
                    throw error
                }
            }
        }
        #expect(failure?.kind == .timedOut)
        #expect(failure?.message == "timed out after 0.001 s waiting for the task to stop")
        #expect(wasCancelled.withLock { $0 })
    }

    @Test func anInterruptionIsNoTimeout() async {
        let work = Task {
            try await Deadline.run(.seconds(600), what: "it") { try await Task.sleep(for: .seconds(600)) }
        }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
    }

    @Test func shieldedWorkGoesOnWhenTheCallerIsCancelled() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let work = Task {
            let inside = try await Shielded.run {
                for await _ in gate { break }
                return Task.isCancelled
            }
            return (inside: inside, outside: Task.isCancelled)
        }
        work.cancel()
        open.finish()
        let cancelled = try await work.value
        #expect(!cancelled.inside)
        #expect(cancelled.outside)
    }
}
