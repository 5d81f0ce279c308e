internal import CCurl

extension HTTPError {
    /// What a result of libcurl means to a caller who must know whether the request may have been acted upon.
    ///
    /// - Parameters:
    ///   - sent: whether bytes of the request itself went out; what happens before that is a failure to connect.
    ///   - received: bytes of the response's body.
    ///   - expected: its announced length.
    init(_ code: CURLcode, reason: String, host: String, sent: Bool, received: Int64, expected: Int64?) {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut(reason: reason, sent: sent)
        case CURLE_PARTIAL_FILE: self = .truncatedBody(received: received, expected: expected)
        case _ where sent: self = .connectionLost(reason: reason)
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_NOT_BUILT_IN, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_UNKNOWN_OPTION:
            self = .invalidRequest(reason: reason)
        case CURLE_SSL_CACERT_BADFILE: self = .invalidRequest(reason: "CA bundle: \(reason)")
        case CURLE_SSL_CONNECT_ERROR where Self.isBrokenHandshake(reason):
            self = .cannotConnect(host: host, reason: reason)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE:
            self = .tls(host: host, reason: reason)
        default: self = .cannotConnect(host: host, reason: reason)
        }
    }

    /// Whether the connection broke during the handshake, as any connection can, rather than that TLS was refused.
    /// libcurl has one code for both, so its text decides; an unknown text counts as refused.
    private static func isBrokenHandshake(_ reason: String) -> Bool {
        ["SSL_ERROR_SYSCALL", "reset by peer", "unexpected eof", "Broken pipe"].contains { reason.contains($0) }
    }
}
