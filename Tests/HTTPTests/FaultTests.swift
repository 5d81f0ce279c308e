import HTTP
import TestSupport
import Testing

/// What breaks, and whether the error says truly if the request may have been acted upon.
struct FaultTests {
    @Test func connectionRefused() async throws {
        let closed = try ClosedPort()
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get(closed.url()) }
            guard case .cannotConnect(let host, let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(host == "127.0.0.1")
            #expect(!reason.isEmpty)
            #expect(error?.mayHaveBeenSent == false)
        }
    }

    @Test func unknownHost() async throws {
        try await withTransport { transport in
            var request = HTTPRequest(method: "GET", url: "http://no-such-host.invalid/")
            // Longer than a resolver waits for a name server that doesn't answer.
            request.timeouts.connect = .seconds(300)
            let error = await failure { [request] in _ = try await transport.exchange(request) }
            guard case .cannotConnect("no-such-host.invalid", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test(arguments: [true, false])
    func brokenBeforeAnAnswer(afterReading: Bool) async throws {
        let server = try LoopbackServer { connection in
            if afterReading { _ = try connection.readRequest() }
            connection.reset()
        }
        try await withTransport { transport in
            let request = HTTPRequest(method: "POST", url: server.url(), body: .bytes([1]))
            let error = await failure { _ = try await transport.exchange(request) }
            // Before reading it depends on who is faster whether anything was sent; afterwards it certainly was.
            switch error {
            case .connectionLost: break
            case .cannotConnect where !afterReading: break
            default: Issue.record("\(String(describing: error))")
            }
        }
        #expect(server.connectionCount == 1)
    }

    @Test func closedWithoutAnAnswer() async throws {
        let server = try LoopbackServer { connection in _ = try connection.readRequest() }
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get(server.url()) }
            guard case .connectionLost = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(server.requests.count == 1)
    }

    @Test(
        arguments: [
            ("Content-Length: 10\r\n\r\nabcd", false, HTTPError.truncatedBody(received: 4, expected: 10)),
            ("Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n", false, .truncatedBody(received: 4, expected: nil)),
            ("Transfer-Encoding: chunked\r\n\r\n8\r\nabcd", false, .truncatedBody(received: 4, expected: nil)),
            ("Content-Length: 10\r\n\r\nabcd", true, nil), ("Transfer-Encoding: chunked\r\n\r\nzz\r\nabcd", false, nil),
        ] as [(String, Bool, HTTPError?)])
    func aShortBodyIsNeverSilent(answer: String, byReset: Bool, expected: HTTPError?) async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n" + answer)
            if byReset { connection.reset() }
        }
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get(server.url()) }
            if let expected {
                #expect(error == expected)
            } else {
                guard case .connectionLost = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(error?.mayHaveBeenSent == true)
        }
    }

    @Test func bytesBeforeTheFaultAreDelivered() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd")
        }
        try await withTransport { transport in
            let response = try await transport.send(HTTPRequest(method: "GET", url: server.url()))
            var seen: [UInt8] = []
            let error = await failure { for try await piece in response.body { seen += piece } }
            #expect(seen == Array("abcd".utf8))
            #expect(error == .truncatedBody(received: 4, expected: 10))
        }
    }

    @Test(arguments: ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"])
    func answersThatAreNotHTTP(answer: String) async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write(answer)
        }
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get(server.url()) }
            guard case .connectionLost = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func anEndlessHeadIsRefused() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n")
            let line = "X-Filler: " + String(repeating: "x", count: 1000) + "\r\n"
            while true { try connection.write(line) }
        }
        try await withTransport { transport in
            let error = await failure { _ = try await transport.get(server.url()) }
            guard case .connectionLost = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    // MARK: Time limits

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd"])
    func idleTimeout(beforeStalling: String) async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write(beforeStalling)
            try connection.waitForClose()
        }
        try await withTransport { transport in
            var request = HTTPRequest(method: "GET", url: server.url())
            request.timeouts.idle = .milliseconds(200)
            let start = ContinuousClock.now
            let error = await failure { [request] in _ = try await transport.exchange(request) }
            let taken = ContinuousClock.now - start
            guard case .timedOut(_, sent: true) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(taken >= .milliseconds(200))
            try await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }

    /// Slow is not idle: each piece comes within the limit, all of them together don't.
    @Test func aSlowBodyIsNotIdle() async throws {
        // Long against what a busy machine keeps the server's thread from writing.
        let limit = Duration.seconds(2)
        let sent = Counter()
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            let start = ContinuousClock.now
            while ContinuousClock.now - start < limit * 1.5 {
                try connection.write("x")
                sent.add(1)
                sleepOneMillisecond()
            }
        }
        try await withTransport { transport in
            var request = HTTPRequest(method: "GET", url: server.url())
            request.timeouts.idle = limit
            let answer = try await transport.exchange(request)
            #expect(answer.text.count == sent.value)
        }
    }

    @Test func totalTimeout() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true {
                try connection.write("1\r\nx\r\n")
                sleepOneMillisecond()
            }
        }
        try await withTransport { transport in
            var request = HTTPRequest(method: "GET", url: server.url())
            // Time enough for the request to go out, whatever else the machine does.
            request.timeouts.total = .seconds(2)
            let error = await failure { [request] in _ = try await transport.exchange(request) }
            #expect(error == .timedOut(reason: "not complete after 2.0 seconds", sent: true))
        }
    }

    /// The limit covers the TLS handshake, which this server never answers.
    @Test func connectTimeoutIsNotSent() async throws {
        let server = try LoopbackServer { connection in try connection.waitForClose() }
        try await withTransport { transport in
            var request = HTTPRequest(method: "GET", url: "https://127.0.0.1:\(server.port)/")
            request.timeouts.connect = .milliseconds(100)
            let error = await failure { [request] in _ = try await transport.exchange(request) }
            guard case .timedOut(_, sent: false) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
