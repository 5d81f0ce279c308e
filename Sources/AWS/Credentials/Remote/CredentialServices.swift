internal import FoundationEssentials
internal import Support

/// The operations of AWS's services that give credentials, as far as finding them needs. All make keys and change nothing
/// that was there, so they are allowed under dry run.
enum CredentialServices {
    static let sts = Service(
        .sts, apiVersion: "2011-06-15", wire: .query,
        memberNames: .pascalCase())
    static let sso = Service(
        .sso, apiVersion: "2019-06-10",
        wire: .restJSON)
    static let oidc = Service(
        .ssoOIDC, apiVersion: "2019-06-10", wire: .restJSON)
    static let signin = Service(
        .signIn, apiVersion: "2023-01-01",
        wire: .restJSON)

    /// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    static let assumeRole = Operation<AssumeRole, RoleAnswer>("AssumeRole", of: sts, .reads)
    /// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    static let assumeRoleWithWebIdentity = Operation<AssumeRoleWithWebIdentity, RoleAnswer>(
        "AssumeRoleWithWebIdentity", of: sts, .reads)
    /// https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
    static let getRoleCredentials = Operation<GetRoleCredentials, RoleCredentialsAnswer>(
        "GetRoleCredentials", of: sso, .reads, method: "GET", path: "/federation/credentials")
    /// https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
    static let createToken = Operation<CreateToken, TokenAnswer>("CreateToken", of: oidc, .reads, path: "/token")
    /// What `aws login` renews its session with.
    static let createOAuth2Token = Operation<CreateOAuth2Token, LoginAnswer>(
        "CreateOAuth2Token", of: signin, .reads, path: "/v1/token")
}

// Texts among the inputs are revealed where a call is made: to be sent is what they are for.
extension CredentialServices {
    struct AssumeRole: Encodable {
        let roleArn: String
        let roleSessionName: String
        let durationSeconds: Int?
        let externalId: String?
        let serialNumber: String?
        let tokenCode: String?
    }

    struct AssumeRoleWithWebIdentity: Encodable {
        let roleArn: String
        let roleSessionName: String
        let webIdentityToken: String
    }

    struct RoleAnswer: Decodable, Sendable {
        struct Keys: Decodable, Sendable {
            let accessKeyId: String
            let secretAccessKey: Secret
            let sessionToken: Secret
            let expiration: Date
        }
        struct User: Decodable, Sendable {
            let assumedRoleId: String?
            let arn: String
        }
        let credentials: Keys
        let assumedRoleUser: User?

        var stored: StoredCredentials {
            StoredCredentials(
                accessKeyID: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey,
                sessionToken: credentials.sessionToken, expiration: credentials.expiration,
                accountID: assumedRoleUser.flatMap { ARN($0.arn)?.account },
                session: assumedRoleUser.map { ($0.assumedRoleId ?? "", $0.arn) })
        }
    }

    struct GetRoleCredentials: Encodable, RESTBound {
        let roleName: String
        let accountId: String
        let accessToken: String
        static let bindings: [String: RESTBinding] = [
            "roleName": .query("role_name"), "accountId": .query("account_id"),
            "accessToken": .header("x-amz-sso_bearer_token"),
        ]
    }

    struct RoleCredentialsAnswer: Decodable, Sendable {
        struct Keys: Decodable, Sendable {
            let accessKeyId: String
            let secretAccessKey: Secret
            let sessionToken: Secret
            /// Milliseconds since 1970.
            let expiration: Int64
        }
        let roleCredentials: Keys
    }

    struct CreateToken: Encodable {
        let clientId: String
        let clientSecret: String
        let grantType = "refresh_token"
        let refreshToken: String
    }

    struct TokenAnswer: Decodable, Sendable {
        let accessToken: Secret
        /// In seconds.
        let expiresIn: Int
        let refreshToken: Secret?
    }

    struct CreateOAuth2Token: Encodable, RESTBound {
        let proof: String
        let clientId: String
        let grantType = "refresh_token"
        let refreshToken: String
        static let bindings: [String: RESTBinding] = ["proof": .header("DPoP")]
    }

    struct LoginAnswer: Decodable, Sendable {
        struct Keys: Decodable, Sendable {
            let accessKeyId: String
            let secretAccessKey: Secret
            let sessionToken: Secret
        }
        let accessToken: Keys
        /// In seconds.
        let expiresIn: Int
        let refreshToken: Secret
    }
}
