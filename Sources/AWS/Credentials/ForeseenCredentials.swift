internal import Support

extension AWSSettings {
    /// Which source of credentials a call would use, as far as settings and profile files say, without asking any.
    ///
    /// - Returns: the source, `environment`, `profile dev (~/.aws/credentials)`, …; without one what was looked for.
    /// - Throws: `Failure` for profile files that can't be read and profiles that are nowhere.
    package func foreseenCredentials() throws -> (source: String?, missing: String) {
        let profile = try profile()
        if let found = foreseenSource(profile) { return (found, "") }
        let why = profile.map { "no keys in profile \($0.name)" } ?? "no keys in settings, no profile 'default'"
        return (nil, "\(why), no container endpoint; the instance metadata service was not asked")
    }

    private func foreseenSource(_ profile: Profile?) -> String? {
        if let layer = credentialLayer {
            if layer.setting("AWS_ACCESS_KEY_ID") != nil { return layer.name }
            let isProfile = layer.setting("AWS_PROFILE") ?? layer.setting("AWS_DEFAULT_PROFILE")
            if isProfile == nil, let role = layer.setting("AWS_ROLE_ARN") {
                return "web identity, role \(role.value) (\(role.origin))"
            }
        }
        if let found = profile?.foreseenCredentials { return found }
        let container = value(anyOf: [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ])
        return container.map { "container endpoint (\($0.origin))" }
    }
}

extension Profile {
    /// The first kind of credentials that the profile has, in the order in which they count.
    fileprivate var foreseenCredentials: String? {
        if let role = config?.values["role_arn"]?.text ?? credentials?.values["role_arn"]?.text {
            return "profile \(name), role \(role) (\(configPath))"
        }
        if config?.values["web_identity_token_file"] != nil { return "profile \(name), web identity (\(configPath))" }
        if config?.values["sso_session"] != nil || config?.values["sso_start_url"] != nil {
            return "profile \(name), IAM Identity Center (\(configPath))"
        }
        if credentials?.values["aws_access_key_id"] != nil { return "profile \(name) (\(credentialsPath))" }
        if config?.values["credential_process"] != nil { return "profile \(name), process (\(configPath))" }
        if config?.values["aws_access_key_id"] != nil { return "profile \(name) (\(configPath))" }
        return nil
    }
}
