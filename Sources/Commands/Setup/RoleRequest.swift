internal import AWS
internal import AWSServices
internal import Environment
internal import FoundationEssentials
internal import Support

/// Finds out which role is meant, and who assumes it.
enum RoleRequest {
    /// What the command line says.
    struct Given {
        var arn: String?
        var externalID: String?
        var sessionName: String?
        var duration: String?
    }

    /// The request as `--dry-run` shows it; an external id is no secret, but nobody's business either.
    struct Shown: Encodable {
        let roleArn: String
        let roleSessionName: String
        let durationSeconds: Int

        init(_ request: STS.AssumeRoleRequest) {
            roleArn = request.roleArn
            roleSessionName = request.roleSessionName
            durationSeconds = request.durationSeconds
        }
    }

    /// Variables that would win over keys in the environment of a command, or end them.
    static let otherSources = [
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CREDENTIAL_EXPIRATION",
    ]

    /// - Returns: the request, and the profile that the role is from, if it is.
    /// - Throws: `Failure` of kind `usage` for no role or values out of bounds. Nothing is sent.
    static func make(_ given: Given, _ session: Session) throws -> (STS.AssumeRoleRequest, RoleProfile?) {
        let asked = given.arn ?? session.settings.value(.roleARN)
        let profile = asked == nil ? try session.client.settings.roleProfile() : nil
        guard let role = asked ?? profile?.role.value else {
            throw Failure(
                .usage, "assume role: no role is named",
                hint: "give its ARN, set ROLE_ARN in the env file, or AWS_PROFILE to a profile with role_arn")
        }
        guard let arn = ARN(role), arn.service == "iam", arn.resource.hasPrefix("role/") else {
            throw Failure(
                .usage, "assume role: '\(role)' is not the ARN of a role",
                hint: "as arn:aws:iam::123456789012:role/NAME")
        }
        let name =
            given.sessionName ?? profile?.sessionName?.value
            ?? "fgctl-\(Int(session.context.now().timeIntervalSince1970))"
        guard (2...64).contains(name.utf8.count), name.utf8.allSatisfy(isSessionCharacter) else {
            throw Failure(.usage, "assume role: '\(name)' can't name a session", hint: "2 to 64 of A-Z a-z 0-9 _+=,.@-")
        }
        var request = STS.AssumeRoleRequest(
            roleArn: role, roleSessionName: name, durationSeconds: try seconds(given.duration, profile),
            externalId: given.externalID ?? session.settings.value(.externalID) ?? profile?.externalID?.value)
        request.serialNumber = profile?.mfaSerial?.value
        return (request, profile)
    }

    /// Assumes the role with the credentials in force, or with those of its profile's source.
    static func send(
        _ request: STS.AssumeRoleRequest, _ profile: RoleProfile?, _ session: Session
    ) async throws -> STS.AssumeRoleResponse {
        guard let profile else { return try await STS(session.client).assumeRole(request) }
        let (client, code) = try await session.client.source(of: profile)
        var request = request
        request.tokenCode = code
        return try await STS(client).assumeRole(request)
    }

    /// An hour unless said otherwise.
    private static func seconds(_ given: String?, _ profile: RoleProfile?) throws -> Int {
        let count: Int64
        if let given {
            count = try DurationText.parse(given).components.seconds
        } else if let seconds = profile?.durationSeconds {
            count = Int64(seconds)
        } else {
            count = 3600
        }
        guard (900...43_200).contains(count) else {
            throw Failure(.usage, "assume role: keys can't last \(count) s", hint: "15m to 12h")
        }
        return Int(count)
    }

    private static func isSessionCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "_+=,.@-".utf8.contains(byte)
        }
    }
}
