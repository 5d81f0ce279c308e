internal import Support
internal import Synchronization

/// The secrets that a search for credentials came by, so that no message repeats one: services and programs may quote what
/// they were told.
final class KnownSecrets: Sendable {
    /// In characters; what is shorter would mask ordinary words.
    private static let shortest = 8
    private let known = Mutex<Set<Secret>>([])

    func add(_ secret: Secret?) {
        guard let secret, secret.reveal().count >= Self.shortest else { return }
        _ = known.withLock { $0.insert(secret) }
    }

    func add(_ credentials: Credentials) {
        add(credentials.secretAccessKey)
        add(credentials.sessionToken)
    }

    /// The text with `****` for each known secret, as it is or percent-encoded as forms and URLs have it.
    func mask(_ text: String) -> String {
        // Longest first: one secret may be part of another.
        known.withLock { $0 }.flatMap { [$0.reveal(), PercentEncoding.encode($0.reveal())] }.sorted {
            $0.count > $1.count
        }
        .reduce(text) { $0.replacing($1, with: "****") }
    }

    /// A failure that says the same without secrets. Cancellation stays what it is.
    func mask(_ error: any Error) -> any Error {
        if error is CancellationError { return error }
        guard let failure = error as? Failure else { return Failure(.credentials, mask("\(error)")) }
        return Failure(
            failure.kind, mask(failure.message), hint: failure.hint.map(mask),
            cause: failure.cause.map { MaskedCause(description: mask("\($0)")) })
    }
}

/// The text of an error underneath.
private struct MaskedCause: Error, CustomStringConvertible {
    let description: String
}
