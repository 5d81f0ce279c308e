internal import Support

/// What the layer that decides the credentials names besides keys: a profile, or a role with a web identity. When no layer
/// names anything, the default profile.
struct NamedCredentials: CredentialProvider {
    let context: CredentialContext

    var name: String { "profile files" }

    func find() async throws -> CredentialFinding {
        let layer = context.settings.credentialLayer
        let profile = try context.settings.profile()
        if let layer, layer.profileName == nil {
            // Only this layer counts: the default profile is another source.
            return .found(try await WebIdentityCredentials(context: context).ofLayer(layer))
        }
        guard let profile else { return .nothing("no profile 'default' in \(places)") }
        switch try await ProfileCredentials(context: context, profile: profile, layer: layer).find() {
        case .found(let credentials): return .found(credentials)
        case .nothing(let why):
            guard let named = profile.namedBy else { return .nothing("profile default gives none: \(why)") }
            throw Failure(
                .credentials, "profile '\(profile.name)' (\(named.origin)) has no credentials: \(why)",
                hint: "see 'aws configure', 'aws configure sso' or 'aws login' for ways to fill it, or name another one"
            )
        }
    }

    private var places: String {
        let config = context.settings.path(setting: "AWS_CONFIG_FILE", inHome: ".aws/config") ?? "no home directory"
        let keys = context.settings.path(setting: "AWS_SHARED_CREDENTIALS_FILE", inHome: ".aws/credentials")
        return [keys, config].compactMap { $0 }.joined(separator: " or ")
    }
}
