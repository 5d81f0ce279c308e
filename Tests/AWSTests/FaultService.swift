import FoundationEssentials
import HTTP
import Synchronization
import TestSupport

@testable import AWS

/// The operation `Make`, in each protocol and with each reason why it may be repeated.
enum Making: CaseIterable, Sendable {
    case json, query, ec2, restJSON, restXML

    struct Input: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = [
            "Bucket": .path, "Key": .path, "ClientToken": .header("x-amz-client-token"),
        ]
        var Bucket: String?
        var Key: String
        var ClientToken: String?
    }

    /// What was made; `Id` tells how often the service had to act for this name.
    struct Output: Decodable, Equatable { var Id: String }

    var service: Service {
        switch self {
        case .json: Samples.ecs
        case .query: Samples.cloudFormation
        case .ec2: Samples.ec2
        case .restJSON: Samples.scheduler
        case .restXML: Samples.s3
        }
    }

    func operation(_ idempotent: Idempotency, _ effect: Effect = .mutates) -> Operation<Input, Output> {
        Operation("Make", of: service, effect, idempotent: idempotent, path: "/{Bucket}/{Key}")
    }

    /// - Parameter token: sent when the operation takes one.
    func input(_ name: String, token: String? = nil) -> Input { Input(Bucket: "bucket", Key: name, ClientToken: token) }

    func good(_ id: String) -> String {
        switch self {
        case .json, .restJSON: #"{"Id":"\#(id)"}"#
        case .query: "<MakeResponse><MakeResult><Id>\(id)</Id></MakeResult></MakeResponse>"
        case .ec2: "<MakeResponse><requestId>r</requestId><Id>\(id)</Id></MakeResponse>"
        case .restXML: "<MakeResult><Id>\(id)</Id></MakeResult>"
        }
    }

    func error(_ code: String, _ message: String) -> String {
        switch self {
        case .json, .restJSON: #"{"__type":"\#(code)","message":"\#(message)"}"#
        case .query: "<ErrorResponse><Error><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>"
        case .ec2:
            "<Response><Errors><Error><Code>\(code)</Code><Message>\(message)</Message></Error></Errors></Response>"
        case .restXML: "<Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
        }
    }
}

/// A service on loopback that makes things, remembers how often it acted, and misbehaves as it is told.
final class FaultService: Sendable {
    /// What goes wrong with one request. `acted` faults come after the service has done what was asked.
    enum Fault: Sendable, Hashable {
        case none
        case error(Int, String, String = "m", acted: Bool = false)
        /// A proxy's page.
        case page(Int, acted: Bool)
        case reset(acted: Bool)
        case close(acted: Bool)
        case stall(acted: Bool)
        /// The head and half of the body; then silence or the end.
        case half(stalls: Bool), halfChunk
        case noHTTP
        /// Status 200 with something that can't be read.
        case gibberish
        /// The answer comes in single bytes.
        case dribble
    }

    struct Thing: Sendable {
        var acts = 0
        var requests = 0
        var tokens: Set<String> = []
        var ids: [String: String] = [:]
        var last = ""
    }

    private let state: Mutex<[String: Thing]>
    private let broken: Mutex<Int>
    private let seen = Mutex<Set<Fault>>([])
    private let making: Making
    private let clock: Date
    private let fault: @Sendable (_ name: String, _ request: Int) -> Fault
    private let listener = Mutex<LoopbackServer?>(nil)

    /// - Parameters:
    ///   - clock: requests dated more than five minutes off are refused, as AWS does.
    ///   - unread: this many connections are reset before anything is read of what came.
    ///   - fault: asked for each request of a name, counted from 0.
    init(
        _ making: Making, clock: Date = Samples.date, unread: Int = 0,
        fault: @escaping @Sendable (_ name: String, _ request: Int) -> Fault
    ) throws {
        self.making = making
        self.clock = clock
        self.fault = fault
        state = Mutex([:])
        broken = Mutex(unread)
        let server = try LoopbackServer { [weak self] connection in
            let breaks = self?.broken.withLock { left -> Bool in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if breaks == true {
                // A reset before the client has sent anything is another case: nothing can have happened then.
                try connection.waitForBytes()
                return connection.reset()
            }
            while var request = try connection.readHead() {
                try connection.readBody(of: &request)
                guard let self, try self.serve(request, connection) else { return }
            }
        }
        listener.withLock { $0 = server }
    }

    deinit { listener.withLock { $0?.stop() } }

    var url: String { listener.withLock { $0?.url("") ?? "" } }
    var faults: [String] { listener.withLock { $0?.faults ?? [] } }

    /// The kinds of faults that were shown.
    var shown: Set<Fault> { seen.withLock { $0 } }

    func thing(_ name: String) -> Thing { state.withLock { $0[name] ?? Thing() } }

    /// A client of this service whose sleeps take no time.
    /// - Parameter patience: how long it waits for a silent service, by the request's number, counted from 0.
    func client(
        _ fake: FakeEffects, on transport: any Transport,
        patience: @escaping @Sendable (_ request: Int) -> Duration = { _ in .seconds(60) }
    ) -> AWSClient {
        let values = Samples.keys.merging(["AWS_ENDPOINT_URL": url]) { $1 }
        return AWSClient(
            settings: Samples.settings(values), transport: Impatient(transport: transport, patience: patience),
            effects: fake.effects)
    }

    /// - Returns: whether the connection goes on.
    private func serve(_ request: RecordedRequest, _ connection: LoopbackConnection) throws -> Bool {
        let everything = request.lines.joined(separator: "\n") + request.bodyText
        let name = Self.word("call-", in: everything)
        let count = state.withLock { things in
            things[name, default: Thing()].requests += 1
            return things[name, default: Thing()].requests - 1
        }
        let date = HTTPDate.text(clock)
        func send(_ status: Int, _ body: String) throws {
            try connection.send(LoopbackAnswer(status, body, headers: ["Date: \(date)", "x-amzn-RequestId: 7f"]))
        }
        let stamp = request.values("X-Amz-Date").first ?? ""
        if stamp < Timestamp.basic(clock.addingTimeInterval(-300))
            || stamp > Timestamp.basic(clock.addingTimeInterval(300))
        {
            try send(403, making.error("RequestTimeTooSkewed", "the difference is too large"))
            return true
        }
        let fault = fault(name, count)
        seen.withLock { _ = $0.insert(fault) }
        if fault.acts { act(name, Self.word("token-", in: everything)) }
        let good = making.good(thing(name).last)
        switch fault {
        case .none: try send(200, good)
        case .error(let status, let code, let message, _): try send(status, making.error(code, message))
        case .page(let status, _): try send(status, "<html><body>Bad gateway</body>")
        case .reset:
            connection.reset()
            return false
        case .close: return false
        case .stall:
            try connection.waitForClose()
            return false
        case .half(let stalls):
            try connection.write(
                "HTTP/1.1 200 OK\r\nContent-Length: \(good.utf8.count)\r\n\r\n\(good.prefix(good.count / 2))")
            if stalls { try connection.waitForClose() }
            return false
        case .halfChunk:
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n\(good.prefix(9))\r\n")
            return false
        case .noHTTP:
            try connection.write("This is no HTTP\r\n\r\n")
            return false
        case .gibberish: try send(200, "{<]")
        case .dribble:
            let text = "HTTP/1.1 200 OK\r\nContent-Length: \(good.utf8.count)\r\n\r\n\(good)"
            for byte in text.utf8 { try connection.write([byte]) }
        }
        return true
    }

    private func act(_ name: String, _ token: String) {
        state.withLock { things in
            var thing = things[name, default: Thing()]
            thing.tokens.insert(token)
            // A token that was seen, and what is set by its name, is not done twice.
            let key = token.isEmpty ? (name.hasSuffix("set") ? name : "\(thing.requests)") : token
            if let known = thing.ids[key] {
                thing.last = known
            } else {
                thing.acts += 1
                thing.last = "\(name)/\(thing.acts)"
                thing.ids[key] = thing.last
            }
            things[name] = thing
        }
    }

    /// The first word that starts so.
    private static func word(_ start: String, in text: String) -> String {
        guard let found = text.firstRange(of: start) else { return "" }
        return String(text[found.lowerBound...].prefix { $0.isLetter || $0.isNumber || $0 == "-" })
    }
}

extension FaultService.Fault {
    /// Whether the service falls silent.
    var stalls: Bool {
        switch self {
        case .stall, .half(stalls: true): true
        default: false
        }
    }

    /// Whether the service does what was asked before it goes wrong.
    var acts: Bool {
        switch self {
        case .error(_, _, _, let acted), .page(_, let acted), .reset(let acted), .close(let acted), .stall(let acted):
            acted
        case .none, .half, .halfChunk, .noHTTP, .gibberish, .dribble: true
        }
    }
}

enum HTTPDate {
    static func text(_ date: Date) -> String { Timestamp.text(date, .httpDate) }
}

/// Waits less than a minute for a silent service.
final class Impatient: Transport {
    private let transport: any Transport
    private let patience: @Sendable (_ request: Int) -> Duration
    private let sent = Mutex(0)

    init(transport: any Transport, patience: @escaping @Sendable (_ request: Int) -> Duration) {
        self.transport = transport
        self.patience = patience
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let number = sent.withLock { sent in
            defer { sent += 1 }
            return sent
        }
        var request = request
        request.timeouts.idle = patience(number)
        return try await transport.send(request)
    }
}
