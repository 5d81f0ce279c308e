internal import Synchronization

/// Cuts a stream of bytes into lines at line feeds; a carriage return before one is dropped.
final class LineSplitter: Sendable {
    /// Bytes after which a line without end is handed on in pieces, so that memory stays bounded.
    static let longestLine = 64 << 10

    private let rest = Mutex<[UInt8]>([])

    func add(_ bytes: [UInt8], to sink: (String) -> Void) {
        let lines = rest.withLock { rest in
            var lines: [String] = []
            for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
                if part.offset > 0 {
                    lines.append(Self.text(rest[...]))
                    rest.removeAll(keepingCapacity: true)
                }
                rest += part.element
                while rest.count > Self.longestLine {
                    let end = Self.scalarBoundary(in: rest, before: Self.longestLine)
                    lines.append(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeFirst(end)
                }
            }
            return lines
        }
        lines.forEach(sink)
    }

    /// Hands on what came after the last line feed.
    func finish(to sink: (String) -> Void) {
        let last = rest.withLock { rest in
            defer { rest = [] }
            return rest
        }
        if !last.isEmpty { sink(Self.text(last[...])) }
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String {
        String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
    }

    /// The last index not after `limit` at which no UTF-8 scalar is cut in two.
    private static func scalarBoundary(in bytes: [UInt8], before limit: Int) -> Int {
        var index = limit
        while index > limit - 4, bytes[index] & 0b1100_0000 == 0b1000_0000 { index -= 1 }
        return bytes[index] & 0b1100_0000 == 0b1000_0000 ? limit : index
    }
}

/// The last bytes of a stream, at most `limit` of them.
final class BoundedBytes: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isTruncated = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var bytes: [UInt8] { state.withLock { Array($0.bytes.suffix(limit)) } }
    var isTruncated: Bool { state.withLock { $0.isTruncated } }

    func add(_ more: [UInt8]) {
        state.withLock { state in
            state.bytes += more
            guard state.bytes.count > limit else { return }
            state.isTruncated = true
            // Cut only now and then: moving the kept bytes for every piece would cost limit × pieces.
            if state.bytes.count > 2 * limit { state.bytes.removeFirst(state.bytes.count - limit) }
        }
    }
}
