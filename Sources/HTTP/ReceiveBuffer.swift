internal import Synchronization

/// The bytes of one response between the owner thread, which receives them, and the one task that reads them.
///
/// Holds at most `limit` bytes: when it is full the owner thread pauses the transfer, and so TCP slows the server.
final class ReceiveBuffer: Sendable {
    /// Bytes held back for a slow reader.
    static let limit = 512 << 10

    private typealias Reader = CheckedContinuation<[UInt8]?, any Error>

    private struct State {
        var bytes: [UInt8] = []
        var reader: Reader?
        /// Set once: no more bytes come; they are complete, or the error says why not.
        var end: Result<Void, any Error>?
        var isPaused = false
    }

    private enum Step {
        case piece([UInt8], wasPaused: Bool)
        case end
        case error(any Error)
        case wait
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = ReceiveBuffer.limit) { self.limit = limit }

    /// Whether the transfer waits for the reader.
    var isPaused: Bool { state.withLock { $0.isPaused } }

    /// Takes received bytes.
    /// - Returns: whether they were taken; if not, the buffer is full and the transfer has to pause.
    func append(_ received: UnsafeRawBufferPointer) -> Bool {
        let (taken, reader) = state.withLock { state -> (Bool, Reader?) in
            if state.end != nil { return (true, nil) }
            if let reader = state.reader {
                state.reader = nil
                return (true, reader)
            }
            if !state.bytes.isEmpty, state.bytes.count + received.count > limit {
                state.isPaused = true
                return (false, nil)
            }
            state.bytes.append(contentsOf: received)
            return (true, nil)
        }
        reader?.resume(returning: Array(received))
        return taken
    }

    /// Everything that was received and not read.
    func takeAll() -> [UInt8] {
        state.withLock { state in
            var bytes: [UInt8] = []
            swap(&bytes, &state.bytes)
            return bytes
        }
    }

    /// The next bytes; `nil` at the end.
    /// - Parameter resumeTransfer: called when there is room again after a pause.
    func next(resumeTransfer: () -> Void) async throws -> [UInt8]? {
        // Looking and beginning to wait are one step: in between, the buffer could fill up and pause.
        try await withCheckedThrowingContinuation { reader in
            switch state.withLock({ Self.step(&$0, reader) }) {
            case .piece(let bytes, let wasPaused):
                if wasPaused { resumeTransfer() }
                reader.resume(returning: bytes)
            case .end: reader.resume(returning: nil)
            case .error(let error): reader.resume(throwing: error)
            case .wait: break
            }
        }
    }

    /// Nothing more comes. Bytes already here can still be read, then comes `error`. Only the first call counts.
    func finish(_ error: (any Error)?) {
        let reader = state.withLock { state -> Reader? in
            guard state.end == nil else { return nil }
            state.end = error.map { .failure($0) } ?? .success(())
            defer { state.reader = nil }
            return state.reader
        }
        if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
    }

    /// Nobody wants the bytes any more: drops them; a reader gets `error`.
    func discard(_ error: any Error) {
        let reader = state.withLock { state -> Reader? in
            state.bytes = []
            state.isPaused = false
            state.end = .failure(error)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(throwing: error)
    }

    private static func step(_ state: inout State, _ reader: Reader) -> Step {
        if !state.bytes.isEmpty {
            let wasPaused = state.isPaused
            state.isPaused = false
            var bytes: [UInt8] = []
            swap(&bytes, &state.bytes)
            return .piece(bytes, wasPaused: wasPaused)
        }
        switch state.end {
        case .success: return .end
        case .failure(let error): return .error(error)
        case nil: break
        }
        if state.reader != nil {
            return .error(HTTPError.invalidRequest(reason: "a response body is read by two tasks at once"))
        }
        state.reader = reader
        return .wait
    }
}
