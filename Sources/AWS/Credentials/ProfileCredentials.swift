internal import Support

/// Static keys of a profile, in the credentials file or the config file.
struct ProfileCredentials: CredentialProvider {
    let settings: AWSSettings

    var name: String { "profile files" }

    func find() async throws -> CredentialFinding {
        guard let profile = try settings.profile() else {
            let config = settings.path(setting: "AWS_CONFIG_FILE", inHome: ".aws/config") ?? "no home directory"
            let keys = settings.path(setting: "AWS_SHARED_CREDENTIALS_FILE", inHome: ".aws/credentials")
            return .nothing("no profile 'default' in \(([keys, config].compactMap { $0 }).joined(separator: " or "))")
        }
        let places = [(profile.credentials, profile.credentialsPath), (profile.config, profile.configPath)]
        for (section, path) in places {
            guard let section else { continue }
            let key = text(section, "aws_access_key_id")
            let secret = text(section, "aws_secret_access_key")
            if let key, let secret {
                return .found(
                    Credentials(
                        accessKeyID: key, secretAccessKey: Secret(secret),
                        sessionToken: text(section, "aws_session_token").map { Secret($0) },
                        source: "profile \(profile.name) (\(path))"))
            }
            if key != nil || secret != nil {
                let missing = key == nil ? "aws_access_key_id" : "aws_secret_access_key"
                throw Failure(.credentials, "profile \(profile.name) in \(path) has no \(missing)")
            }
        }
        for kind in ["role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file"]
        where profile.config.flatMap({ text($0, kind) }) != nil {
            throw Failure(
                .credentials,
                "profile \(profile.name) in \(profile.configPath) uses \(kind), which this version can't follow",
                hint: "export keys: eval \"$(aws configure export-credentials --profile \(profile.name) --format env)\""
            )
        }
        guard let named = profile.namedBy else { return .nothing("profile \(profile.name) has no keys") }
        throw Failure(.credentials, "profile '\(profile.name)' (\(named.origin)) has no keys")
    }

    private func text(_ section: INIFile.Section, _ key: String) -> String? {
        guard let entry = section.values[key], !entry.text.isEmpty else { return nil }
        return entry.text
    }
}
