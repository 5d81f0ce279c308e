import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

/// Runs a test with a transport of its own, and asserts that it gave back every handle of C.
func withTransport(
    _ configuration: HTTPConfiguration = HTTPConfiguration(), _ body: (CurlTransport) async throws -> Void
) async throws {
    let transport = CurlTransport(configuration)
    do { try await body(transport) } catch {
        await transport.shutdown()
        throw error
    }
    await transport.shutdown()
    #expect(transport.census.live == 0)
}

/// The error of a request that must fail, of whatever kind.
func failure(_ body: () async throws -> Void) async -> HTTPError? {
    do {
        try await body()
        Issue.record("no error was thrown")
        return nil
    } catch let error as HTTPError {
        return error
    } catch {
        Issue.record("not an HTTPError: \(error)")
        return nil
    }
}

/// A whole answer.
struct Answer: Equatable {
    let status: Int
    let text: String

    init(_ status: Int, _ text: String) {
        self.status = status
        self.text = text
    }
}

extension Transport {
    /// Sends a request and reads the whole answer.
    func exchange(_ request: HTTPRequest) async throws -> Answer {
        let response = try await send(request)
        return Answer(response.status, String(decoding: try await response.body.collect(), as: UTF8.self))
    }

    func get(_ url: String) async throws -> Answer {
        try await exchange(HTTPRequest(method: "GET", url: url))
    }
}

/// A count that scripts and tests share.
final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add(_ more: Int) { count.withLock { $0 += more } }
}

/// Waits until a count has stopped growing: unchanged for `quiet`.
func settled(_ counter: Counter, quiet: Duration = .milliseconds(100)) async throws -> Int {
    var last = (value: counter.value, since: ContinuousClock.now)
    try await eventually("the count settles") {
        if counter.value != last.value { last = (counter.value, .now) }
        return last.value > 0 && ContinuousClock.now - last.since > quiet
    }
    return last.value
}

/// A body source that makes up its bytes, counts them, and can fail.
struct PatternReader: HTTPBodyReader {
    let length: Int
    let given = Counter()
    var fault: (any Error)?

    /// The pattern repeats after 64 KiB; here it stands often enough to be cut at any place.
    private static let table = (0..<1 << 21).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    /// The bytes from a place of the pattern on; at most 1 MiB.
    static func bytes(from start: Int, count: Int) -> ArraySlice<UInt8> { table[(start % (1 << 16))...].prefix(count) }

    /// Whether bytes are those of the pattern from a place on; at most 1 MiB.
    static func matches(_ piece: [UInt8], from start: Int) -> Bool {
        piece.withUnsafeBytes { left in
            table.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return piece.isEmpty }
                return memcmp(left, right + start % (1 << 16), piece.count) == 0
            }
        }
    }

    func read(maximum: Int) async throws -> [UInt8]? {
        let start = given.value
        if start >= length {
            if let fault { throw fault }
            return nil
        }
        let piece = Array(Self.bytes(from: start, count: min(maximum, length - start)))
        given.add(piece.count)
        return piece
    }
}

/// A source that gives nothing until its task is cancelled. Counts a call's begin and end.
struct StallingReader: HTTPBodyReader {
    let calls = Counter()

    func read(maximum: Int) async throws -> [UInt8]? {
        calls.add(1)
        defer { calls.add(1) }
        try await Task.sleep(for: .seconds(60))
        return nil
    }
}

extension [Duration] {
    var median: Duration { isEmpty ? .zero : sorted()[count / 2] }
}
