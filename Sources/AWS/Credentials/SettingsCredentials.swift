internal import Support

/// Static keys named by a settings layer: command line, env file, process environment.
struct SettingsCredentials: CredentialProvider {
    let settings: AWSSettings

    var name: String { settings.layers.map(\.name).joined(separator: ", ") }

    func find() async throws -> CredentialFinding {
        guard let layer = settings.credentialLayer else { return .nothing("AWS_ACCESS_KEY_ID is not set") }
        let key = layer.setting("AWS_ACCESS_KEY_ID")
        let secret = layer.setting("AWS_SECRET_ACCESS_KEY") ?? layer.setting("AWS_SECRET_KEY")
        let token = layer.setting("AWS_SESSION_TOKEN") ?? layer.setting("AWS_SECURITY_TOKEN")
        // Keys beside a profile in one layer: the keys win, as in AWS's own tools.
        if let key, let secret {
            return .found(
                Credentials(
                    accessKeyID: key.value, secretAccessKey: Secret(secret.value),
                    sessionToken: token.map { Secret($0.value) }, source: layer.name))
        }
        if key == nil, secret == nil, token == nil {
            let isProfile = layer.setting("AWS_PROFILE") ?? layer.setting("AWS_DEFAULT_PROFILE")
            if let isProfile { return .nothing("\(isProfile.origin) names a profile instead") }
            throw Failure(
                .credentials, "\(layer.name) names a role (AWS_ROLE_ARN), which this version can't assume",
                hint: "set keys or a profile in the same place, or unset AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE")
        }
        let missing = key == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"
        throw Failure(
            .credentials, "the credentials in \(layer.name) are incomplete: \(missing) is not set there",
            hint:
                "keys, token and profile are taken together from one place: set \(missing) there too, or remove the others"
        )
    }
}
