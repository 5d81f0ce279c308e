import FoundationEssentials
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

/// When credentials are renewed: in the background from 15 minutes before their end, waited for from 10 minutes on.
struct CredentialCacheTests {
    /// Gives keys that last an hour from now, or fails, or waits to be let go on.
    private final class Source: CredentialProvider {
        let fake: FakeEffects
        let searches = Mutex<Int>(0)
        let fails = Mutex<Bool>(false)
        let lasts = Mutex<TimeInterval>(3600)
        let gate = Mutex<AsyncStream<Void>?>(nil)

        init(_ fake: FakeEffects) { self.fake = fake }

        var name: String { "test" }

        func find() async throws -> CredentialFinding {
            let number = searches.withLock { count in
                count += 1
                return count
            }
            if let gate = gate.withLock({ $0 }) { for await _ in gate { break } }
            try Task.checkCancellation()
            if fails.withLock({ $0 }) { throw Failure(.credentials, "no answer") }
            let end = fake.now.withLock { $0 }.addingTimeInterval(lasts.withLock { $0 })
            return .found(
                Credentials(
                    accessKeyID: "AK\(number)", secretAccessKey: Secret("s"), expiration: end, source: "test"))
        }
    }

    private let fake = FakeEffects()

    private func cache() -> (CredentialCache, Source) {
        let source = Source(fake)
        return (CredentialCache(chain: CredentialChain(providers: [source]), effects: fake.effects), source)
    }

    private func pass(_ seconds: TimeInterval) { fake.now.withLock { $0 += seconds } }

    @Test func isNotRenewedEarlierThan15MinutesBeforeTheEnd() async throws {
        let (cache, source) = cache()
        #expect(try await cache.current().accessKeyID == "AK1")
        pass(2700)
        #expect(try await cache.current().accessKeyID == "AK1")
        #expect(source.searches.withLock { $0 } == 1)
    }

    @Test func theOldOnesServeWhileOneRenewalRuns() async throws {
        let (cache, source) = cache()
        _ = try await cache.current()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        source.gate.withLock { $0 = gate }
        pass(2701)
        for _ in 0..<20 { #expect(try await cache.current().accessKeyID == "AK1") }
        try await eventually("the renewal starts") { source.searches.withLock { $0 } == 2 }
        #expect(try await cache.current().accessKeyID == "AK1")
        open.finish()
        try await eventually("the renewal ends") { try await cache.current().accessKeyID == "AK2" }
        #expect(source.searches.withLock { $0 } == 2)
    }

    @Test func tenMinutesBeforeTheEndEverybodyWaitsForOneRenewal() async throws {
        let (cache, source) = cache()
        _ = try await cache.current()
        pass(3001)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.current().accessKeyID } }
            for try await key in group { #expect(key == "AK2") }
        }
        #expect(source.searches.withLock { $0 } == 2)
    }

    @Test func theOldOnesServeToTheirEndWhileRenewingFails() async throws {
        let (cache, source) = cache()
        _ = try await cache.current()
        source.fails.withLock { $0 = true }
        pass(3001)
        #expect(try await cache.current().accessKeyID == "AK1")
        #expect(try await cache.current().accessKeyID == "AK1")
        #expect(source.searches.withLock { $0 } == 2)
        pass(61)
        #expect(try await cache.current().accessKeyID == "AK1")
        #expect(source.searches.withLock { $0 } == 3)
        pass(3600)
        await #expect(throws: Failure.self) { try await cache.current() }
        source.fails.withLock { $0 = false }
        #expect(try await cache.current().accessKeyID == "AK5")
    }

    @Test func shortLivedOnesAreNotRenewedAtEachCall() async throws {
        let (cache, source) = cache()
        source.lasts.withLock { $0 = 300 }
        for _ in 0..<10 { #expect(try await cache.current().accessKeyID == "AK1") }
        pass(61)
        #expect(try await cache.current().accessKeyID == "AK2")
        #expect(source.searches.withLock { $0 } == 2)
        pass(301)
        #expect(try await cache.current().accessKeyID == "AK3")
    }

    @Test func refusedOnesAreForgotten() async throws {
        let (cache, _) = cache()
        let first = try await cache.current()
        cache.forget(first)
        #expect(try await cache.current().accessKeyID == "AK2")
        cache.forget(first)
        #expect(try await cache.current().accessKeyID == "AK2")
    }
}
