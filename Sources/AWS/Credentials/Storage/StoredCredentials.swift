internal import FoundationEssentials
internal import Support

/// Temporary credentials in the form of the AWS CLI's cache: an answer of STS, or one of IAM Identity Center made to look
/// like it.
struct StoredCredentials: Sendable {
    let accessKeyID: String
    let secretAccessKey: Secret
    let sessionToken: Secret
    let expiration: Date
    var accountID: String?
    /// The role's session: its unique id and ARN.
    var session: (id: String, arn: String)?
    /// `sso` for credentials of IAM Identity Center.
    var providerType: String?

    init(
        accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret, expiration: Date, accountID: String? = nil,
        session: (id: String, arn: String)? = nil, providerType: String? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.accountID = accountID
        self.session = session
        self.providerType = providerType
    }

    /// Reads a file of the cache; `nil` when it holds no credentials.
    init?(_ bytes: [UInt8]) {
        guard let keys = JSONRecord(bytes)?.record("Credentials"), let id = keys.text("AccessKeyId"),
            let secret = keys.text("SecretAccessKey"), let token = keys.text("SessionToken"),
            let end = keys.time("Expiration")
        else { return nil }
        self.init(
            accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: Secret(token), expiration: end,
            accountID: keys.text("AccountId"))
    }

    /// The file's bytes. Revealed because to keep them is what the file is for.
    var bytes: [UInt8] {
        var keys = JSONRecord()
        keys["AccessKeyId"] = accessKeyID
        keys["SecretAccessKey"] = secretAccessKey.reveal()
        keys["SessionToken"] = sessionToken.reveal()
        keys["Expiration"] = JSONRecord.time(expiration)
        keys["AccountId"] = accountID
        var record = JSONRecord()
        record["ProviderType"] = providerType
        record.set("Credentials", keys)
        if let session {
            var user = JSONRecord()
            user["AssumedRoleId"] = session.id
            user["Arn"] = session.arn
            record.set("AssumedRoleUser", user)
        }
        return record.bytes
    }

    func credentials(source: String) -> Credentials {
        Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken,
            expiration: expiration, source: source)
    }
}
