internal import FoundationEssentials
internal import Support

/// The credentials of a role that an identity token of somebody else's admits: EKS, CI systems.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html
struct WebIdentityCredentials: Sendable {
    let context: CredentialContext

    private struct Identity {
        let tokenFile: SettingLayer.Setting
        let role: SettingLayer.Setting
        let sessionName: SettingLayer.Setting?
    }

    /// The role of a layer that names no profile; the layer must name all of it.
    func ofLayer(_ layer: SettingLayer) async throws -> Credentials {
        let file = layer.setting("AWS_WEB_IDENTITY_TOKEN_FILE")
        let role = layer.setting("AWS_ROLE_ARN")
        guard let file, let role else {
            let missing = file == nil ? "AWS_WEB_IDENTITY_TOKEN_FILE" : "AWS_ROLE_ARN"
            throw Failure(
                .credentials, "the credentials in \(layer.name) are incomplete: \(missing) is not set there",
                hint:
                    "a role and its token file are taken together from one place: set \(missing) there too, or remove both"
            )
        }
        return try await credentials(
            Identity(tokenFile: file, role: role, sessionName: layer.setting("AWS_ROLE_SESSION_NAME")))
    }

    /// The role of a profile, where what the profile's own layer says goes before what the profile says.
    func ofProfile(_ profile: Profile, layer: SettingLayer?) async throws -> CredentialFinding {
        func setting(_ name: String, _ key: String) -> SettingLayer.Setting? {
            layer?.setting(name) ?? profile.value(key)
        }
        guard let file = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else {
            return .nothing("no web_identity_token_file")
        }
        guard let role = setting("AWS_ROLE_ARN", "role_arn") else {
            throw Failure(
                .credentials, "\(file.origin) names a web identity token, but no role for it",
                hint: "set role_arn in the profile, or AWS_ROLE_ARN")
        }
        return .found(
            try await credentials(
                Identity(
                    tokenFile: file, role: role, sessionName: setting("AWS_ROLE_SESSION_NAME", "role_session_name"))))
    }

    private func credentials(_ identity: Identity) async throws -> Credentials {
        var arguments: [String: PythonJSON.Value] = ["RoleArn": .text(identity.role.value)]
        arguments["RoleSessionName"] = identity.sessionName.map { .text($0.value) }
        return try await context.store.credentials(
            try CacheName(role: arguments),
            source: "role \(identity.role.value) by web identity (\(identity.tokenFile.origin))", context: context
        ) {
            // Read anew each time: whoever issues it also replaces it.
            let text = try context.text(of: identity.tokenFile.value, identity.tokenFile.origin)
            let token = Secret(String(text.drop(while: \.isWhitespace).prefix { !$0.isWhitespace }))
            guard !token.isEmpty else {
                throw Failure(.credentials, "\(identity.tokenFile.value) (\(identity.tokenFile.origin)) is empty")
            }
            context.secrets.add(token)
            let now = Int(context.now().timeIntervalSince1970)
            let request = CredentialServices.AssumeRoleWithWebIdentity(
                roleArn: identity.role.value, roleSessionName: identity.sessionName?.value ?? "fgctl-\(now)",
                webIdentityToken: token.reveal())
            do {
                return try await context.client(nil).send(CredentialServices.assumeRoleWithWebIdentity, request).stored
            } catch {
                throw context.failure(
                    "assume role \(identity.role.value) by web identity (\(identity.tokenFile.origin))", error)
            }
        }
    }
}
