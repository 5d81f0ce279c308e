internal import FoundationEssentials
internal import HTTP
internal import Support

/// Asks the sources of credentials in order and takes the first that has any.
struct CredentialChain: Sendable {
    let providers: [any CredentialProvider]

    init(providers: [any CredentialProvider]) { self.providers = providers }

    /// The chain for these settings.
    ///
    /// Keys, token, profile and role are one group, taken whole from the highest layer that names any of them; only when no
    /// layer does are the default profile and the container's endpoint asked.
    init(settings: AWSSettings, transport: any Transport, effects: AWSClient.Effects) {
        self.init(providers: [
            SettingsCredentials(settings: settings),
            ProfileCredentials(settings: settings),
            ContainerCredentials(settings: settings, transport: transport, sleep: effects.sleep),
        ])
    }

    /// - Throws: `Failure` of kind `credentials` with every source tried and why it had none.
    func credentials() async throws -> Credentials {
        var tried: [String] = []
        for provider in providers {
            switch try await provider.find() {
            case .found(let credentials): return credentials
            case .nothing(let why): tried.append("\(provider.name): \(why)")
            }
        }
        throw Failure(
            .credentials, "no AWS credentials found (\(tried.joined(separator: "; ")))",
            hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the env file or the environment")
    }
}
