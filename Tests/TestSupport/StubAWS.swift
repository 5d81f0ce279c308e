package import AWS
package import HTTP
internal import Support
internal import Synchronization

/// AWS from a script: answers keyed by operation, in turn; the last one repeats. Anything unscripted is answered by an error
/// that no code under test expects.
package final class StubAWS: Sendable {
    /// One scripted answer.
    package struct Answer: Sendable {
        package let status: Int
        package let body: String
        package init(_ body: String, status: Int = 200) {
            self.status = status
            self.body = body
        }
    }

    private struct State {
        var answers: [String: [Answer]]
        var sent: [(operation: String, request: HTTPRequest)] = []
    }

    private let state: Mutex<State>
    private let responder: (@Sendable (_ operation: String, _ request: HTTPRequest) throws -> Answer)?

    /// - Parameter answers: keyed by the operation's name; REST operations by `METHOD /path`.
    package init(_ answers: [String: [Answer]]) {
        state = Mutex(State(answers: answers))
        responder = nil
    }

    /// AWS with a memory: the responder is asked for each answer; what it throws is a failure of the network.
    package init(responding: @escaping @Sendable (_ operation: String, _ request: HTTPRequest) throws -> Answer) {
        state = Mutex(State(answers: [:]))
        responder = responding
    }

    /// A client that calls this script: fixed region and keys, no pauses between retries.
    package var client: AWSClient { client(dryRun: false) }

    package func client(dryRun: Bool) -> AWSClient {
        let values = ["AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"]
        let layer = SettingLayer(
            name: "test", values: values.mapValues { SettingLayer.Setting(value: $0, origin: "test") })
        return AWSClient(
            settings: AWSSettings(layers: [layer], home: nil) { _ in nil },
            transport: transport,
            dryRun: dryRun, effects: AWSClient.Effects(sleep: { _ in }))
    }

    /// The names of the operations called, in order.
    package var operations: [String] { state.withLock { $0.sent.map(\.operation) } }

    /// The bodies sent to an operation, in order.
    package func bodies(_ operation: String) -> [String] {
        state.withLock { $0.sent.filter { $0.operation == operation }.map(\.request.bodyText) }
    }

    /// The requests sent to an operation, in order.
    package func requests(_ operation: String) -> [HTTPRequest] {
        state.withLock { $0.sent.filter { $0.operation == operation }.map(\.request) }
    }

    /// The transport behind `client`, for code that builds its own client.
    package var transport: StubTransport { StubTransport { request, _ in try self.answer(request) } }

    private func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        let operation = Self.operation(request)
        if let responder {
            state.withLock { $0.sent.append((operation, request)) }
            let answer = try responder(operation, request)
            return .text(answer.status, answer.body)
        }
        let answer = state.withLock { state -> Answer? in
            state.sent.append((operation, request))
            guard let first = state.answers[operation]?.first else { return nil }
            if (state.answers[operation]?.count ?? 0) > 1 { state.answers[operation]?.removeFirst() }
            return first
        }
        guard let answer else { return .text(400, #"{"__type":"UnscriptedCall","message":"\#(operation)"}"#) }
        return .text(answer.status, answer.body)
    }

    private static func operation(_ request: HTTPRequest) -> String {
        if let target = request.headers["X-Amz-Target"], let name = target.split(separator: ".").last {
            return String(name)
        }
        if let action = request.bodyText.split(separator: "&").first(where: { $0.hasPrefix("Action=") }) {
            return String(action.dropFirst("Action=".count))
        }
        let path = request.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
        let tail = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first ?? ""
        return "\(request.method) /\(tail.prefix { $0 != "?" })"
    }
}
