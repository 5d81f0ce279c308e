/// Bytes of a known number that can be read at any place, and again: files, memory.
package protocol ByteSource: Sendable {
    /// In bytes.
    var length: Int64 { get }
    /// At least one and at most `count` bytes from `offset` on, which is below `length`.
    /// - Throws: also when the source has become shorter than `length`.
    func read(at offset: Int64, count: Int) async throws -> [UInt8]
}

/// A place that takes bytes at any offset and in any order, also the same ones again.
package protocol ByteSink: Sendable {
    func write(_ bytes: [UInt8], at offset: Int64) async throws
    /// Drops everything from `length` on: what an earlier attempt wrote too much.
    func truncate(to length: Int64) async throws
}

extension ByteSource {
    /// Hands the bytes of a range over in order, in pieces of at most `piece` bytes.
    package func forEachPiece(
        from start: Int64 = 0, length: Int64? = nil, piece: Int = 256 << 10, _ body: ([UInt8]) throws -> Void
    ) async throws {
        let end = length.map { start + $0 } ?? self.length
        var offset = start
        while offset < end {
            try Task.checkCancellation()
            let bytes = try await read(at: offset, count: Int(min(Int64(piece), end - offset)))
            offset += Int64(bytes.count)
            try body(bytes)
        }
    }
}

/// Bytes in memory.
package struct MemorySource: ByteSource {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var length: Int64 { Int64(bytes.count) }

    package func read(at offset: Int64, count: Int) -> [UInt8] {
        if offset == 0, count >= bytes.count { return bytes }
        return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
    }
}
