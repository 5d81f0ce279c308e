import HTTP
import TestSupport
import Testing

/// Large bodies both ways: complete, in order, and never held in memory.
struct StreamingTests {
    /// What the kernel may hold of one loopback connection, by far, besides what the transport holds.
    private static let kernelBuffers = 20 << 20

    @Test func aSlowReaderSlowsTheServer() async throws {
        let length = 64 << 20
        let sent = Counter()
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
            for start in stride(from: 0, to: length, by: 1 << 16) {
                try connection.write(Array(PatternReader.bytes(from: start, count: 1 << 16)))
                sent.add(1 << 16)
            }
        }
        try await withTransport { transport in
            let response = try await transport.send(HTTPRequest(method: "GET", url: server.url()))
            let ahead = try await settled(sent)
            #expect(ahead < Self.kernelBuffers, "the server could send \(ahead) bytes to nobody")
            var received = 0
            var isRight = true
            var largest = 0
            for try await piece in response.body {
                isRight = isRight && PatternReader.matches(piece, from: received)
                received += piece.count
                largest = max(largest, piece.count)
            }
            #expect(received == length)
            #expect(isRight)
            #expect(largest <= 1 << 20, "a piece of \(largest) bytes was held")
        }
    }

    @Test func waitingForTheReaderIsNotIdling() async throws {
        let sent = Counter()
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(64 << 20)\r\n\r\n")
            for _ in 0..<64 {
                try connection.write([UInt8](repeating: 1, count: 1 << 20))
                sent.add(1 << 20)
            }
        }
        try await withTransport { transport in
            var request = HTTPRequest(method: "GET", url: server.url())
            // Long against what a busy machine keeps the server's thread from writing.
            request.timeouts.idle = .seconds(2)
            let response = try await transport.send(request)
            _ = try await settled(sent, quiet: .seconds(4))
            // The limit would have closed it long ago.
            #expect(server.openConnections == 1)
            #expect(response.status == 200)
        }
    }

    @Test func uploads64MiBWithoutHoldingThem() async throws {
        let length = 64 << 20
        let gate = Counter()
        let server = try LoopbackServer { connection in
            guard var request = try connection.readHead() else { return }
            while gate.value == 0 { sleepOneMillisecond() }
            try connection.readBody(of: &request, keepingBody: false)
            try connection.send(LoopbackAnswer(200, "\(request.bodyLength)"))
        }
        try await withTransport { transport in
            let reader = PatternReader(length: length)
            let request = HTTPRequest(
                method: "PUT", url: server.url(), body: .stream(length: Int64(length)) { reader })
            let sending = Task { try await transport.exchange(request) }
            let ahead = try await settled(reader.given)
            #expect(ahead < Self.kernelBuffers, "\(ahead) bytes were read for a server that takes none")
            gate.add(1)
            let answer = try await sending.value
            #expect(answer == Answer(200, "\(length)"))
            #expect(reader.given.value == length)
        }
    }

    @Test(arguments: [1, 1000, 65_536, 300_001])
    func uploadsEveryByteInOrder(length: Int) async throws {
        let server = try LoopbackServer { LoopbackAnswer(200, "\($0.bodyLength)") }
        try await withTransport { transport in
            let body = HTTPBody.stream(length: Int64(length)) { PatternReader(length: length) }
            // The second request shows that the connection is still in step.
            for _ in 0..<2 {
                let answer = try await transport.exchange(HTTPRequest(method: "POST", url: server.url(), body: body))
                #expect(answer == Answer(200, "\(length)"))
            }
        }
        #expect(server.connectionCount == 1)
        for request in server.requests {
            #expect(request.values("content-length") == ["\(length)"])
            #expect(request.values("expect") == [])
            #expect(request.body[...] == PatternReader.bytes(from: 0, count: length))
        }
    }

    @Test func aSourceThatEndsEarlyFailsTheRequest() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
        }
        try await withTransport { transport in
            let body = HTTPBody.stream(length: 100) { PatternReader(length: 60) }
            let error = await failure {
                _ = try await transport.exchange(HTTPRequest(method: "PUT", url: server.url(), body: body))
            }
            #expect(error == .invalidRequest(reason: "the request body ended after 60 bytes of 100"))
        }
        #expect(server.requests.isEmpty)
    }

    @Test func aSourceThatFailsIsTheReason() async throws {
        struct Unreadable: Error, CustomStringConvertible { let description = "disk on fire" }
        let server = try LoopbackServer { connection in _ = try connection.readRequest() }
        try await withTransport { transport in
            for body in [
                HTTPBody.stream(length: 100) { PatternReader(length: 60, fault: Unreadable()) },
                .stream(length: 100) { throw Unreadable() },
            ] {
                let error = await failure {
                    _ = try await transport.exchange(HTTPRequest(method: "PUT", url: server.url(), body: body))
                }
                #expect(error == .invalidRequest(reason: "the request body could not be read: disk on fire"))
            }
        }
    }

    /// S3 answers 403 or 503 without reading the body.
    @Test func anEarlyRefusalEndsTheUpload() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readHead()
            try connection.send(LoopbackAnswer(403, "no", headers: ["Connection: close"]))
            try connection.waitForClose()
        }
        try await withTransport { transport in
            let length = 64 << 20
            let reader = PatternReader(length: length)
            let body = HTTPBody.stream(length: Int64(length)) { reader }
            let answer = try await transport.exchange(HTTPRequest(method: "PUT", url: server.url(), body: body))
            #expect(answer == Answer(403, "no"))
            #expect(reader.given.value < length)
        }
    }

    /// The end of the upload, which fails the source's read, doesn't take the answer away.
    @Test func anEarlyRefusalIsReadWhileTheSourceStalls() async throws {
        let reader = StallingReader()
        let server = try LoopbackServer { connection in
            _ = try connection.readHead()
            while reader.calls.value == 0 { sleepOneMillisecond() }
            try connection.send(LoopbackAnswer(403, "no", headers: ["Connection: close"]))
            try connection.waitForClose()
        }
        try await withTransport { transport in
            let request = HTTPRequest(method: "PUT", url: server.url(), body: .stream(length: 100) { reader })
            let response = try await transport.send(request)
            #expect(response.status == 403)
            try await eventually("the source's read is cancelled") { reader.calls.value == 2 }
            #expect(try await response.body.collect() == Array("no".utf8))
        }
    }

    @Test func anUploadThatNobodyTakesIsIdle() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readHead()
            // Reads nothing more while the client is there.
            try connection.waitForClose(reading: false)
        }
        try await withTransport { transport in
            let length = 64 << 20
            let body = HTTPBody.stream(length: Int64(length)) { PatternReader(length: length) }
            var request = HTTPRequest(method: "PUT", url: server.url(), body: body)
            request.timeouts.idle = .milliseconds(300)
            let error = await failure { [request] in _ = try await transport.exchange(request) }
            guard case .timedOut(_, sent: true) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func nothingIsOpenedForARequestThatNeverGoesOut() async throws {
        let closed = try ClosedPort()
        let opened = Counter()
        try await withTransport { transport in
            let body = HTTPBody.stream(length: 10) {
                opened.add(1)
                return PatternReader(length: 10)
            }
            let error = await failure {
                _ = try await transport.exchange(HTTPRequest(method: "PUT", url: closed.url(), body: body))
            }
            #expect(error?.mayHaveBeenSent == false)
        }
        #expect(opened.value == 0)
    }
}
