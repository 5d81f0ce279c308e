internal import Crypto
internal import FoundationEssentials
internal import Support

/// The credentials that `aws login` left in `~/.aws/login/cache`; they last 15 minutes and are renewed with the session's
/// own key for as long as the session lasts.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/access-login.html
struct LoginCredentials: Sendable {
    /// Seconds before their end from which credentials are renewed.
    private static let window: TimeInterval = 5 * 60

    let context: CredentialContext
    let profile: Profile

    func find() async throws -> CredentialFinding {
        guard let session = profile.value("login_session") else { return .nothing("no login_session") }
        let path = try path(session.value)
        guard let text = context.cachedText(path) else {
            throw loginNeeded("there is no \(path)")
        }
        guard let record = JSONRecord(Array(text.utf8)), let keys = credentials(record) else {
            throw loginNeeded("\(path) holds no keys")
        }
        let rest = keys.expiration.map { $0.timeIntervalSince(context.now()) } ?? 0
        if rest > Self.window { return .found(keys) }
        do {
            return .found(try await renewed(record, path: path))
        } catch {
            guard rest > 0, !(error is CancellationError) else { throw error }
            context.effects.credentials.debug(context.secrets.mask("\(path): keys not renewed: \(error)"))
            return .found(keys)
        }
    }

    private func path(_ session: String) throws -> String {
        let name = Hex.encode(try HashFunction.sha256.hash(session.utf8))
        if let folder = context.settings.value("AWS_LOGIN_CACHE_DIRECTORY") {
            return "\(context.settings.expandHome(folder.value))/\(name).json"
        }
        guard let home = context.settings.home else { throw loginNeeded("there is no home directory") }
        return "\(home)/.aws/login/cache/\(name).json"
    }

    private func credentials(_ record: JSONRecord) -> Credentials? {
        for key in ["refreshToken", "dpopKey", "idToken"] { context.secrets.add(record.text(key).map { Secret($0) }) }
        guard let token = record.record("accessToken"), let id = token.text("accessKeyId"),
            let secret = token.text("secretAccessKey"), let session = token.text("sessionToken"),
            let end = token.time("expiresAt")
        else { return nil }
        let keys = Credentials(
            accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: Secret(session), expiration: end,
            source: "aws login, profile \(profile.name)")
        context.secrets.add(keys)
        return keys
    }

    private func renewed(_ record: JSONRecord, path: String) async throws -> Credentials {
        guard let clientID = record.text("clientId"), let refresh = record.text("refreshToken"),
            let pem = record.text("dpopKey")
        else { throw loginNeeded("\(path) has no clientId, refreshToken or dpopKey to renew the keys with") }
        let what = "renew the keys of 'aws login' (profile \(profile.name))"
        let client = context.client(nil)
        let url = try await client.endpoint(for: .signIn).base + CredentialServices.createOAuth2Token.path
        let proof: String
        do {
            proof = try ProofOfPossession(key: P256PrivateKey(pem: pem)).header(url: url, at: context.now())
        } catch {
            throw loginNeeded("the key in \(path) can't be used: \(error)")
        }
        context.secrets.add(Secret(proof))
        let answer: CredentialServices.LoginAnswer
        do {
            answer = try await client.send(
                CredentialServices.createOAuth2Token,
                CredentialServices.CreateOAuth2Token(proof: proof, clientId: clientID, refreshToken: refresh))
        } catch let error as AWSError where error.isAccessDenied {
            switch error.fields["error"] {
            case "INSUFFICIENT_PERMISSIONS":
                throw context.failure(what, error, hint: "the identity needs the right signin:CreateOAuth2Token")
            case let reason: throw loginNeeded("the session is over (\(reason ?? error.code))")
            }
        } catch {
            throw context.failure(what, error)
        }
        return try keep(answer, record, path: path)
    }

    private func keep(_ answer: CredentialServices.LoginAnswer, _ record: JSONRecord, path: String) throws
        -> Credentials
    {
        // Revealed because to keep them is what the file is for.
        var token = record.record("accessToken") ?? JSONRecord()
        token["accessKeyId"] = answer.accessToken.accessKeyId
        token["secretAccessKey"] = answer.accessToken.secretAccessKey.reveal()
        token["sessionToken"] = answer.accessToken.sessionToken.reveal()
        token["expiresAt"] = JSONRecord.time(context.now().addingTimeInterval(Double(answer.expiresIn)))
        var record = record
        record.set("accessToken", token)
        record["refreshToken"] = answer.refreshToken.reveal()
        guard let keys = credentials(record) else { throw loginNeeded("the answer can't be read") }
        context.save(path, record.bytes, isPrecious: true)
        return keys
    }

    private func loginNeeded(_ why: String) -> Failure {
        Failure(
            .credentials, "profile \(profile.name): not logged in: \(why)",
            hint: "log in with: aws login --profile \(profile.name)")
    }
}
