internal import FoundationEssentials

/// Idempotency tokens (`clientToken`, `ClientRequestToken`).
///
/// The token is a member of the input, made by the caller before the call: every attempt, and every resend of a launch that
/// was written down, carries the same one.
package enum RequestToken {
    /// A new token: a UUID in lower case, which every service's pattern and length (32 to 64 characters) admits.
    package static func make() -> String { UUID().uuidString.lowercased() }
}
