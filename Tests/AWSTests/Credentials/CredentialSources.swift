import Processes
import TestSupport

@testable import AWS

/// The sources of credentials in the order in which they count, each with what it takes to be there.
enum CredentialSource: String, CaseIterable, Sendable, CustomStringConvertible {
    case environmentKeys, environmentWebIdentity, role, webIdentity, sso, sharedFile, login, process, configFile
    case container, instance

    var description: String { rawValue }

    /// The access key by which it is known.
    var key: String {
        switch self {
        case .environmentKeys: "AK-env"
        case .environmentWebIdentity, .webIdentity: "ASIA-web"
        case .role: "ASIA-app-by-AK-base"
        case .sso: "ASIA-sso"
        case .sharedFile: "AK-shared"
        case .login: "ASIA-login"
        case .process: "AK-process"
        case .configFile: "AK-config"
        case .container: "AK-container"
        case .instance: "AK-instance"
        }
    }

    var environment: [String: String] {
        switch self {
        case .environmentKeys: ["AWS_ACCESS_KEY_ID": "AK-env", "AWS_SECRET_ACCESS_KEY": "env-secret-marker"]
        case .environmentWebIdentity:
            ["AWS_ROLE_ARN": "arn:aws:iam::1:role/irsa", "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/token"]
        default: [:]
        }
    }

    /// Lines of the profile in the config file.
    var config: [String] {
        switch self {
        case .role: ["role_arn = arn:aws:iam::1:role/app", "source_profile = base"]
        case .webIdentity: ["role_arn = arn:aws:iam::1:role/web", "web_identity_token_file = /run/token"]
        case .sso: ["sso_session = corp", "sso_account_id = 111122223333", "sso_role_name = dev"]
        case .login: ["login_session = arn:aws:iam::111122223333:user/me"]
        case .process: ["credential_process = vend --for me"]
        case .configFile: ["aws_access_key_id = AK-config", "aws_secret_access_key = config-secret-marker"]
        default: []
        }
    }

    /// Lines of the profile in the credentials file.
    var credentials: [String] {
        self == .sharedFile ? ["aws_access_key_id = AK-shared", "aws_secret_access_key = shared-secret-marker"] : []
    }
}

extension FakeCredentialServices {
    /// SHA-1 of `corp`.
    static let ssoTokenPath = "/home/u/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
    /// SHA-256 of `arn:aws:iam::111122223333:user/me`.
    static let loginPath =
        "/home/u/.aws/login/cache/6eeec053fe13079aaf7fd81065ec5ecbdb93674f20700e51842d0c769b240c8a.json"

    static let ssoToken = #"""
        {"startUrl":"https://corp.awsapps.com/start","region":"eu-north-1","accessToken":"sso-token-old",
        "expiresAt":"2026-01-31T20:00:00Z","clientId":"cid","clientSecret":"sso-client-secret",
        "registrationExpiresAt":"2026-03-01T00:00:00Z","refreshToken":"sso-refresh-old","extra":"kept"}
        """#

    static func loginToken(expiresAt: String = "2026-01-31T12:14:00Z", key: String = "none") -> String {
        let pem = key.split(separator: "\n").joined(separator: #"\n"#)
        return #"""
            {"accessToken":{"accessKeyId":"ASIA-login","secretAccessKey":"login-secret","sessionToken":"login-session",
            "accountId":"111122223333","expiresAt":"\#(expiresAt)"},"tokenType":"aws_sigv4","refreshToken":"login-refresh",
            "idToken":"login-id-token","clientId":"arn:aws:signin:::devtools/same-device","dpopKey":"\#(pem)"}
            """#
    }

    static let printed = #"""
        {"Version": 1, "AccessKeyId": "AK-process", "SecretAccessKey": "process-secret", "SessionToken": "process-token",
         "Expiration": "2026-01-31T13:00:00Z"}
        """#

    /// A world with these sources, all in one profile and one layer.
    static func with(
        _ sources: Set<CredentialSource>, profile: String = "default", mood: Mood = Mood()
    ) throws -> FakeCredentialServices {
        var mood = mood
        mood.hasInstanceRole = sources.contains(.instance)
        let section = profile == "default" ? "[default]" : "[profile \(profile)]"
        let lines = CredentialSource.allCases.filter(sources.contains)
        var files = [
            "/run/token": token + "\n", ssoTokenPath: ssoToken, loginPath: loginToken(),
            "/home/u/.aws/config": """
            \(section)
            # one profile with everything
            \(lines.flatMap(\.config).joined(separator: "\n"))
            [sso-session corp]
            sso_start_url = https://corp.awsapps.com/start
            sso_region = eu-north-1
            """,
            "/home/u/.aws/credentials": """
            [base]
            aws_access_key_id = AK-base
            aws_secret_access_key = base-secret-marker
            """,
        ]
        let own = lines.flatMap(\.credentials)
        if !own.isEmpty {
            files["/home/u/.aws/credentials", default: ""] += "\n[\(profile)]\n" + own.joined(separator: "\n")
        }
        return try FakeCredentialServices(files, mood: mood) { _, _ in
            .init(stdout: printed, stderr: "note: process-secret was made\n")
        }
    }

    /// What the environment has to say for these sources.
    func environment(_ sources: Set<CredentialSource>) -> [String: String] {
        var all = sources.reduce(into: [:]) { $0.merge($1.environment) { $1 } }
        if sources.contains(.container) { all["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url("/container") }
        return all
    }
}
