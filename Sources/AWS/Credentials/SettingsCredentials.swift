internal import FoundationEssentials
internal import Support

/// Static keys named by a settings layer: command line, env file, process environment.
struct SettingsCredentials: CredentialProvider {
    let context: CredentialContext

    var name: String { context.settings.layers.map(\.name).joined(separator: ", ") }

    func find() async throws -> CredentialFinding {
        guard let layer = context.settings.credentialLayer else { return .nothing("AWS_ACCESS_KEY_ID is not set") }
        if let keys = try keys(in: layer) { return .found(keys) }
        let named = layer.profileName ?? layer.setting("AWS_WEB_IDENTITY_TOKEN_FILE") ?? layer.setting("AWS_ROLE_ARN")
        return .nothing("\(named?.origin ?? layer.name) names another source")
    }

    /// The keys of one layer, taken whole; `nil` when it has none.
    ///
    /// Keys beside a profile in one layer: the keys win, as in AWS's own tools.
    func keys(in layer: SettingLayer) throws -> Credentials? {
        let key = layer.setting("AWS_ACCESS_KEY_ID")
        let secret = layer.setting("AWS_SECRET_ACCESS_KEY") ?? layer.setting("AWS_SECRET_KEY")
        let token = layer.setting("AWS_SESSION_TOKEN") ?? layer.setting("AWS_SECURITY_TOKEN")
        if let key, let secret {
            let keys = Credentials(
                accessKeyID: key.value, secretAccessKey: Secret(secret.value),
                sessionToken: token.map { Secret($0.value) }, expiration: try expiration(in: layer), source: layer.name)
            context.secrets.add(keys)
            return keys
        }
        if key == nil, secret == nil, token == nil { return nil }
        let missing = key == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"
        throw Failure(
            .credentials, "the credentials in \(layer.name) are incomplete: \(missing) is not set there",
            hint:
                "keys, token and profile are taken together from one place: set \(missing) there too, or remove the others"
        )
    }

    /// `AWS_CREDENTIAL_EXPIRATION`, as `aws configure export-credentials` writes it beside keys.
    private func expiration(in layer: SettingLayer) throws -> Date? {
        guard let setting = layer.setting("AWS_CREDENTIAL_EXPIRATION") else { return nil }
        guard let end = Timestamp.parse(setting.value) else {
            throw Failure(.credentials, "'\(setting.value)' (\(setting.origin)) is not a time, as 2026-01-31T12:00:00Z")
        }
        return end
    }
}

extension SettingLayer {
    /// The profile that this layer names.
    var profileName: Setting? { setting("AWS_PROFILE") ?? setting("AWS_DEFAULT_PROFILE") }
}
