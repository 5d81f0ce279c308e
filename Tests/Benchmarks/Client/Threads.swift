import AWS
import HTTP
import Support
import Synchronization
import TestSupport

/// Calls from many tasks at once, on one client and one transport, against a server that breaks connections, throttles,
/// and answers a wrong clock; some calls are cancelled.
enum Threads {
    private static let tasks = 32
    private static let callsEach = 40

    /// Numbers by name, from any thread.
    private final class Tally: Sendable {
        private let counts = Mutex<[String: Int]>([:])
        var all: [String: Int] { counts.withLock { $0 } }

        @discardableResult func add(_ word: String) -> Int {
            counts.withLock { counts in
                counts[word, default: 0] += 1
                return counts[word, default: 0]
            }
        }
    }

    static func run() async throws {
        let tally = Tally()
        let server = try LoopbackServer { connection in
            while var request = try connection.readHead() {
                try connection.readBody(of: &request, keepingBody: false)
                let number = tally.add("requests")
                switch number % 11 {
                case 3: return connection.reset()
                case 5: try connection.send(LoopbackAnswer(400, "{\"__type\":\"ThrottlingException\"}"))
                case 7:
                    try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
                    return
                default: try connection.send(LoopbackAnswer(200, "{}", isChunked: number.isMultiple(of: 2)))
                }
            }
        }
        let transport = CurlTransport()
        let client = AWSClient(
            settings: Call.settings(endpoint: server.url("")), transport: transport,
            effects: AWSClient.Effects(sleep: { _ in await Task.yield() }, trace: { _ in tally.add("attempts") }))
        let lanes = transport.lanes
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                // Every other one on a thread that sends.
                let executor = task.isMultiple(of: 2) || lanes.isEmpty ? nil : lanes[task / 2 % lanes.count]
                group.addTask {
                    for call in 0..<callsEach {
                        let work = Task(executorPreference: executor) {
                            try await client.send(Call.runTask, Call.Input())
                        }
                        if (task + call).isMultiple(of: 13) { work.cancel() }
                        let word: String
                        switch await work.result {
                        case .success: word = "done"
                        case .failure(is CancellationError): word = "cancelled"
                        case .failure: word = "failed"
                        }
                        tally.add(word)
                    }
                }
            }
        }
        await transport.shutdown()
        server.stop()
        for (word, number) in tally.all.sorted(by: { $0.key < $1.key }) { print("\(word) \(number)") }
    }

    /// A number that is written without a lock.
    private final class Unprotected: @unchecked Sendable {
        var number = 0
    }

    /// Writes the same number from several threads beside each other, with a lock held that protects something else.
    static func race() async throws {
        let unprotected = Unprotected()
        let tally = Tally()
        for _ in 0..<4 {
            try inThread {
                for _ in 0..<10_000 { unprotected.number += 1 }
                tally.add("done")
            }
        }
        try await eventually("the threads are done") { tally.all["done"] == 4 }
        print(unprotected.number)
    }
}
