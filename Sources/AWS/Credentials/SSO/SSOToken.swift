internal import Crypto
internal import FoundationEssentials
internal import Support

/// The token that `aws sso login` left in `~/.aws/sso/cache`.
struct SSOToken: Sendable {
    /// Seconds before its end from which a session's token is renewed.
    private static let window: TimeInterval = 15 * 60

    let context: CredentialContext
    let access: SSOAccess

    /// The token, renewed when it is close to its end and can be.
    /// - Throws: `Failure` that names the command to log in with.
    func accessToken() async throws -> Secret {
        guard let home = context.settings.home else { throw access.loginNeeded("there is no home directory") }
        let name = Hex.encode(try HashFunction.sha1.hash((access.session ?? access.startURL).utf8))
        let path = "\(home)/.aws/sso/cache/\(name).json"
        guard let text = context.cachedText(path) else { throw access.loginNeeded("there is no \(path)") }
        guard let record = JSONRecord(Array(text.utf8)), let token = record.text("accessToken"),
            let end = record.time("expiresAt")
        else { throw access.loginNeeded("\(path) holds no token") }
        for key in ["accessToken", "refreshToken", "clientSecret"] {
            context.secrets.add(record.text(key).map { Secret($0) })
        }
        let rest = end.timeIntervalSince(context.now())
        // The older form knows no renewal.
        var trouble = ""
        if access.session != nil, rest < Self.window {
            do {
                if let renewed = try await renewed(record, path: path) { return renewed }
            } catch let error as AWSError {
                trouble = ", and renewing it failed: \(error)"
            } catch let error as AWSNoAnswer {
                trouble = ", and renewing it failed: \(error)"
            }
            context.effects.credentials.debug(context.secrets.mask("\(path): token not renewed\(trouble)"))
        }
        guard rest > 0 else {
            throw access.loginNeeded("the token ended at \(record.text("expiresAt") ?? "?")\(trouble)")
        }
        return Secret(token)
    }

    /// A new token; `nil` when the old one came without what renewing needs.
    private func renewed(_ record: JSONRecord, path: String) async throws -> Secret? {
        guard let id = record.text("clientId"), let secret = record.text("clientSecret"),
            let refresh = record.text("refreshToken"), let end = record.time("registrationExpiresAt"),
            end > context.now()
        else { return nil }
        let answer = try await access.client(context).send(
            CredentialServices.createToken,
            CredentialServices.CreateToken(clientId: id, clientSecret: secret, refreshToken: refresh))
        context.secrets.add(answer.accessToken)
        context.secrets.add(answer.refreshToken)
        // Revealed because to keep them is what the file is for.
        var record = record
        record["startUrl"] = access.startURL
        record["region"] = access.region
        record["accessToken"] = answer.accessToken.reveal()
        record["expiresAt"] = JSONRecord.time(context.now().addingTimeInterval(Double(answer.expiresIn)))
        record["refreshToken"] = answer.refreshToken?.reveal()
        context.save(path, record.bytes, isPrecious: true)
        return answer.accessToken
    }
}
