package import HTTP

/// No complete answer came after all attempts.
///
/// `mayHaveActed` is what callers of operations without an idempotency token look at: the service may have done what was
/// asked.
package struct AWSNoAnswer: Error, Sendable, CustomStringConvertible {
    package let service: String
    package let operation: String
    package let resource: String?
    /// `scheme://host:port` of the endpoint.
    package let endpoint: String
    package let attempts: Int
    /// Whether at least one attempt may have reached the service.
    package let mayHaveActed: Bool
    /// Whether the operation changes something.
    var mutates = false
    /// One line: why the last attempt failed.
    package let reason: String
    /// The last attempt's error.
    package var cause: HTTPError?

    /// Whether the connection ended before the last answer did.
    package var isCutOff: Bool {
        switch cause {
        case .connectionLost, .timedOut, .truncatedBody: true
        case .cannotConnect, .tls, .bodyTooLarge, .invalidRequest, nil: false
        }
    }

    package var description: String {
        let what = [service, operation, resource].compactMap { $0 }.joined(separator: " ")
        let times = attempts == 1 ? "" : " after \(attempts) attempts"
        let acted = mutates && mayHaveActed ? "; it may have been carried out all the same" : ""
        return "\(what): no answer from \(endpoint)\(times): \(reason)\(acted)"
    }
}
