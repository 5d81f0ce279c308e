import HTTP
import Synchronization
import TestSupport
import Testing

/// Cancelling the task ends the transfer, at once and wherever it is.
struct CancellationTests {
    /// The goal is 10 ms; the bound leaves room for a machine that is busy with other tests.
    @Test func endsTheTransferAtOnce() async throws {
        // On a thread of its own: in the pool it would wait for its turn among all other tests, and measure that.
        let own = CurlTransport()
        let lane = try #require(own.lanes.first)
        try await withTaskExecutorPreference(lane) { try await measureCancellation(on: lane) }
        await own.shutdown()
    }

    private func measureCancellation(on lane: any TaskExecutor) async throws {
        let closed = Mutex<ContinuousClock.Instant?>(nil)
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.waitForClose()
            closed.withLock { $0 = .now }
        }
        var returned: [Duration] = []
        var ended: [Duration] = []
        let transport = CurlTransport()
        for round in 1...21 {
            let request = Task(executorPreference: lane) { try await transport.get(server.url()).status }
            try await eventually("the request is there") { server.requests.count == round }
            closed.withLock { $0 = nil }
            let start = ContinuousClock.now
            request.cancel()
            await #expect(throws: CancellationError.self) { try await request.value }
            returned.append(ContinuousClock.now - start)
            try await eventually("the connection is closed") { closed.withLock { $0 } != nil }
            if let end = closed.withLock({ $0 }) { ended.append(end - start) }
        }
        print("cancelled: the caller after \(returned.median), the server sees it after \(ended.median)")
        #expect(returned.median < .milliseconds(500))
        #expect(ended.median < .milliseconds(500))
        await transport.shutdown()
        #expect(transport.census.live == 0)
    }

    @Test func beforeTheRequestIsQueued() async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer() }
        try await withTransport { transport in
            let request = Task {
                // Cancelled for certain before `send` begins.
                try? await eventually("cancelled") { Task.isCancelled }
                return try await transport.get(server.url()).status
            }
            request.cancel()
            await #expect(throws: CancellationError.self) { try await request.value }
        }
        #expect(server.connectionCount == 0)
    }

    @Test func whileWaitingForAConnection() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.waitForClose()
        }
        var configuration = HTTPConfiguration()
        configuration.connectionsPerHost = 1
        try await withTransport(configuration) { transport in
            let first = Task { try await transport.get(server.url("/1")).status }
            try await eventually("the first is there") { server.requests.count == 1 }
            let second = Task { try await transport.get(server.url("/2")).status }
            #if DEBUG
                // One handle each, and one each for the multi handle and the thread.
                try await eventually("the second is queued") { transport.census.live == 4 }
            #endif
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
        }
        #expect(server.requests.map(\.target) == ["/1"])
    }

    @Test func whileReadingTheBody() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd")
            try connection.waitForClose()
        }
        try await withTransport { transport in
            let seen = Counter()
            let request = Task {
                let response = try await transport.send(HTTPRequest(method: "GET", url: server.url()))
                for try await piece in response.body { seen.add(piece.count) }
            }
            try await eventually("some of the body is read") { seen.value == 4 }
            request.cancel()
            await #expect(throws: CancellationError.self) { try await request.value }
            try await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }

    @Test func whileUploading() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readHead()
            try connection.waitForClose()
        }
        try await withTransport { transport in
            let reader = StallingReader()
            let request = HTTPRequest(method: "PUT", url: server.url(), body: .stream(length: 100) { reader })
            let sending = Task { try await transport.exchange(request).status }
            try await eventually("the source is read") { reader.calls.value == 1 }
            sending.cancel()
            await #expect(throws: CancellationError.self) { try await sending.value }
            try await eventually("the source's read is cancelled") { reader.calls.value == 2 }
            try await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }

    @Test func aHundredAtAnyMoment() async throws {
        let server = try LoopbackServer { _ in LoopbackAnswer(200, "ok") }
        try await withTransport { transport in
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        let request = Task { try await transport.get(server.url("/\(index)")) }
                        for _ in 0..<index { await Task.yield() }
                        request.cancel()
                        switch await request.result {
                        case .success(let answer): #expect(answer == Answer(200, "ok"))
                        case .failure(let error): #expect(error is CancellationError)
                        }
                    }
                }
            }
        }
    }

    @Test func lettingTheBodyGoEndsTheTransfer() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd")
            try connection.waitForClose()
        }
        try await withTransport { transport in
            let status = try await transport.send(HTTPRequest(method: "GET", url: server.url())).status
            #expect(status == 200)
            try await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }
}
