internal import Support

/// A role that a profile names, and who may assume it.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
package struct RoleProfile: Sendable {
    package let role: SettingLayer.Setting
    package let externalID: SettingLayer.Setting?
    package let sessionName: SettingLayer.Setting?
    /// How long the keys are to last; `nil`: as long as AWS says.
    package let durationSeconds: Int?
    /// The device whose code is needed.
    package let mfaSerial: SettingLayer.Setting?
    let source: Source
    let profile: Profile

    /// Whose credentials assume the role.
    enum Source: Sendable {
        case profile(SettingLayer.Setting)
        case named(NamedSource, SettingLayer.Setting)
    }

    /// The words of `credential_source`.
    enum NamedSource: String, Sendable, CaseIterable {
        case environment = "Environment"
        case ec2InstanceMetadata = "Ec2InstanceMetadata"
        case ecsContainer = "EcsContainer"
    }

    /// - Throws: `Failure` of kind `credentials` for a role without a source, or with two; of kind `badInput` for values that
    ///   can't be read.
    init(_ profile: Profile) throws {
        guard let role = profile.value("role_arn") else {
            throw Failure(.credentials, "profile \(profile.name) has no role_arn")
        }
        self.role = role
        self.profile = profile
        externalID = profile.value("external_id")
        sessionName = profile.value("role_session_name")
        mfaSerial = profile.value("mfa_serial")
        source = try Self.source(profile, role)
        durationSeconds = try profile.value("duration_seconds").map { setting in
            guard let seconds = Int(setting.value) else {
                throw Failure(.badInput, "'\(setting.value)' (\(setting.origin)) is not a number of seconds")
            }
            return seconds
        }
    }

    private static func source(_ profile: Profile, _ role: SettingLayer.Setting) throws -> Source {
        let sourceProfile = profile.value("source_profile")
        switch (sourceProfile, profile.value("credential_source")) {
        case (let source?, nil): return .profile(source)
        case (nil, let setting?):
            if let name = NamedSource(rawValue: setting.value) { return .named(name, setting) }
            let names = NamedSource.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(
                .credentials, "'\(setting.value)' (\(setting.origin)) is no credential_source", hint: "one of \(names)")
        case (nil, nil):
            throw Failure(
                .credentials, "assume role \(role.value): \(role.origin) has no source_profile or credential_source",
                hint: "name the profile whose keys may assume the role")
        case (_?, let setting?):
            throw Failure(
                .credentials,
                "assume role \(role.value): \(setting.origin) has both source_profile and credential_source",
                hint: "keep one of them")
        }
    }

    /// For messages: `source_profile base`, `Ec2InstanceMetadata`.
    var sourceName: String {
        switch source {
        case .profile(let setting): "source_profile \(setting.value)"
        case .named(let name, _): name.rawValue
        }
    }

    /// The name of the file in which the AWS CLI keeps this role's keys.
    var cacheName: CacheName {
        get throws {
            var arguments: [String: PythonJSON.Value] = ["RoleArn": .text(role.value)]
            arguments["RoleSessionName"] = sessionName.map { .text($0.value) }
            arguments["ExternalId"] = externalID.map { .text($0.value) }
            arguments["SerialNumber"] = mfaSerial.map { .text($0.value) }
            arguments["DurationSeconds"] = durationSeconds.map { .number($0) }
            return try CacheName(role: arguments)
        }
    }
}

extension AWSSettings {
    /// The role of the profile in force; `nil` when it names none, or there is no profile.
    ///
    /// - Throws: `Failure` for a role without a usable source.
    package func roleProfile() throws -> RoleProfile? {
        guard let profile = try profile(), profile.assumesRole else { return nil }
        return try RoleProfile(profile)
    }
}

extension AWSClient {
    /// A client like this one with the credentials that may assume a profile's role, and the code of its MFA device, which a
    /// person is asked for; `nil` when it names none.
    package func source(of role: RoleProfile) async throws -> (client: AWSClient, mfaCode: String?) {
        let context = CredentialContext(settings: settings, transport: transport, effects: effects)
        let finder = RoleCredentials(context: context, profile: role.profile, visited: [role.profile.name])
        do {
            let keys = try await finder.source(of: role)
            return (
                AWSClient(
                    settings: settings, transport: transport, dryRun: dryRun, effects: effects, credentials: keys),
                try await finder.mfaCode(role)
            )
        } catch {
            throw context.secrets.mask(error)
        }
    }
}
