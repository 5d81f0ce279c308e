internal import Support

/// The credentials of one profile, in whichever way it gives them; of several ways the first in AWS's order counts.
struct ProfileCredentials: Sendable {
    let context: CredentialContext
    let profile: Profile
    /// The layer that named the profile, whose web identity goes before most of what the profile says.
    var layer: SettingLayer?
    /// The profiles that led here, this one included; a role's source may not be one of them.
    let visited: [String]

    init(context: CredentialContext, profile: Profile, layer: SettingLayer? = nil, visited: [String] = []) {
        self.context = context
        self.profile = profile
        self.layer = layer
        self.visited = visited + [profile.name]
    }

    /// - Throws: `Failure` for a way that is there but can't be followed.
    func find() async throws -> CredentialFinding {
        if profile.assumesRole {
            return .found(try await RoleCredentials(context: context, profile: profile, visited: visited).find())
        }
        return try await withoutRole()
    }

    /// The credentials that the profile has by itself, its role left aside.
    func withoutRole() async throws -> CredentialFinding {
        var missing = profile.assumesRole ? [] : ["no role_arn"]
        let steps: [() async throws -> CredentialFinding] = [
            { try await WebIdentityCredentials(context: context).ofProfile(profile, layer: layer) },
            { try await SSOCredentials(context: context, profile: profile).find() },
            { try keys(profile.credentials, profile.credentialsPath) },
            { try await LoginCredentials(context: context, profile: profile).find() },
            { try await ProcessCredentials(context: context, profile: profile).find() },
            { try keys(profile.config, profile.configPath) },
        ]
        for step in steps {
            switch try await step() {
            case .found(let credentials):
                context.secrets.add(credentials)
                return .found(credentials)
            case .nothing(let why): if !missing.contains(why) { missing.append(why) }
            }
        }
        return .nothing(missing.joined(separator: ", "))
    }

    private func keys(_ section: INIFile.Section?, _ path: String) throws -> CredentialFinding {
        func text(_ name: String) -> String? {
            guard let text = section?.values[name]?.text, !text.isEmpty else { return nil }
            return text
        }
        let key = text("aws_access_key_id")
        let secret = text("aws_secret_access_key")
        if let key, let secret {
            let token = text("aws_session_token") ?? text("aws_security_token")
            return .found(
                Credentials(
                    accessKeyID: key, secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) },
                    source: "profile \(profile.name) (\(path))"))
        }
        guard key != nil || secret != nil else { return .nothing("no aws_access_key_id") }
        let missing = key == nil ? "aws_access_key_id" : "aws_secret_access_key"
        throw Failure(.credentials, "profile \(profile.name) in \(path) has no \(missing)")
    }
}

extension Profile {
    /// Whether the profile stands for a role that another source's keys assume.
    var assumesRole: Bool { value("role_arn") != nil && value("web_identity_token_file") == nil }

    /// Whether keys are written in the profile itself.
    var hasKeys: Bool { value("aws_access_key_id") != nil || value("aws_secret_access_key") != nil }
}
