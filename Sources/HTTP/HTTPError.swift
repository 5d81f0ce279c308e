/// Why no complete response came.
package enum HTTPError: Error, Sendable, Equatable {
    /// The name could not be resolved, nothing listens there, or the way there (a proxy) failed: the request was
    /// certainly not read.
    case cannotConnect(host: String, reason: String)
    /// TLS failed before the request was sent: certificate, name or protocol.
    case tls(host: String, reason: String)
    /// The connection broke or an answer was malformed after the request was (perhaps partly) sent: the server may
    /// have acted on it.
    case connectionLost(reason: String)
    /// A time limit passed; `sent` says whether the request may have been read by the server.
    case timedOut(reason: String, sent: Bool)
    /// The body ended before its announced length; `expected` is `nil` when it was announced piece by piece.
    case truncatedBody(received: Int64, expected: Int64?)
    /// The body is larger than the reader allows.
    case bodyTooLarge(limit: Int)
    /// The request itself can't be sent: malformed URL, unsupported scheme, unreadable body, unusable CA bundle or
    /// proxy.
    case invalidRequest(reason: String)

    /// Whether the server may have read the request and acted on it. Where this is false a repetition is always safe.
    package var mayHaveBeenSent: Bool {
        switch self {
        case .cannotConnect, .tls, .invalidRequest: false
        case .connectionLost, .truncatedBody, .bodyTooLarge: true
        case .timedOut(_, let sent): sent
        }
    }
}

extension HTTPError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotConnect(let host, let reason): "cannot connect to \(host): \(reason)"
        case .tls(let host, let reason): "no secure connection to \(host): \(reason)"
        default: brief
        }
    }

    /// The same for a message that names the endpoint already.
    package var brief: String {
        switch self {
        case .cannotConnect(_, let reason): "cannot connect: \(reason)"
        case .tls(_, let reason): "no secure connection: \(reason)"
        case .connectionLost(let reason): "connection lost: \(reason)"
        case .timedOut(let reason, _): "timed out: \(reason)"
        case .truncatedBody(let received, let expected):
            "response cut short after \(received) bytes" + (expected.map { " of \($0)" } ?? "")
        case .bodyTooLarge(let limit): "response larger than \(limit) bytes"
        case .invalidRequest(let reason): "request cannot be sent: \(reason)"
        }
    }
}
