internal import FoundationEssentials
internal import Support

/// The credentials of a role that IAM Identity Center gives to who has logged in by `aws sso login`.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
struct SSOCredentials: Sendable {
    let context: CredentialContext
    let profile: Profile

    func find() async throws -> CredentialFinding {
        guard let access = try SSOAccess(profile) else { return .nothing("no sso_account_id") }
        let name = try CacheName(sso: [
            "roleName": .text(access.role), "accountId": .text(access.account),
            access.session == nil ? "startUrl" : "sessionName": .text(access.session ?? access.startURL),
        ])
        let source = "IAM Identity Center role \(access.role) in \(access.account), profile \(profile.name)"
        return .found(
            try await context.store.credentials(name, source: source, context: context) { try await fetch(access) })
    }

    private func fetch(_ access: SSOAccess) async throws -> StoredCredentials {
        let token = try await SSOToken(context: context, access: access).accessToken()
        context.secrets.add(token)
        let request = CredentialServices.GetRoleCredentials(
            roleName: access.role, accountId: access.account, accessToken: token.reveal())
        do {
            let keys = try await access.client(context).send(CredentialServices.getRoleCredentials, request)
                .roleCredentials
            return StoredCredentials(
                accessKeyID: keys.accessKeyId, secretAccessKey: keys.secretAccessKey, sessionToken: keys.sessionToken,
                expiration: Date(timeIntervalSince1970: Double(keys.expiration / 1000)), accountID: access.account,
                providerType: "sso")
        } catch let error as AWSError where error.httpStatus == 401 || error.code == "UnauthorizedException" {
            throw access.loginNeeded("its token was refused (\(error.code))")
        } catch {
            throw context.failure(
                "get the keys of role \(access.role) in account \(access.account) (\(access.origin))", error)
        }
    }
}

/// What a profile says of IAM Identity Center.
struct SSOAccess: Sendable {
    let profileName: String
    let role: String
    let account: String
    let startURL: String
    let region: String
    /// The name of the `[sso-session …]` section; `nil` in the older form, where the profile holds everything.
    let session: String?
    /// For messages.
    let origin: String

    /// - Returns: `nil` when the profile names neither role nor account.
    /// - Throws: `Failure` for what is incomplete or contradicts itself.
    init?(_ profile: Profile) throws {
        guard let first = profile.value("sso_account_id") ?? profile.value("sso_role_name") else { return nil }
        profileName = profile.name
        origin = first.origin
        let session = profile.value("sso_session")?.value
        let section = session.flatMap { profile.configFile?.sections["sso-session \($0)"] }
        if let session {
            guard section != nil else {
                throw Failure(
                    .credentials,
                    "profile \(profile.name): there is no [sso-session \(session)] in \(profile.configPath)",
                    hint: "write it with: aws configure sso-session")
            }
        }
        func text(_ key: String) throws -> String {
            let own = profile.value(key)
            let shared = section?.values[key].flatMap { $0.text.isEmpty ? nil : $0.text }
            if let own, let shared, own.value != shared {
                throw Failure(
                    .credentials,
                    "profile \(profile.name): \(key) is '\(own.value)', but '\(shared)' in [sso-session \(session ?? "")]",
                    hint: "keep it in the section only")
            }
            guard let value = own?.value ?? shared else {
                throw Failure(
                    .credentials, "profile \(profile.name) uses IAM Identity Center but has no \(key)",
                    hint: "complete it with: aws configure sso --profile \(profile.name)")
            }
            return value
        }
        self.session = session
        role = try text("sso_role_name")
        account = try text("sso_account_id")
        startURL = try text("sso_start_url")
        region = try text("sso_region")
    }

    /// Calls of IAM Identity Center go unsigned, and to its own region.
    func client(_ context: CredentialContext) -> AWSClient {
        context.client(nil, overrides: ["AWS_REGION": SettingLayer.Setting(value: region, origin: "sso_region")])
    }

    func loginNeeded(_ why: String) -> Failure {
        Failure(
            .credentials, "profile \(profileName): not logged in to IAM Identity Center: \(why)",
            hint: "log in with: aws sso login --profile \(profileName)")
    }
}
