import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

/// Tasks that run on the threads that send for them.
struct LaneTests {
    /// Every lane: tasks that take turns on one thread, each getting its own answers.
    @Test func manyTasksEachGetTheirOwnAnswers() async throws {
        let server = try LoopbackServer { connection in
            while let target = try connection.readRequest()?.target {
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(target.utf8.count)\r\n\r\n\(target)")
            }
        }
        try await withTransport { transport in
            let lanes = transport.lanes
            #expect(!lanes.isEmpty)
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<32 {
                    group.addTask(executorPreference: lanes[task % lanes.count]) {
                        let thread = pthread_self()
                        var right = 0
                        for number in 0..<50 {
                            let answer = try await transport.get(server.url("/\(task)/\(number)"))
                            if answer == Answer(200, "/\(task)/\(number)"), pthread_self() == thread { right += 1 }
                        }
                        return right
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(answers == 32 * 50)
        }
    }

    /// Streams that are read and sent piece by piece, with their pauses, while the reader is on the thread itself.
    @Test func largeBodiesStreamBothWays() async throws {
        let size = 3 << 20
        let server = try LoopbackServer { connection in
            let body = try connection.readRequest()?.body ?? []
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            try connection.write(body)
        }
        try await withTransport { transport in
            let lane = try #require(transport.lanes.first)
            try await withTaskExecutorPreference(lane) {
                let sent = [UInt8](repeating: 7, count: size)
                let request = HTTPRequest(method: "PUT", url: server.url(), body: .bytes(sent))
                var count = 0
                for try await piece in try await transport.send(request).body {
                    #expect(piece.allSatisfy { $0 == 7 })
                    count += piece.count
                }
                #expect(count == size)
            }
        }
    }

    @Test func cancellingEndsAWait() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.waitForClose()
        }
        try await withTransport { transport in
            let lane = try #require(transport.lanes.last)
            let request = Task(executorPreference: lane) { try await transport.get(server.url()).status }
            try await eventually("the request is there") { server.requests.count == 1 }
            request.cancel()
            await #expect(throws: CancellationError.self) { try await request.value }
            try await eventually("the connection is closed") { server.openConnections == 0 }
        }
    }

    /// What a task does after the transport's end is done too, on some thread.
    @Test func tasksOutliveTheTransport() async throws {
        let server = try LoopbackServer { connection in
            _ = try connection.readRequest()
            try connection.waitForClose()
        }
        let transport = CurlTransport()
        let steps = Counter()
        let tasks = transport.lanes.map { lane in
            Task(executorPreference: lane) {
                await #expect(throws: HTTPError.self) { try await transport.get(server.url()) }
                for _ in 0..<3 {
                    steps.add(1)
                    try await Task.sleep(for: .milliseconds(1))
                }
                await #expect(throws: HTTPError.self) { try await transport.get(server.url()) }
            }
        }
        try await eventually("the requests are there") { server.requests.count == tasks.count }
        await transport.shutdown()
        #expect(transport.lanes.isEmpty)
        for task in tasks { try await task.value }
        #expect(steps.value == tasks.count * 3)
        try await eventually("all handles are given back") { transport.census.live == 0 }
    }
}
