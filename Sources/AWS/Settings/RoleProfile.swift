internal import Support

/// A role that the profile in force names, and the settings whose keys may assume it.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
package struct RoleProfile: Sendable {
    package let role: SettingLayer.Setting
    package let externalID: SettingLayer.Setting?
    package let sessionName: SettingLayer.Setting?
    /// How long the keys are to last, in seconds, as written.
    package let duration: SettingLayer.Setting?
    /// The same settings, with the keys of `source_profile` and the region of the role's profile.
    package let source: AWSSettings
}

extension AWSSettings {
    /// The role of the profile in force; `nil` when it names none, or there is no profile.
    ///
    /// - Throws: `Failure` of kind `credentials` for a role that is assumed in a way that fgctl can't follow.
    package func roleProfile() throws -> RoleProfile? {
        guard let profile = try profile(), let role = profile.roleSetting("role_arn") else { return nil }
        for key in ["mfa_serial", "credential_source", "web_identity_token_file"] {
            guard let found = profile.roleSetting(key) else { continue }
            throw Failure(
                .credentials, "assume role \(role.value): \(key) (\(found.origin)) is not supported",
                hint: "give the ARN itself: fgctl assume-role \(role.value), with keys that may assume it")
        }
        guard let source = profile.roleSetting("source_profile") else {
            throw Failure(
                .credentials, "assume role \(role.value): \(role.origin) has no source_profile",
                hint: "name the profile whose keys may assume the role")
        }
        var values = ["AWS_PROFILE": source]
        values["AWS_REGION"] = value(anyOf: ["AWS_REGION", "AWS_DEFAULT_REGION"]) ?? profile.setting("region")
        let settings = AWSSettings(
            layers: [SettingLayer(name: "source_profile", values: values)] + layers, home: home, readFile: readFile)
        return RoleProfile(
            role: role, externalID: profile.roleSetting("external_id"),
            sessionName: profile.roleSetting("role_session_name"), duration: profile.roleSetting("duration_seconds"),
            source: settings)
    }
}

extension Profile {
    /// A value of the config section, else of the credentials section: roles are written in either.
    fileprivate func roleSetting(_ key: String) -> SettingLayer.Setting? {
        if let found = setting(key) { return found }
        guard let entry = credentials?.values[key], !entry.text.isEmpty else { return nil }
        return SettingLayer.Setting(value: entry.text, origin: "profile \(name), \(credentialsPath):\(entry.line)")
    }
}

extension AWSClient {
    /// A client like this one with other settings, and so other credentials.
    package func using(_ settings: AWSSettings) -> AWSClient {
        AWSClient(settings: settings, transport: transport, dryRun: dryRun, effects: effects)
    }
}
