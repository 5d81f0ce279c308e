package import FoundationEssentials
package import Support

/// Keys that sign requests, and where they came from.
package struct Credentials: Sendable {
    package let accessKeyID: String
    package let secretAccessKey: Secret
    package let sessionToken: Secret?
    /// When they end; `nil`: not known to end.
    package let expiration: Date?
    /// For messages: `environment`, `env file env/default`, `profile dev (~/.aws/credentials)`.
    package let source: String

    package init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil, expiration: Date? = nil,
        source: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.source = source
    }
}

extension Credentials {
    /// No keys at all: requests go unsigned.
    static let anonymous = Credentials(accessKeyID: "", secretAccessKey: Secret(""), source: "no credentials")

    /// Whether requests go unsigned.
    var isAnonymous: Bool { accessKeyID.isEmpty && secretAccessKey.isEmpty }
}

/// One place where credentials may come from.
protocol CredentialProvider: Sendable {
    /// For the list of sources tried.
    var name: String { get }

    /// - Throws: `Failure` when the source is configured but unusable; the search ends there, since going on would act with
    ///   credentials that nobody asked for.
    func find() async throws -> CredentialFinding
}

/// What one source gave.
enum CredentialFinding: Sendable {
    case found(Credentials)
    /// Nothing is configured here; the text says what was missing.
    case nothing(String)
}
