import FoundationEssentials
import HTTP
import Processes
import Support
import Synchronization
import TestSupport

@testable import AWS

/// STS, IAM Identity Center, the sign-in service, a container's endpoint and an instance's metadata on loopback, with the
/// files of a user in memory. Keys last an hour from `Samples.date`.
final class FakeCredentialServices: Sendable {
    /// What the services do out of the ordinary.
    struct Mood: Sendable {
        var hasInstanceRole = false
        /// Refuses everything, and quotes in its answer all that it was told.
        var isHostile = false
        /// When keys end.
        var end = "2026-01-31T13:00:00Z"
        /// How the service of `aws login` refuses.
        var loginError: String?
        /// Whether tokens of IAM Identity Center are renewed.
        var renewsTokens = true
    }

    static let home = "/home/u"
    static let token = "web-identity-marker-token"

    let server: LoopbackServer
    let fake = FakeEffects()
    let programs: StubProcessRunner
    let files: Mutex<[String: String]>
    let said = Mutex<[String]>([])
    let questions = Mutex<[String]>([])
    private let answer: String?

    /// - Parameters:
    ///   - files: by absolute path; home is `/home/u`.
    ///   - answer: what a person at the terminal says; `nil`: there is none.
    ///   - programs: what `credential_process` prints.
    init(
        _ files: [String: String] = [:], mood: Mood = Mood(), answer: String? = nil,
        programs: @escaping StubProcessRunner.Script = { _, _ in .init() }
    ) throws {
        let box = MoodBox(mood)
        server = try LoopbackServer(answering: { request in box.answer(request) })
        self.box = box
        self.files = Mutex(files)
        self.answer = answer
        self.programs = StubProcessRunner(programs)
    }

    private let box: MoodBox

    func set(_ change: (inout Mood) -> Void) { box.mood.withLock { change(&$0) } }

    /// Settings that point everything at this server.
    var endpoints: [String: String] {
        [
            "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": server.url("").trimmed,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url("").trimmed,
        ]
    }

    func client(_ environment: [String: String] = [:], above: [SettingLayer] = []) -> AWSClient {
        let layers = above + [Samples.layer(endpoints.merging(environment) { $1 })]
        let settings = AWSSettings(layers: layers, home: Self.home) { path in self.files.withLock { $0[path] } }
        var effects = fake.effects
        let answer = answer
        let ask: @Sendable (String) async throws -> String? = { question in
            self.questions.withLock { $0.append(question) }
            return answer
        }
        effects.credentials = CredentialEffects(
            ask: answer == nil ? nil : ask,
            processes: programs,
            save: { path, bytes in self.files.withLock { $0[path] = String(decoding: bytes, as: UTF8.self) } },
            warn: { line in self.said.withLock { $0.append(line) } },
            debug: { line in self.said.withLock { $0.append(line) } })
        return AWSClient(settings: settings, transport: transport, effects: effects)
    }

    var transport: CurlTransport { CurlTransport(HTTPConfiguration()) }

    /// The calls so far: `AssumeRole`, `GET /federation/credentials`.
    var calls: [String] { server.requests.map(MoodBox.operation) }

    func requests(_ operation: String) -> [RecordedRequest] {
        server.requests.filter { MoodBox.operation($0) == operation }
    }
}

extension String {
    fileprivate var trimmed: String { hasSuffix("/") ? String(dropLast()) : self }
}

extension RecordedRequest {
    /// The access key that signed it; `nil` for an unsigned call.
    var signedBy: String? {
        guard let header = values("Authorization").first, let start = header.range("Credential=") else { return nil }
        return String(header[start...].prefix { $0 != "/" })
    }

    /// A parameter of a Query call.
    func parameter(_ name: String) -> String? {
        bodyText.split(separator: "&").first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}

extension String {
    fileprivate func range(_ text: String) -> String.Index? {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.hasPrefix(text) { return rest.index(rest.startIndex, offsetBy: text.count) }
            rest.removeFirst()
        }
        return nil
    }
}

/// The services' side.
private final class MoodBox: Sendable {
    let mood: Mutex<FakeCredentialServices.Mood>

    init(_ mood: FakeCredentialServices.Mood) { self.mood = Mutex(mood) }

    static func operation(_ request: RecordedRequest) -> String {
        request.parameter("Action") ?? "\(request.method) \(request.target.prefix { $0 != "?" })"
    }

    func answer(_ request: RecordedRequest) -> LoopbackAnswer {
        let mood = mood.withLock { $0 }
        if mood.isHostile, !request.target.hasPrefix("/latest/api") {
            let all = (request.lines + [request.bodyText]).joined(separator: " ")
            let clean = all.filter { $0 != "\"" && $0 != "\\" && $0 != "<" && $0 != "&" }
            return request.method == "POST" && request.target == "/"
                ? LoopbackAnswer(403, Self.error("AccessDenied", clean))
                : LoopbackAnswer(403, #"{"__type":"AccessDeniedException","message":"\#(clean)"}"#)
        }
        switch Self.operation(request) {
        case "AssumeRole":
            let role = request.parameter("RoleArn")?.split(separator: "F").last ?? ""
            return keys("AssumeRole", "ASIA-\(role)-by-\(request.signedBy ?? "nobody")", mood)
        case "AssumeRoleWithWebIdentity":
            let isRight =
                request.signedBy == nil && request.parameter("WebIdentityToken") == FakeCredentialServices.token
            guard isRight else { return LoopbackAnswer(400, Self.error("InvalidIdentityToken", "no")) }
            return keys("AssumeRoleWithWebIdentity", "ASIA-web", mood)
        case "GET /federation/credentials":
            guard request.values("x-amz-sso_bearer_token").first?.hasPrefix("sso-token") == true else {
                return LoopbackAnswer(401, #"{"__type":"UnauthorizedException","message":"Session token not found"}"#)
            }
            return LoopbackAnswer(
                200,
                #"{"roleCredentials":{"accessKeyId":"ASIA-sso","secretAccessKey":"sso-secret","#
                    + #""sessionToken":"sso-session","expiration":1769864400000}}"#)
        case "POST /token":
            guard mood.renewsTokens else {
                return LoopbackAnswer(400, #"{"__type":"InvalidGrantException","error":"invalid_grant"}"#)
            }
            return LoopbackAnswer(
                200, #"{"accessToken":"sso-token-new","expiresIn":28800,"refreshToken":"sso-refresh-new"}"#)
        case "POST /v1/token":
            if let reason = mood.loginError {
                return LoopbackAnswer(
                    403, #"{"__type":"AccessDeniedException","error":"\#(reason)","message":"no"}"#)
            }
            return LoopbackAnswer(
                200,
                #"{"accessToken":{"accessKeyId":"ASIA-login-new","secretAccessKey":"login-secret-new","#
                    + #""sessionToken":"login-session-new"},"tokenType":"aws_sigv4","expiresIn":900,"#
                    + #""refreshToken":"login-refresh-new"}"#)
        case "GET /container":
            return LoopbackAnswer(200, json("AK-container", mood))
        case "PUT /latest/api/token": return LoopbackAnswer(mood.hasInstanceRole ? 200 : 404, "imds-token")
        case "GET /latest/meta-data/iam/security-credentials/": return LoopbackAnswer(200, "instance-role")
        case "GET /latest/meta-data/iam/security-credentials/instance-role":
            let hasToken = request.values("x-aws-ec2-metadata-token") == ["imds-token"]
            return hasToken ? LoopbackAnswer(200, json("AK-instance", mood)) : LoopbackAnswer(401)
        default: return LoopbackAnswer(404, "{}")
        }
    }

    private func json(_ key: String, _ mood: FakeCredentialServices.Mood) -> String {
        #"{"Code":"Success","AccessKeyId":"\#(key)","SecretAccessKey":"secret-of-\#(key)","Token":"token-of-\#(key)","#
            + #""Expiration":"\#(mood.end)"}"#
    }

    private func keys(_ operation: String, _ key: String, _ mood: FakeCredentialServices.Mood) -> LoopbackAnswer {
        LoopbackAnswer(
            200,
            """
            <\(operation)Response><\(operation)Result><AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId>
            <Arn>arn:aws:sts::111122223333:assumed-role/r/x</Arn></AssumedRoleUser><Credentials>
            <AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>secret-of-\(key)</SecretAccessKey>
            <SessionToken>token-of-\(key)</SessionToken><Expiration>\(mood.end)</Expiration>
            </Credentials></\(operation)Result></\(operation)Response>
            """)
    }

    private static func error(_ code: String, _ message: String) -> String {
        "<ErrorResponse><Error><Code>\(code)</Code><Message>\(message)</Message></Error></ErrorResponse>"
    }
}
