internal import HTTP

extension HTTPError {
    /// One line for people.
    var reason: String {
        switch self {
        case .cannotConnect(let host, let reason): "cannot connect to \(host): \(reason)"
        case .tls(let host, let reason): "TLS with \(host) failed: \(reason)"
        case .connectionLost(let reason): "the connection broke: \(reason)"
        case .timedOut(let reason, _): "timed out: \(reason)"
        case .truncatedBody(let received, let expected):
            "the answer ended after \(received) of \(expected.map(String.init) ?? "unknown many") bytes"
        case .bodyTooLarge(let limit): "the answer is larger than \(limit) bytes"
        case .invalidRequest(let reason): "the request can't be sent: \(reason)"
        }
    }

    /// Whether the service may have read the request.
    var mayHaveActed: Bool {
        switch self {
        case .cannotConnect, .tls, .invalidRequest: false
        case .timedOut(_, let sent): sent
        case .connectionLost, .truncatedBody, .bodyTooLarge: true
        }
    }
}
