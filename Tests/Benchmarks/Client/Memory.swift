import AWS
import FoundationEssentials
import HTTP
import TestSupport

/// Whether memory stays as it is, call after call, and whether one connection carries them all.
enum Memory {
    private static let calls = 10_000

    /// Prints the resident memory in KiB after each thousand calls, and the connections that the server accepted.
    static func measure() async throws {
        let server = try LoopbackServer { connection in
            let answer = LoopbackAnswer(200, "{\"tasks\":[],\"failures\":[]}", headers: ["x-amzn-RequestId: 7f"])
            while var request = try connection.readHead() {
                try connection.readBody(of: &request, keepingBody: false)
                try connection.send(answer)
            }
        }
        let transport = CurlTransport()
        let client = AWSClient(settings: Call.settings(endpoint: server.url("")), transport: transport)
        for call in 1...calls {
            _ = try await client.send(Call.runTask, Call.Input())
            if call.isMultiple(of: 1000) { print("resident \(call) \(try resident())") }
        }
        print("connections \(server.connectionCount)")
        await transport.shutdown()
        server.stop()
    }

    /// `VmRSS` of this process, in KiB.
    private static func resident() throws -> Int {
        let status = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/status")), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
