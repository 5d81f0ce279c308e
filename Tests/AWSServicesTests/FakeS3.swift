import AWS
import Crypto
import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport

/// S3 on loopback: objects, multipart uploads, listings, conditions and checksums as AWS's pages have them, with faults at
/// seeded odds.
final class FakeS3: Sendable {
    /// What can go wrong with one exchange.
    enum Fault: Sendable, CaseIterable {
        /// The connection breaks before the request is carried out.
        case resetBefore
        /// The request is carried out, its answer lost.
        case resetAfter
        /// 503 without having done anything.
        case unavailable
        /// The answer's body breaks off in the middle.
        case truncated
        /// One byte of the answer's body is another one.
        case flippedAnswer
        /// One byte of the request's body is another one when it arrives.
        case flippedRequest
        /// 409: another conditional write is under way.
        case conflict
    }

    struct Object: Sendable, Equatable {
        var body: [UInt8]
        var eTag: String
        /// Header lines that reading gives back.
        var headers: [String] = []

        init(body: [UInt8], eTag: String, headers: [String] = []) {
            self.body = body
            self.eTag = eTag
            self.headers = headers
        }
    }

    struct Upload {
        let path: String
        let headers: [String]
        var parts: [Int: [UInt8]] = [:]
    }

    struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: Upload] = [:]
        var generator: SeededGenerator
        var odds: [Fault: Double] = [:]
        var scripted: [(operation: String, fault: Fault)] = []
        var count = 0
        var faults = 0
    }

    let state: Mutex<State>
    private let held = Mutex<LoopbackServer?>(nil)

    /// - Parameter odds: of each fault, for each exchange.
    init(seed: UInt64 = 1, odds: [Fault: Double] = [:]) throws {
        state = Mutex(State(generator: SeededGenerator(seed: seed), odds: odds))
        let server = try LoopbackServer { [weak self] connection in
            while let request = try connection.readRequest(), let self {
                if try !self.serve(request, connection) { return }
            }
        }
        held.withLock { $0 = server }
    }

    /// The objects by `/bucket/key`, percent-encoded as they were asked for.
    var objects: [String: Object] { state.withLock { $0.objects } }
    /// The uploads that are neither completed nor aborted.
    var openUploads: Int { state.withLock { $0.uploads.count } }
    /// How many exchanges met a fault.
    var faults: Int { state.withLock { $0.faults } }
    var requests: [RecordedRequest] { held.withLock { $0?.requests ?? [] } }
    func requests(_ operation: String) -> [RecordedRequest] {
        requests.filter { S3Request($0).operation == operation }
    }

    /// The next exchanges of this operation meet these faults, one each.
    func script(_ operation: String, _ faults: Fault...) {
        state.withLock { state in state.scripted += faults.map { (operation, $0) } }
    }

    /// Puts an object there as it is.
    func store(_ path: String, _ object: Object) { state.withLock { $0.objects[path] = object } }

    /// A client with a network of its own that calls this server and never pauses between attempts.
    func client(attempts: Int = 3) -> AWSClient {
        let url = held.withLock { $0?.url("") } ?? ""
        let values = [
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": url, "AWS_MAX_ATTEMPTS": "\(attempts)",
        ]
        let layer = SettingLayer(
            name: "test", values: values.mapValues { SettingLayer.Setting(value: $0, origin: "test") })
        return AWSClient(
            settings: AWSSettings(layers: [layer], home: nil) { _ in nil }, transport: CurlTransport(),
            effects: AWSClient.Effects(sleep: { _ in try Task.checkCancellation() }))
    }

    func stop() { held.withLock { $0?.stop() } }

    // MARK: One exchange

    /// - Returns: whether the connection is still there.
    private func serve(_ received: RecordedRequest, _ connection: LoopbackConnection) throws -> Bool {
        var request = S3Request(received)
        let fault = state.withLock { Self.fault(&$0, request.operation) }
        switch fault {
        case .resetBefore:
            connection.reset()
            return false
        case .unavailable:
            let body = request.method == "HEAD" ? "" : "<Error><Code>SlowDown</Code><Message>slow</Message></Error>"
            try connection.send(.init(503, body))
            return true
        case .conflict where request.isConditional:
            try connection.send(.init(409, "<Error><Code>ConditionalRequestConflict</Code></Error>"))
            return true
        case .flippedRequest where !request.body.isEmpty: flip(&request.body)
        default: break
        }
        var answer = state.withLock { self.answer(request, &$0) }
        switch fault {
        case .resetAfter:
            connection.reset()
            return false
        case .truncated where !answer.body.isEmpty && request.method != "HEAD":
            try connection.write(Self.head(answer, "Content-Length: \(answer.body.count)"))
            try connection.write(Array(answer.body[..<(answer.body.count / 2)]))
            connection.close()
            return false
        case .flippedAnswer where request.operation == "GetObject" && answer.status < 300: flip(&answer.body)
        default: break
        }
        if request.method == "HEAD" {
            let hasLength = answer.headers.contains { $0.hasPrefix("Content-Length") }
            try connection.write(Self.head(answer, hasLength ? nil : "Content-Length: 0"))
        } else {
            try connection.send(answer)
        }
        return true
    }

    private static func head(_ answer: LoopbackAnswer, _ length: String?) -> String {
        (["HTTP/1.1 \(answer.status) Status"] + answer.headers + [length].compactMap { $0 })
            .joined(separator: "\r\n") + "\r\n\r\n"
    }

    private static func fault(_ state: inout State, _ operation: String) -> Fault? {
        if let index = state.scripted.firstIndex(where: { $0.operation == operation }) {
            state.faults += 1
            return state.scripted.remove(at: index).fault
        }
        for fault in Fault.allCases {
            if let odds = state.odds[fault], Double.random(in: 0..<1, using: &state.generator) < odds {
                state.faults += 1
                return fault
            }
        }
        return nil
    }

    private func flip(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let index = state.withLock { Int.random(in: 0..<bytes.count, using: &$0.generator) }
        bytes[index] ^= 0x10
    }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
