internal import Support

/// One profile of the AWS profile files: the config file's section and the credentials file's.
struct Profile: Sendable {
    let name: String
    /// Where the name was written; `nil` when it is the default profile and nobody named it.
    let namedBy: SettingLayer.Setting?
    let configPath: String
    let credentialsPath: String
    let config: INIFile.Section?
    let credentials: INIFile.Section?
    /// The `[services …]` section that the profile names, if any.
    let services: INIFile.Section?
    /// The files themselves, for what the profile refers to.
    let configFile: INIFile?
    let credentialsFile: INIFile?

    /// A value of the config section.
    func setting(_ key: String) -> SettingLayer.Setting? {
        guard let entry = config?.values[key], !entry.text.isEmpty else { return nil }
        return SettingLayer.Setting(value: entry.text, origin: "profile \(name), \(configPath):\(entry.line)")
    }

    /// A value of either section; the credentials file's goes before the config file's, as in AWS's own tools.
    func value(_ key: String) -> SettingLayer.Setting? {
        guard let entry = credentials?.values[key], !entry.text.isEmpty else { return setting(key) }
        return SettingLayer.Setting(value: entry.text, origin: "profile \(name), \(credentialsPath):\(entry.line)")
    }

    /// Another profile of the same files; `nil` when it is in neither.
    func sibling(_ name: String) -> Profile? {
        Profile(
            name, namedBy: nil, config: configFile, credentials: credentialsFile, configPath: configPath,
            credentialsPath: credentialsPath)
    }

    /// A value below `service_name =` in the profile's `[services …]` section.
    func serviceSetting(_ service: String, _ key: String) -> SettingLayer.Setting? {
        guard let entry = services?.values[service]?.nested[key], !entry.text.isEmpty else { return nil }
        return SettingLayer.Setting(value: entry.text, origin: "profile \(name), \(configPath):\(entry.line)")
    }
}

extension Profile {
    /// - Returns: `nil` when neither file has the profile.
    init?(
        _ name: String, namedBy: SettingLayer.Setting?, config: INIFile?, credentials: INIFile?, configPath: String,
        credentialsPath: String
    ) {
        // The config file says `[profile NAME]`, except `[default]`; `[profile default]` wins over that.
        let section = config?.sections["profile \(name)"] ?? (name == "default" ? config?.sections["default"] : nil)
        let keys = credentials?.sections[name]
        guard section != nil || keys != nil else { return nil }
        self.init(
            name: name, namedBy: namedBy, configPath: configPath, credentialsPath: credentialsPath, config: section,
            credentials: keys,
            services: section?.values["services"].flatMap { config?.sections["services \($0.text)"] },
            configFile: config, credentialsFile: credentials)
    }
}

extension AWSSettings {
    /// The names that make up the group of credentials; a layer that has any of them decides all of them.
    static let credentialNames = [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    ]

    /// The highest layer that names any part of the credentials.
    var credentialLayer: SettingLayer? {
        layers.first { layer in Self.credentialNames.contains { layer.setting($0) != nil } }
    }

    /// The profile in force: the one named by the layer that decides the credentials, else `default` if it exists.
    ///
    /// A profile that only a lower layer names does not count: its region or endpoint would be mixed with another account's
    /// keys.
    /// - Throws: `Failure` of kind `badInput` for malformed files, `credentials` when a profile that was named is nowhere.
    func findProfile() throws -> Profile? {
        let named = credentialLayer.flatMap { $0.setting("AWS_PROFILE") ?? $0.setting("AWS_DEFAULT_PROFILE") }
        let name = named?.value ?? "default"
        let configPath = path(setting: "AWS_CONFIG_FILE", inHome: ".aws/config")
        let credentialsPath = path(setting: "AWS_SHARED_CREDENTIALS_FILE", inHome: ".aws/credentials")
        let config = try configPath.flatMap(file)
        let credentials = try credentialsPath.flatMap(file)
        let profile = Profile(
            name, namedBy: named, config: config, credentials: credentials, configPath: configPath ?? "",
            credentialsPath: credentialsPath ?? "")
        guard profile == nil, let named else { return profile }
        let files = [configPath, credentialsPath].compactMap { $0 }.joined(separator: " and ")
        throw Failure(
            .credentials, "profile '\(name)' (\(named.origin)) is not in \(files.isEmpty ? "any file" : files)",
            hint: "list the profiles with 'aws configure list-profiles', or name another one")
    }

    /// Where a profile file should be; `nil` without a home directory.
    func path(setting name: String, inHome relative: String) -> String? {
        if let setting = value(name) { return expandHome(setting.value) }
        return home.map { "\($0)/\(relative)" }
    }

    private func file(_ path: String) throws -> INIFile? {
        let text: String?
        do {
            text = try readFile(path)
        } catch {
            throw Failure(.badInput, "read \(path): \(error)", cause: error)
        }
        return try text.map { try INIFile($0, path: path) }
    }
}
