internal import Crypto
internal import FoundationEssentials
internal import Support
internal import Synchronization

/// Temporary credentials kept on disk between runs, in the folder, under the names and in the form of the AWS CLI, so that
/// each finds what the other got: `~/.aws/cli/cache/<SHA-1>.json`.
///
/// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html#cli-configure-role-cache
final class CredentialStore: Sendable {
    /// What lasts less long, in seconds, counts as expired: as in the AWS CLI.
    private static let window: TimeInterval = 15 * 60

    private let settings: AWSSettings
    private let effects: AWSClient.Effects
    /// Access keys that AWS called expired.
    private let refused = Mutex<Set<String>>([])

    init(settings: AWSSettings, effects: AWSClient.Effects) {
        self.settings = settings
        self.effects = effects
    }

    func refuse(_ credentials: Credentials) {
        _ = refused.withLock { $0.insert(credentials.accessKeyID) }
    }

    /// The credentials of this name that still last, else new ones, which are kept.
    ///
    /// - Parameter source: for messages.
    func credentials(
        _ name: CacheName, source: String, context: CredentialContext,
        make: () async throws -> StoredCredentials
    ) async throws -> Credentials {
        let path = settings.home.map { "\($0)/.aws/cli/cache/\(name.text).json" }
        if let path, let kept = load(path, context: context) { return kept.credentials(source: source) }
        let made = try await make()
        context.secrets.add(made.secretAccessKey)
        context.secrets.add(made.sessionToken)
        if made.expiration <= context.now() {
            throw Failure(
                .credentials, "\(source): the keys that came had ended at \(Timestamp.text(made.expiration, .iso8601))",
                hint: "is this machine's clock right?")
        }
        if let path { context.save(path, made.bytes, isPrecious: false) }
        return made.credentials(source: source)
    }

    private func load(_ path: String, context: CredentialContext) -> StoredCredentials? {
        guard let text = context.cachedText(path) else { return nil }
        guard let kept = StoredCredentials(Array(text.utf8)) else {
            effects.credentials.debug("\(path): not read as credentials")
            return nil
        }
        context.secrets.add(kept.secretAccessKey)
        context.secrets.add(kept.sessionToken)
        let isRefused = refused.withLock { $0.contains(kept.accessKeyID) }
        let lasts = kept.expiration.timeIntervalSince(context.now()) >= Self.window
        return lasts && !isRefused ? kept : nil
    }
}

/// The name of a file of the AWS CLI's cache: the SHA-1 of what decides about the credentials in it, as JSON.
struct CacheName: Sendable, Hashable {
    let text: String

    /// Credentials of a role: keys are the parameters of the call as STS names them. A session name that was only made up is
    /// not among them.
    init(role arguments: [String: PythonJSON.Value]) throws {
        text = try Self.hash(PythonJSON.text(arguments, separators: (", ", ": ")))
    }

    /// Credentials of IAM Identity Center.
    init(sso arguments: [String: PythonJSON.Value]) throws {
        text = try Self.hash(PythonJSON.text(arguments, separators: (",", ":")))
    }

    private static func hash(_ text: String) throws -> String { Hex.encode(try HashFunction.sha1.hash(text.utf8)) }
}

/// JSON as Python's `json.dumps` writes it with sorted keys: hashes of it name the AWS CLI's files.
enum PythonJSON {
    enum Value: Sendable, Hashable {
        case text(String)
        case number(Int)
    }

    static func text(_ object: [String: Value], separators: (item: String, key: String)) -> String {
        let members = object.sorted { $0.key < $1.key }.map { key, value in
            switch value {
            case .text(let text): "\(quoted(key))\(separators.key)\(quoted(text))"
            case .number(let number): "\(quoted(key))\(separators.key)\(number)"
            }
        }
        return "{\(members.joined(separator: separators.item))}"
    }

    /// Everything but printable ASCII is escaped, by UTF-16 units.
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: out += "\\\""
            case 0x5c: out += "\\\\"
            case 0x0a: out += "\\n"
            case 0x0d: out += "\\r"
            case 0x09: out += "\\t"
            case 0x08: out += "\\b"
            case 0x0c: out += "\\f"
            case 0x20...0x7e: out.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return out + "\""
    }
}
