import HTTP
import TestSupport
import Testing

/// Connections: how many, how long, and what becomes of them.
struct ConnectionTests {
    @Test func reusesAConnection() async throws {
        let server = try LoopbackServer { LoopbackAnswer(200, $0.bodyText) }
        try await withTransport { transport in
            for index in 0..<20 {
                let request = HTTPRequest(method: "POST", url: server.url(), body: .bytes(Array("n\(index)".utf8)))
                let answer = try await transport.exchange(request)
                #expect(answer == Answer(200, "n\(index)"))
            }
        }
        #expect(server.connectionCount == 1)
        #expect(server.requests.count == 20)
    }

    @Test func serves300RequestsAtOnceWithinTheCap() async throws {
        let server = try LoopbackServer { LoopbackAnswer(200, $0.target, isChunked: $0.target.hasSuffix("7")) }
        var configuration = HTTPConfiguration()
        configuration.connectionsPerHost = 16
        try await withTransport(configuration) { transport in
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<300 {
                    group.addTask { try await transport.get(server.url("/\(index)")) == Answer(200, "/\(index)") }
                }
                for try await isRight in group { #expect(isRight) }
            }
            print("300 concurrent requests: \(ContinuousClock.now - start)")
        }
        #expect(server.requests.count == 300)
        #expect((1...16).contains(server.connectionCount), "\(server.connectionCount)")
        #expect(server.faults == [])
    }

    @Test func replacesAConnectionThatTheServerClosedMeanwhile() async throws {
        let server = try LoopbackServer { connection in
            if let request = try connection.readRequest() { try connection.send(LoopbackAnswer(200, request.target)) }
        }
        try await withTransport { transport in
            let first = try await transport.get(server.url("/1"))
            #expect(first == Answer(200, "/1"))
            try await eventually("the server closes") { server.openConnections == 0 }
            let answer = try await transport.get(server.url("/2"))
            #expect(answer == Answer(200, "/2"))
        }
        #expect(server.connectionCount == 2)
    }

    /// libcurl by itself would send such a request once more.
    @Test(arguments: [true, false])
    func neverRepeatsARequestThatMayHaveBeenRead(byReset: Bool) async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.send(LoopbackAnswer())
            _ = try connection.readRequest()
            if byReset { connection.reset() }
        }
        try await withTransport { transport in
            _ = try await transport.get(server.url("/1"))
            let error = await failure { _ = try await transport.get(server.url("/2")) }
            guard case .connectionLost = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(error?.mayHaveBeenSent == true)
        }
        #expect(server.requests.map(\.target) == ["/1", "/2"])
    }

    @Test func shutdownClosesConnectionsAndRefusesMore() async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer() }
        let transport = CurlTransport()
        _ = try await transport.get(server.url())
        #expect(server.openConnections == 1)
        await transport.shutdown()
        try await eventually("the connection is closed") { server.openConnections == 0 }
        let error = await failure { _ = try await transport.get(server.url()) }
        #expect(error == .invalidRequest(reason: "the transport is shut down"))
        await transport.shutdown()
        #expect(transport.census.live == 0)
    }

    @Test func shutdownEndsWhatIsUnderWay() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.waitForClose()
        }
        let transport = CurlTransport()
        let request = Task { try await transport.get(server.url()).status }
        try await eventually("the request is there") { server.requests.count == 1 }
        await transport.shutdown()
        await #expect(throws: HTTPError.self) { try await request.value }
        #expect(transport.census.live == 0)
    }

    @Test func lettingGoClosesConnectionsButNotABodyBeingRead() async throws {
        let gate = Counter()
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            while gate.value == 0 { sleepOneMillisecond() }
            try connection.write("after")
            try connection.waitForClose()
        }
        var transport: CurlTransport? = CurlTransport()
        let census = try #require(transport?.census)
        let body = try #require(try await transport?.send(HTTPRequest(method: "GET", url: server.url()))).body
        transport = nil
        gate.add(1)
        #expect(try await body.collect() == Array("firstafter".utf8))
        try await eventually("all handles are given back") { census.live == 0 }
        try await eventually("the connection is closed") { server.openConnections == 0 }
    }

    @Test func anUnusedTransportHasNoThread() async {
        let transport = CurlTransport()
        #expect(transport.census.live == 0)
        await transport.shutdown()
        #expect(transport.census.live == 0)
    }
}
