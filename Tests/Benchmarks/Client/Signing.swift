import AWS
import HTTP
import Synchronization

/// From the call to the moment in which the complete, signed request is handed to the network; and the whole call with an
/// answer that is there at once.
enum Signing {
    private static let calls = 5000
    private static let rounds = 7

    /// Takes the time at which a request comes, and answers at once.
    private final class Stopwatch: Transport {
        let arrived = Mutex(ContinuousClock.now)
        let bytes = Mutex(0)

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            let now = ContinuousClock.now
            arrived.withLock { $0 = now }
            if case .bytes(let body) = request.body { bytes.withLock { $0 = body.count } }
            return HTTPResponse(status: 200, headers: [:], body: HTTPResponseBody(Array("{}".utf8)))
        }
    }

    /// Prints the bytes of the body and, of the best round, the microseconds of one call.
    static func measure() async throws {
        let transport = Stopwatch()
        let client = AWSClient(settings: Call.settings(), transport: transport)
        let input = Call.Input()
        _ = try await client.send(Call.runTask, input)
        var signed: [Double] = []
        var whole: [Double] = []
        for _ in 0..<rounds {
            var sum = Duration.zero
            let start = ContinuousClock.now
            for _ in 0..<calls {
                let begin = ContinuousClock.now
                _ = try await client.send(Call.runTask, input)
                sum += transport.arrived.withLock { $0 } - begin
            }
            whole.append(microseconds(ContinuousClock.now - start))
            signed.append(microseconds(sum))
        }
        print("bytes \(transport.bytes.withLock { $0 })")
        print("sign \(signed.sorted()[rounds / 2])")
        print("call \(whole.sorted()[rounds / 2])")
    }

    private static func microseconds(_ duration: Duration) -> Double {
        (Double(duration.components.seconds) * 1e6 + Double(duration.components.attoseconds) / 1e12) / Double(calls)
    }
}
