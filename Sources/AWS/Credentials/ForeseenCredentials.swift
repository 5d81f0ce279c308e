internal import Support

extension AWSClient {
    /// Which source of credentials calls would use, as far as settings and profile files say, without asking any.
    ///
    /// - Returns: the source, `environment`, `profile dev (~/.aws/credentials)`, …; without one what was looked for.
    /// - Throws: `Failure` for keys that are incomplete, profile files that can't be read, and profiles that are nowhere.
    package func foreseenCredentials() throws -> (source: String?, missing: String) {
        let layer = settings.credentialLayer
        if let layer {
            let context = CredentialContext(settings: settings, transport: transport, effects: effects)
            if let keys = try SettingsCredentials(context: context).keys(in: layer) { return (keys.source, "") }
            if layer.profileName == nil { return ("web identity (\(layer.name))", "") }
        }
        let profile = try settings.profile()
        if let way = profile?.foreseenWay(layer) { return (way, "") }
        if let profile, let named = profile.namedBy {
            return (nil, "profile '\(profile.name)' (\(named.origin)) has no credentials")
        }
        let container = settings.value(anyOf: [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ])
        if let container { return ("container endpoint (\(container.origin))", "") }
        let why = profile == nil ? "no keys in settings, no profile 'default'" : "no keys in profile default"
        return (nil, "\(why), no container endpoint; the instance metadata service was not asked")
    }
}

extension Profile {
    /// The first way in which the profile gives credentials, in the order in which `ProfileCredentials` tries them.
    fileprivate func foreseenWay(_ layer: SettingLayer?) -> String? {
        if assumesRole, let role = value("role_arn") { return "profile \(name), role \(role.value)" }
        let isWebIdentity =
            value("web_identity_token_file") != nil || layer?.setting("AWS_WEB_IDENTITY_TOKEN_FILE") != nil
        if isWebIdentity { return "profile \(name), web identity" }
        if value("sso_account_id") != nil || value("sso_role_name") != nil {
            return "profile \(name), IAM Identity Center"
        }
        if credentials?.values["aws_access_key_id"] != nil { return "profile \(name) (\(credentialsPath))" }
        if value("login_session") != nil { return "profile \(name), aws login" }
        if value("credential_process") != nil { return "profile \(name), credential_process" }
        if config?.values["aws_access_key_id"] != nil { return "profile \(name) (\(configPath))" }
        return nil
    }
}
