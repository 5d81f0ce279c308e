import Glibc
import Synchronization
import TestSupport
import Testing

@testable import HTTP

/// The hand-over between the owner thread and a reader, without a network.
struct ReceiveBufferTests {
    /// A pause must always be followed by a resumption, however reader and writer interleave.
    @Test func neverForgetsAPause() async throws {
        let rounds = 100_000
        // So small that every second byte pauses.
        let buffer = ReceiveBuffer(limit: 1)
        let resumed = Resumptions()
        try inThread {
            var pauses = 0
            for _ in 0..<rounds {
                while !withUnsafeBytes(of: UInt8(1), { buffer.append($0) }) {
                    pauses += 1
                    // The transfer does nothing until it is told to go on.
                    let deadline = ContinuousClock.now + .seconds(300)
                    while resumed.count.load(ordering: .acquiring) < pauses {
                        if ContinuousClock.now > deadline {
                            return buffer.finish(HTTPError.timedOut(reason: "pause \(pauses) is forgotten", sent: true))
                        }
                        sched_yield()
                    }
                }
            }
            buffer.finish(nil)
        }
        var received = 0
        while let piece = try await buffer.next(resumeTransfer: { resumed.count.add(1, ordering: .releasing) }) {
            received += piece.count
            // Different distances between the two sides find different interleavings.
            for _ in 0..<received % 64 { _ = buffer.isPaused }
        }
        #expect(received == rounds)
    }

    private final class Resumptions: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test func holdsNoMoreThanItsLimit() async throws {
        let buffer = ReceiveBuffer()
        let chunk = [UInt8](repeating: 1, count: 64 << 10)
        var taken = 0
        while chunk.withUnsafeBytes({ buffer.append($0) }) { taken += chunk.count }
        #expect(taken == ReceiveBuffer.limit)
        #expect(buffer.isPaused)
        let resumed = Counter()
        let piece = try await buffer.next { resumed.add(1) }
        #expect(piece?.count == taken)
        #expect(resumed.value == 1)
        #expect(!buffer.isPaused)
    }

    @Test func aSecondReaderIsRefused() async throws {
        let buffer = ReceiveBuffer()
        let readers = [Task { try await buffer.next {} }, Task { try await buffer.next {} }]
        // Whichever comes second gets the error; the other one waits for the end.
        let refused = await withTaskGroup(of: Bool.self) { group in
            for reader in readers {
                group.addTask {
                    if case .failure(HTTPError.invalidRequest) = await reader.result { return true }
                    return false
                }
            }
            let first = await group.next()
            buffer.finish(nil)
            return first
        }
        #expect(refused == true)
    }
}
