import CEpoll
import Crypto
import Glibc

/// One client's connection: reads requests, has them carried out, sends answers. Used by its worker's thread alone.
final class Connection {
    private enum Phase {
        case head
        case body
        /// The request is whole, its answer has a while to go yet.
        case delayed
        case sending
        case closed
    }

    /// How the body of a request is delimited.
    private enum Framing {
        case length(left: Int)
        case chunked(ChunkedDecoder)

        var isDone: Bool {
            switch self {
            case .length(let left): left == 0
            case .chunked(let decoder): decoder.isDone
            }
        }
    }

    let descriptor: CInt
    private unowned let worker: Worker
    private var phase = Phase.head
    /// What came too early or is no whole head yet.
    private var unread: [UInt8] = []
    private var request: S3Request?
    private var framing = Framing.length(left: 0)
    /// S3's own chunks inside the body.
    private var chunks: ChunkedDecoder?
    private var body: IncomingBody?
    private var refusal: IncomingBody.Refusal?
    private var fault: Fault?
    private var bytesUntilReset: Int?
    private var outgoing = Outgoing()
    private var closesAfterAnswer = false
    private var interest = epoll_readable

    init(_ descriptor: CInt, _ worker: Worker) {
        self.descriptor = descriptor
        self.worker = worker
    }

    /// Does what the descriptor is ready for.
    func handle(_ events: UInt32) {
        if events & epoll_broken != 0 { return close() }
        if events & epoll_writable != 0 { advance(outgoing.resume(descriptor)) }
        if events & epoll_readable != 0 { read() }
    }

    // MARK: Reading

    private func read() {
        let scratch = worker.scratch
        let before = unread.count
        unread.withUnsafeBytes { scratch.copyMemory(from: $0) }
        unread.removeAll(keepingCapacity: true)
        let count = recv(descriptor, scratch.baseAddress?.advanced(by: before), scratch.count - before, 0)
        if count < 0, errno == EAGAIN {
            unread.append(contentsOf: scratch[..<before])
            return
        }
        guard count > 0 else { return close() }
        take(UnsafeRawBufferPointer(rebasing: scratch[..<(before + count)]))
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let here = UnsafeRawBufferPointer(rebasing: rest)
            switch phase {
            case .head:
                guard let length = RequestHead.length(in: here) else {
                    guard here.count < RequestHead.longest else { return close() }
                    unread.append(contentsOf: here)
                    return
                }
                guard let head = RequestHead(UnsafeRawBufferPointer(rebasing: here[..<length])) else { return close() }
                rest = rest.dropFirst(length)
                begin(S3Request(head))
            case .body:
                guard let taken = takeBody(here) else { return close() }
                rest = rest.dropFirst(taken)
                if let left = bytesUntilReset, left <= taken { return reset() }
                bytesUntilReset = bytesUntilReset.map { $0 - taken }
                if framing.isDone { complete() }
            case .delayed, .sending:
                unread.append(contentsOf: here)
                return
            case .closed: return
            }
        }
    }

    private func begin(_ request: S3Request) {
        let head = request.head
        self.request = request
        refusal = nil
        chunks = nil
        body = nil
        closesAfterAnswer = head.value("connection")?.lowercased() == "close"
        fault = nil
        // Who looks on from outside is spared.
        if let faults = worker.faults, head.value("x-loopback-faults") != "none" {
            fault = faults.next(for: request.operation, isConditional: request.isConditional)
        }
        let length = head.number("content-length") ?? 0
        if head.value("transfer-encoding")?.lowercased() == "chunked" {
            framing = .chunked(ChunkedDecoder())
        } else {
            framing = .length(left: length)
            if length == 0 && request.operation != .putObject && request.operation != .uploadPart { return complete() }
        }
        if fault == .resetInRequest {
            guard length > 1 else { return reset() }
            bytesUntilReset = worker.faults.map { 1 + $0.number(below: length - 1) }
        }
        let isChunked =
            head.value("content-encoding")?.contains("aws-chunked") == true
            || head.value("x-amz-content-sha256")?.hasPrefix("STREAMING-") == true
        if isChunked { chunks = ChunkedDecoder() }
        let expected = isChunked ? head.number("x-amz-decoded-content-length") : framing.isDone ? 0 : length
        let isObject = request.operation == .putObject || request.operation == .uploadPart
        do {
            let isOpen = if case .chunked = framing { expected == 0 || !isChunked } else { false }
            let body = try IncomingBody(
                head, expected: isOpen ? nil : expected, isObject: isObject,
                isCompletion: request.operation == .completeMultipartUpload, options: worker.options)
            if fault == .flippedRequest, let expected, expected > 0 {
                body.flippedAt = worker.faults?.number(below: expected)
            }
            self.body = body
        } catch {
            refusal = .init(code: "InternalError", message: "\(error)")
        }
        phase = .body
        if head.value("expect")?.lowercased() == "100-continue" {
            let line = "HTTP/1.1 100 Continue\r\n\r\n"
            _ = line.utf8.withContiguousStorageIfAvailable {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
        }
        if framing.isDone { complete() }
    }

    /// - Returns: the bytes taken; `nil` when they can't be understood.
    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int? {
        switch framing {
        case .length(let left):
            let count = min(left, bytes.count)
            framing = .length(left: left - count)
            return keep(UnsafeRawBufferPointer(rebasing: bytes[..<count])) ? count : nil
        case .chunked(var decoder):
            let taken = try? decoder.decode(bytes) { if !keep($0) { throw ChunkedDecoder.Malformed() } }
            framing = .chunked(decoder)
            return taken
        }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let body, refusal == nil else { return true }
        do {
            if var decoder = chunks {
                _ = try decoder.decode(bytes) { try body.append($0) }
                chunks = decoder
            } else {
                try body.append(bytes)
            }
            return true
        } catch is ChunkedDecoder.Malformed {
            return false
        } catch {
            refusal = .init(code: "InternalError", message: "\(error)")
            return true
        }
    }

    // MARK: Answering

    private func complete() {
        phase = .delayed
        if worker.options.latency > 0 {
            watch(0)
            worker.delay(self)
        } else {
            answer()
        }
    }

    /// Carries the request out and begins to send its answer.
    func answer() {
        guard phase == .delayed, let request else { return }
        worker.statistics.count(request.operation)
        guard fault != .resetInRequest else { return reset() }
        var answer = carryOut(request)
        if request.head.method == .head, answer.status >= 300 { answer.body = Body() }
        let length = answer.length ?? answer.body.count
        worker.log(request.head, answer.status, length, fault)
        switch fault {
        case .resetInResponse where worker.faults?.number(below: 2) == 0 || answer.body.count < 2: return reset()
        case .resetInResponse, .truncated:
            if answer.body.count > 1 {
                answer.body = answer.body[0..<answer.body.count / 2]
                closesAfterAnswer = true
            }
        case .flippedResponse where answer.status < 300 && answer.body.count > 0:
            answer.body = answer.body.flipped(at: worker.faults?.number(below: answer.body.count) ?? 0)
        default: break
        }
        worker.writeHead(answer, length: length, closes: closesAfterAnswer && fault == nil)
        phase = .sending
        advance(outgoing.start(descriptor, head: &worker.head, answer.body))
    }

    private func carryOut(_ request: S3Request) -> Answer {
        switch fault {
        case .slowDown: return .error(.slowDown, "Please reduce your request rate.")
        case .conflict: return .error(.conflict, "Another conditional write is under way.")
        default: break
        }
        var received = ReceivedBody()
        if let body {
            do {
                if let refusal { throw refusal }
                received.checked = try body.check(trailers: trailers)
            } catch let refusal as IncomingBody.Refusal {
                return .refusal(refusal)
            } catch {
                return .error(.internalError)
            }
            received.body = body.body
            received.text = body.text
            received.crc64 = body.crc64.bytes
            received.hasAnnouncedChecksum = body.algorithm != nil
        }
        body = nil
        return worker.service.answer(request, received)
    }

    private var trailers: [(name: String, value: String)] {
        if case .chunked(let decoder) = framing { return decoder.trailers + (chunks?.trailers ?? []) }
        return chunks?.trailers ?? []
    }

    private func advance(_ progress: Outgoing.Progress) {
        guard phase == .sending else { return }
        switch progress {
        case .blocked: watch(epoll_writable)
        case .broken: close()
        case .done:
            if fault == .resetInResponse { return reset() }
            if closesAfterAnswer { return close() }
            phase = .head
            request = nil
            watch(epoll_readable)
            guard !unread.isEmpty else { return }
            let early = unread
            unread = []
            early.withUnsafeBytes { take($0) }
        }
    }

    // MARK: The descriptor

    private func watch(_ events: UInt32) {
        guard events != interest, phase != .closed else { return }
        interest = events
        epoll_set(worker.epoll, epoll_op_modify, descriptor, events, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Ends the connection so that the peer sees a reset.
    private func reset() {
        if fault == .resetInRequest, let request { worker.log(request.head, 0, 0, fault) }
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    private func close() {
        guard phase != .closed else { return }
        phase = .closed
        body = nil
        Glibc.close(descriptor)
        worker.forget(self)
    }
}
