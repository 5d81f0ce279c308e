/// Why no complete response came.
package enum HTTPError: Error, Sendable, Equatable {
    /// The name could not be resolved, or nothing listens there: the request was certainly not read.
    case cannotConnect(host: String, reason: String)
    /// TLS failed: certificate, name or protocol.
    case tls(host: String, reason: String)
    /// The connection broke or an answer was malformed after the request was (perhaps partly) sent: the server may have acted on it.
    case connectionLost(reason: String)
    /// A time limit passed; `sent` says whether the request may have been read by the server.
    case timedOut(reason: String, sent: Bool)
    /// The body ended before its announced length.
    case truncatedBody(received: Int64, expected: Int64?)
    /// The body is larger than the reader allows.
    case bodyTooLarge(limit: Int)
    /// The request itself can't be sent: malformed URL, unsupported scheme, unreadable body, unusable CA bundle or proxy.
    case invalidRequest(reason: String)
}
