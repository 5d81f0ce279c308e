internal import Synchronization

/// The bytes of one request body between the task that reads their source and the owner thread, which sends them.
///
/// Filled on demand: nothing is opened or read before the connection asks for the first byte, so that waiting requests
/// hold neither files nor memory.
final class SendBuffer: Sendable {
    /// Bytes read from a source at a time.
    static let pieceSize = 256 << 10
    /// No further piece is read while this many bytes wait.
    static let limit = 512 << 10

    /// What the owner thread gets for one call.
    enum Reading {
        /// This many bytes were copied; 0 is the end of the body.
        case bytes(Int)
        /// Nothing is here yet; the transfer has to pause.
        case pause
    }

    private typealias Waiter = CheckedContinuation<Bool, Never>

    private struct State {
        /// Pieces not yet sent, and how much of the first one was.
        var pieces: [[UInt8]] = []
        var offset = 0
        var buffered = 0
        /// Bytes of the body that the connection has not taken yet.
        var left: Int64
        var isWanted = false
        var isPaused = false
        var isOver = false
        var filler: Waiter?
    }

    private let state: Mutex<State>
    private let source: @Sendable () async throws -> any HTTPBodyReader
    private let length: Int64

    /// A body read from `open`, `length` bytes long.
    init(length: Int64, open: @escaping @Sendable () async throws -> any HTTPBodyReader) {
        self.length = length
        source = open
        state = Mutex(State(left: length))
    }

    /// Whether the transfer waits for the source.
    var isPaused: Bool { state.withLock { $0.isPaused } }

    /// Whether no more bytes are wanted.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Copies the next bytes to where libcurl wants them.
    func read(into space: UnsafeMutableRawBufferPointer) -> Reading {
        let (reading, filler) = state.withLock { state -> (Reading, Waiter?) in
            state.isWanted = true
            let reading = Self.take(&state, space)
            guard state.buffered < Self.limit else { return (reading, nil) }
            defer { state.filler = nil }
            return (reading, state.filler)
        }
        filler?.resume(returning: true)
        return reading
    }

    /// Reads the source to the body's end, as the connection takes it.
    /// - Parameter resumeTransfer: called when there are bytes again after a pause.
    /// - Throws: what the source throws; `HTTPError.invalidRequest` when it is shorter than announced.
    func fill(resumeTransfer: () -> Void) async throws {
        guard await room() else { return }
        let reader = try await source()
        var left = length
        while left > 0, await room() {
            let wanted = Int(min(left, Int64(Self.pieceSize)))
            guard let piece = try await reader.read(maximum: wanted) else {
                throw HTTPError.invalidRequest(
                    reason: "the request body ended after \(length - left) bytes of \(length)")
            }
            guard piece.count <= wanted else {
                throw HTTPError.invalidRequest(reason: "the request body's reader gave more than it was asked for")
            }
            if piece.isEmpty { try Task.checkCancellation() }
            left -= Int64(piece.count)
            if push(piece) { resumeTransfer() }
        }
    }

    /// No more bytes are wanted: drops them and lets the filler go.
    func finish() {
        let filler = state.withLock { state -> Waiter? in
            state.isOver = true
            state.isPaused = false
            state.pieces = []
            defer { state.filler = nil }
            return state.filler
        }
        filler?.resume(returning: false)
    }

    /// Waits until the connection wants more; false when the transfer is over.
    private func room() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Bool? in
                if state.isOver { return false }
                if state.isWanted, state.buffered < Self.limit { return true }
                state.filler = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// - Returns: whether the transfer was waiting for these bytes.
    private func push(_ piece: [UInt8]) -> Bool {
        if piece.isEmpty { return false }
        return state.withLock { state in
            if state.isOver { return false }
            state.pieces.append(piece)
            state.buffered += piece.count
            defer { state.isPaused = false }
            return state.isPaused
        }
    }

    private static func take(_ state: inout State, _ space: UnsafeMutableRawBufferPointer) -> Reading {
        if state.left == 0 || state.isOver { return .bytes(0) }
        guard let first = state.pieces.first else {
            state.isPaused = true
            return .pause
        }
        let count = min(space.count, first.count - state.offset)
        first.withUnsafeBytes { space.copyMemory(from: .init(rebasing: $0[state.offset..<state.offset + count])) }
        state.offset += count
        state.buffered -= count
        state.left -= Int64(count)
        if state.offset == first.count {
            state.pieces.removeFirst()
            state.offset = 0
        }
        return .bytes(count)
    }
}

extension SendBuffer {
    /// A body that is wholly in memory already; it is not copied.
    convenience init(_ bytes: [UInt8]) {
        self.init(length: Int64(bytes.count)) { throw HTTPError.invalidRequest(reason: "this body has no source") }
        state.withLock { state in
            state.pieces = [bytes]
            state.buffered = bytes.count
        }
    }
}
