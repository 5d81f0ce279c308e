internal import Synchronization

/// One request under way, as its caller and the owner thread share it. Holds no C handle.
final class Transfer: Sendable {
    private struct State {
        /// Waits for the response's head.
        var caller: CheckedContinuation<HTTPResponse, any Error>?
        /// The head of a response that is given with its whole body.
        var head: ResponseHead?
        /// Reads the source of a streamed request body.
        var filler: Task<Void, Never>?
        /// Ended, or no longer wanted.
        var isOver = false
    }

    let request: PreparedRequest
    /// Bytes of the response's body.
    let received: ReceiveBuffer
    /// Bytes of the request's body, when it doesn't go out with the head.
    let sending: SendBuffer?
    private let streams: Bool
    private let loop: CurlLoop
    private let state = Mutex(State())

    init(_ request: PreparedRequest, body: HTTPBody, loop: CurlLoop) {
        self.request = request
        self.loop = loop
        received = ReceiveBuffer(limit: request.wholeLimit.map { $0 + 1 } ?? ReceiveBuffer.limit)
        var sending: SendBuffer?
        var streams = false
        if case .upload(let length) = request.payload {
            switch body {
            case .none: break
            case .bytes(let bytes): sending = SendBuffer(bytes)
            case .stream(_, let open):
                sending = SendBuffer(length: length, open: open)
                streams = true
            }
        }
        self.sending = sending
        self.streams = streams
    }

    /// Whether the transfer ended or was cancelled, perhaps before it was ever started.
    var isOver: Bool { state.withLock { $0.isOver } }

    // MARK: Called by the caller's side

    /// Hands the request to the owner thread; `caller` is resumed once, with the response's head or an error.
    func begin(_ caller: CheckedContinuation<HTTPResponse, any Error>) {
        let wasCancelled = state.withLock { state in
            if !state.isOver { state.caller = caller }
            return state.isOver
        }
        if wasCancelled { return caller.resume(throwing: CancellationError()) }
        if streams { startFilling() }
        do throws(HTTPError) { try loop.start(self) } catch { finish(error) }
    }

    /// The next piece of the response's body.
    func nextPiece() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await received.next { loop.resume(self) }
        } onCancel: {
            abort(CancellationError())
        }
    }

    /// Ends the transfer from any thread and at any time: before it is queued, while it runs, after its end.
    func abort(_ error: any Error) {
        let (wasOver, caller, filler) = end()
        received.discard(error)
        sending?.finish()
        filler?.cancel()
        caller?.resume(throwing: error)
        if !wasOver { loop.stop(self) }
    }

    private func startFilling() {
        guard let sending else { return }
        let filler = Task {
            do {
                try await sending.fill { loop.resume(self) }
            } catch {
                // A source that fails because nobody wants its bytes is no news; the response may still be read.
                if isOver || sending.isOver { return }
                abort(
                    error as? HTTPError ?? .invalidRequest(reason: "the request body could not be read: \(error)"))
            }
        }
        let wasOver = state.withLock { state in
            if !state.isOver { state.filler = filler }
            return state.isOver
        }
        if wasOver { filler.cancel() }
    }

    // MARK: Called by the owner thread

    /// The head of the response is there.
    func deliver(_ head: ResponseHead) {
        let isWhole = request.wholeLimit != nil
        let (caller, filler) = state.withLock { state in
            if isWhole {
                state.head = head
                return (nil as CheckedContinuation<HTTPResponse, any Error>?, state.filler)
            }
            defer { state.caller = nil }
            return (state.caller, state.filler)
        }
        if head.status >= 300, let sending {
            // A refusal: libcurl sends no more of the body, but would still wait for a paused source.
            sending.finish()
            filler?.cancel()
            loop.resume(self)
        }
        guard let caller else { return }
        let reader = ResponseReader(self)
        let body = HTTPResponseBody { try await reader.next() }
        caller.resume(returning: HTTPResponse(status: head.status, headers: head.headers, body: body))
    }

    /// The exchange ended: completely, or with the error that says why not.
    func finish(_ error: HTTPError?) {
        let head = state.withLock { $0.head }
        let (_, caller, filler) = end()
        received.finish(error)
        sending?.finish()
        filler?.cancel()
        if error == nil, let head {
            let body = HTTPResponseBody(received.takeAll())
            caller?.resume(returning: HTTPResponse(status: head.status, headers: head.headers, body: body))
            return
        }
        caller?.resume(throwing: error ?? .connectionLost(reason: "the exchange ended without an answer"))
    }

    private func end() -> (wasOver: Bool, CheckedContinuation<HTTPResponse, any Error>?, Task<Void, Never>?) {
        state.withLock { state in
            defer {
                state.isOver = true
                state.caller = nil
                state.filler = nil
            }
            return (state.isOver, state.caller, state.filler)
        }
    }
}

/// The reading end of one response's body; when the last reference goes, so does the transfer.
private final class ResponseReader: Sendable {
    private let transfer: Transfer

    init(_ transfer: Transfer) { self.transfer = transfer }

    func next() async throws -> [UInt8]? { try await transfer.nextPiece() }

    deinit { transfer.abort(CancellationError()) }
}
