internal import FoundationEssentials
internal import Support

/// The credentials of an EC2 instance's role.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
struct InstanceCredentials: CredentialProvider {
    private static let folder = "latest/meta-data/iam/security-credentials/"

    let context: CredentialContext

    var name: String { "instance metadata" }

    func find() async throws -> CredentialFinding {
        let metadata = InstanceMetadata(settings: context.settings, transport: context.transport)
        do {
            let pass = try await metadata.pass()
            let roles = try await metadata.text(at: Self.folder, pass: pass)
            guard let role = roles.split(whereSeparator: \.isNewline).first.map(String.init), Self.isName(role) else {
                return .nothing("the instance names no role")
            }
            let answer = try await metadata.text(at: Self.folder + role, pass: pass)
            return finding(JSONRecord(Array(answer.utf8)), role: role)
        } catch let error as InstanceMetadataError {
            if case .notThere = error { return .nothing("the instance has no role") }
            return .nothing("\(error)")
        }
    }

    /// It becomes part of a URL.
    private static func isName(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || (0x30...0x39).contains($0) || "_+=,.@-".utf8.contains($0)
        }
    }

    private func finding(_ answer: JSONRecord?, role: String) -> CredentialFinding {
        guard let answer, let id = answer.text("AccessKeyId"), let secret = answer.text("SecretAccessKey"),
            let token = answer.text("Token"), let end = answer.time("Expiration")
        else {
            // An error comes with status 200, as a code and a message.
            let said = [answer?.text("Code"), answer?.text("Message")].compactMap { $0 }.joined(separator: ": ")
            return .nothing("no keys for role \(role)" + (said.isEmpty ? "" : " (\(said))"))
        }
        let keys = Credentials(
            accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: Secret(token), expiration: extended(end),
            source: "instance metadata (role \(role))")
        context.secrets.add(keys)
        return .found(keys)
    }

    /// When the service has trouble renewing, it hands out keys that are at their end or past it, which AWS goes on to
    /// honour: they are used, and asked for anew in 17 to 25 minutes, at another time on each machine.
    private func extended(_ end: Date) -> Date {
        let margin = 15 * 60 + 120 + (480 * context.effects.random()).rounded()
        let extended = context.now().addingTimeInterval(margin)
        return end <= extended ? extended : end
    }
}
