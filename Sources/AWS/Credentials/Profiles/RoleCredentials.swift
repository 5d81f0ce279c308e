internal import FoundationEssentials
internal import Support
internal import Synchronization

/// The credentials of the role that a profile names, got with those of its source.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
struct RoleCredentials: Sendable {
    let context: CredentialContext
    let profile: Profile
    /// The profiles that led here, this one last.
    let visited: [String]

    func find() async throws -> Credentials {
        let role = try RoleProfile(profile)
        // A profile whose source is nowhere must fail also while keys of that role, got by another profile, are kept.
        if case .profile(let setting) = role.source { _ = try sourceProfile(setting) }
        let keys = try await context.store.credentials(
            try role.cacheName, source: "role \(role.role.value), profile \(profile.name) by \(role.sourceName)",
            context: context
        ) {
            // Only now: the source is nobody's business while the keys of the last run hold.
            let keys = try await source(of: role)
            let code = try await mfaCode(role)
            let now = Int(context.now().timeIntervalSince1970)
            let request = CredentialServices.AssumeRole(
                roleArn: role.role.value, roleSessionName: role.sessionName?.value ?? "fgctl-\(now)",
                durationSeconds: role.durationSeconds, externalId: role.externalID?.value,
                serialNumber: role.mfaSerial?.value, tokenCode: code)
            do {
                return try await context.client(keys).send(CredentialServices.assumeRole, request).stored
            } catch {
                let isDenied = (error as? AWSError)?.isAccessDenied ?? false
                throw context.failure(
                    "assume role \(role.role.value) (\(role.role.origin)) with the keys of \(keys.source)", error,
                    hint: isDenied
                        ? "the role must trust that identity, and the identity be allowed sts:AssumeRole on it" : nil)
            }
        }
        if let serial = role.mfaSerial { _ = context.devices.use(serial.value) }
        return keys
    }

    /// The credentials that may assume the role.
    func source(of role: RoleProfile) async throws -> Credentials {
        switch role.source {
        case .named(let name, let setting): return try await named(name, setting)
        case .profile(let setting): return try await ofProfile(setting)
        }
    }

    private func named(_ name: RoleProfile.NamedSource, _ setting: SettingLayer.Setting) async throws -> Credentials {
        let finding: CredentialFinding
        switch name {
        case .environment: finding = try environment()
        case .ecsContainer: finding = try await ContainerCredentials(context: context).find()
        case .ec2InstanceMetadata: finding = try await InstanceCredentials(context: context).find()
        }
        switch finding {
        case .found(let keys): return keys
        case .nothing(let why):
            throw Failure(.credentials, "credential_source \(name.rawValue) (\(setting.origin)) gives none: \(why)")
        }
    }

    /// The keys of the highest layer that has any, which may be another one than named the profile: it asks for that.
    private func environment() throws -> CredentialFinding {
        for layer in context.settings.layers {
            if let keys = try SettingsCredentials(context: context).keys(in: layer) { return .found(keys) }
        }
        return .nothing("AWS_ACCESS_KEY_ID is not set")
    }

    /// The profile that `source_profile` names.
    private func sourceProfile(_ setting: SettingLayer.Setting) throws -> Profile {
        let name = setting.value
        guard let source = profile.sibling(name) else {
            throw Failure(
                .credentials, "source_profile '\(name)' (\(setting.origin)) is in no profile file",
                hint: "list the profiles with 'aws configure list-profiles'")
        }
        // A profile may name itself to use the keys beside its role.
        let isItself = name == profile.name
        if visited.contains(name), !isItself || !source.hasKeys {
            let path = (visited + [name]).joined(separator: " -> ")
            throw Failure(.credentials, "the source profiles go in a circle: \(path) (\(setting.origin))")
        }
        return source
    }

    private func ofProfile(_ setting: SettingLayer.Setting) async throws -> Credentials {
        let name = setting.value
        let source = try sourceProfile(setting)
        let credentials = ProfileCredentials(context: context, profile: source, visited: visited)
        let finding = source.hasKeys ? try await credentials.withoutRole() : try await credentials.find()
        switch finding {
        case .found(let keys): return keys
        case .nothing(let why):
            throw Failure(
                .credentials, "source_profile '\(name)' (\(setting.origin)) has no credentials: \(why)")
        }
    }

    /// The code of the device that the profile names; `nil` when it names none.
    func mfaCode(_ role: RoleProfile) async throws -> String? {
        guard let serial = role.mfaSerial else { return nil }
        let what = "assume role \(role.role.value)"
        guard let ask = context.effects.credentials.ask else {
            throw Failure(
                .credentials,
                "\(what): needs the code of MFA device \(serial.value) (\(serial.origin)), and there is no terminal to ask at",
                hint: "run it at a terminal once (the keys are kept for later runs), or use keys that need no code")
        }
        // A code holds once, and a question in the middle of a long command would stop it unseen.
        guard context.devices.use(serial.value) else {
            throw Failure(
                .credentials, "\(what): its keys have ended, and new ones need another code of \(serial.value)",
                hint: "run the command again")
        }
        let answer = try await ask("Enter MFA code for \(serial.value): ") ?? ""
        let code = String(answer.filter { !$0.isWhitespace })
        guard !code.isEmpty else { throw Failure(.credentials, "\(what): no MFA code was given") }
        return code
    }
}

/// The MFA devices whose code was asked for in this run, or would have been had keys not been kept from the last one.
final class UsedDevices: Sendable {
    private let serials = Mutex<Set<String>>([])

    /// Whether it is the first time.
    func use(_ serial: String) -> Bool { serials.withLock { $0.insert(serial).inserted } }
}
