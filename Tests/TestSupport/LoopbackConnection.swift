internal import Glibc
internal import Synchronization

/// A request as it came over the wire.
package struct RecordedRequest: Sendable {
    /// The connection it came on, counted from 0.
    package let connection: Int
    /// The request line and header lines, without line ends.
    package let lines: [String]
    /// The body; empty when the script threw it away.
    package var body: [UInt8] = []
    /// Bytes of the body, kept or not.
    package var bodyLength = 0

    package var method: String { word(0) }
    /// The request target, byte for byte.
    package var target: String { word(1) }
    package var bodyText: String { String(decoding: body, as: UTF8.self) }

    /// The values of every header of that name, in order.
    package func values(_ name: String) -> [String] {
        lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                return nil
            }
            return String(line[colon...].dropFirst().drop { $0 == " " })
        }
    }

    private func word(_ index: Int) -> String {
        let words = lines.first?.split(separator: " ").map { String($0) } ?? []
        return index < words.count ? words[index] : ""
    }
}

/// A complete, well-formed answer.
package struct LoopbackAnswer: Sendable {
    package var status: Int
    package var headers: [String]
    package var body: [UInt8]
    package var isChunked: Bool

    /// - Parameter headers: complete lines; Content-Length or Transfer-Encoding is added.
    package init(_ status: Int = 200, _ body: String = "", headers: [String] = [], isChunked: Bool = false) {
        self.status = status
        self.headers = headers
        self.body = Array(body.utf8)
        self.isChunked = isChunked
    }
}

/// The server's end of one connection. Every call blocks, for five minutes at most.
///
/// Used by its script's thread alone.
package final class LoopbackConnection {
    /// Counted from 0, in the order accepted.
    package let index: Int
    let ledger: LoopbackServer.Ledger
    /// Seconds after which a script that waits is a fault of the test.
    private static let patience = 300
    private let descriptor: CInt
    private var unread: [UInt8] = []

    init(_ descriptor: CInt, index: Int, ledger: LoopbackServer.Ledger) {
        self.descriptor = descriptor
        self.index = index
        self.ledger = ledger
        var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var yes: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
    }

    // MARK: Reading

    /// The next request, recorded; `nil` when the client closed the connection between requests.
    package func readRequest(keepingBody: Bool = true) throws -> RecordedRequest? {
        guard var request = try readHead() else { return nil }
        try readBody(of: &request, keepingBody: keepingBody)
        ledger.state.withLock { $0.requests.append(request) }
        return request
    }

    /// The next request's head alone, not recorded; `nil` when the client closed the connection.
    package func readHead() throws -> RecordedRequest? {
        let separator = Array("\r\n\r\n".utf8)
        while true {
            if let end = unread.firstRange(of: separator) {
                let head = String(decoding: unread[..<end.lowerBound], as: UTF8.self)
                unread.removeSubrange(..<end.upperBound)
                return RecordedRequest(
                    connection: index,
                    lines: head.split(separator: "\r\n", omittingEmptySubsequences: false).map { String($0) })
            }
            guard let piece = try receive() else {
                if unread.isEmpty { return nil }
                throw LoopbackError.malformed("the connection ended inside a request's head")
            }
            unread += piece
        }
    }

    /// Reads the body that belongs to a head.
    /// - Parameter progress: called with each piece's size as it arrives.
    package func readBody(
        of request: inout RecordedRequest, keepingBody: Bool = true, progress: (Int) -> Void = { _ in }
    ) throws {
        guard let text = request.values("content-length").first else { return }
        guard var left = Int(text) else { throw LoopbackError.malformed("Content-Length: \(text)") }
        while left > 0 {
            if unread.isEmpty {
                guard let piece = try receive() else { throw LoopbackError.closed }
                unread = piece
            }
            let count = min(left, unread.count)
            if keepingBody { request.body += unread[..<count] }
            unread.removeSubrange(..<count)
            request.bodyLength += count
            left -= count
            progress(count)
        }
    }

    /// Waits until the client closes or breaks the connection; a stalling server does nothing else.
    /// - Parameter reading: whether to take what the client sends meanwhile, or to let it pile up.
    package func waitForClose(reading: Bool = true) throws {
        if reading {
            do { while try receive() != nil {} } catch LoopbackError.closed {}
        } else {
            // POLLRDHUP, which Glibc shows to GNU C alone: the client has closed, whatever is still unread.
            var events = pollfd(fd: descriptor, events: 0x2000, revents: 0)
            if poll(&events, 1, CInt(Self.patience) * 1000) == 0 { throw LoopbackError.timedOut }
        }
    }

    /// Waits until the client has sent something, without reading it.
    package func waitForBytes() throws {
        var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&events, 1, CInt(Self.patience) * 1000) == 0 { throw LoopbackError.timedOut }
    }

    private func receive() throws -> [UInt8]? {
        let piece = try [UInt8](unsafeUninitializedCapacity: 64 << 10) { space, count in
            let result = recv(descriptor, space.baseAddress, space.count, 0)
            if result < 0 { throw Self.failure("recv") }
            count = result
        }
        return piece.isEmpty ? nil : piece
    }

    // MARK: Writing

    /// Writes text as it stands; line ends are the script's business.
    package func write(_ text: String) throws { try write(Array(text.utf8)) }

    package func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { all in
            var rest = all[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let sent = Glibc.send(descriptor, part.baseAddress, part.count, CInt(MSG_NOSIGNAL))
                if sent < 0 { throw Self.failure("send") }
                rest = rest.dropFirst(sent)
            }
        }
    }

    /// Writes a whole answer in one piece.
    package func send(_ answer: LoopbackAnswer) throws {
        var lines = ["HTTP/1.1 \(answer.status) Status"] + answer.headers
        var body = answer.body
        if answer.isChunked {
            lines.append("Transfer-Encoding: chunked")
            let size = String(body.count, radix: 16)
            body = (body.isEmpty ? [] : Array("\(size)\r\n".utf8) + body + Array("\r\n".utf8)) + Array("0\r\n\r\n".utf8)
        } else if answer.status != 204, answer.status != 304 {
            lines.append("Content-Length: \(body.count)")
        }
        try write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    // MARK: Ending

    /// Breaks the connection: the client sees a reset, not an end.
    package func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Closes the connection. Closing twice does nothing.
    package func close() {
        // Under the lock, so that stopping never touches a number that was given to somebody else.
        ledger.state.withLock { state in
            if state.open.removeValue(forKey: index) != nil { _ = Glibc.close(descriptor) }
        }
    }

    private static func failure(_ call: String) -> LoopbackError {
        switch errno {
        case ECONNRESET, EPIPE, ENOTCONN, EBADF: .closed
        case EAGAIN, EWOULDBLOCK: .timedOut
        default: .system(call, errno)
        }
    }
}
