internal import FoundationEssentials
internal import HTTP
internal import Support

/// Asks the sources of credentials in order and takes the first that has any.
struct CredentialChain: Sendable {
    let providers: [any CredentialProvider]
    /// What no message may hold.
    let secrets: KnownSecrets
    private let store: CredentialStore?
    private let now: @Sendable () -> Date

    /// A chain of other sources than the settings name.
    init(providers: [any CredentialProvider], secrets: KnownSecrets = KnownSecrets()) {
        self.providers = providers
        self.secrets = secrets
        store = nil
        now = { .distantPast }
    }

    /// The chain for these settings.
    ///
    /// Keys, token, profile and role are one group, taken whole from the highest layer that names any of them; only when no
    /// layer does are the default profile, the container's endpoint and the instance's metadata asked.
    init(settings: AWSSettings, transport: any Transport, effects: AWSClient.Effects) {
        let context = CredentialContext(settings: settings, transport: transport, effects: effects)
        secrets = context.secrets
        store = context.store
        now = effects.now
        providers = [
            SettingsCredentials(context: context),
            NamedCredentials(context: context),
            ContainerCredentials(context: context),
            InstanceCredentials(context: context),
        ]
    }

    /// - Throws: `Failure` of kind `credentials` with every source tried and why it had none. No message holds a secret that
    ///   a source came by.
    func credentials() async throws -> Credentials {
        do {
            return try await search()
        } catch {
            throw secrets.mask(error)
        }
    }

    /// Makes sure that credentials that AWS called expired are not taken from the disk again.
    func refuse(_ credentials: Credentials) { store?.refuse(credentials) }

    private func search() async throws -> Credentials {
        var tried: [String] = []
        for provider in providers {
            switch try await provider.find() {
            case .found(let credentials):
                secrets.add(credentials)
                try checkEnd(credentials)
                return credentials
            case .nothing(let why): tried.append("\(provider.name): \(why)")
            }
        }
        throw Failure(
            .credentials, "no AWS credentials found (\(tried.joined(separator: "; ")))",
            hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the env file or the environment")
    }
}

extension CredentialChain {
    /// Calls signed with keys that have ended would be refused one by one.
    private func checkEnd(_ credentials: Credentials) throws {
        guard let end = credentials.expiration, end <= now() else { return }
        throw Failure(
            .credentials, "the credentials from \(credentials.source) ended at \(Timestamp.text(end, .iso8601))",
            hint: "get new ones from there; is this machine's clock right?")
    }
}

/// Credentials that are there already.
struct GivenCredentials: CredentialProvider {
    let credentials: Credentials

    var name: String { credentials.source }

    func find() async throws -> CredentialFinding { .found(credentials) }
}
