import Crypto
import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

/// What `aws login` left, and its renewal.
struct LoginCredentialTests {
    /// Made for these tests.
    static let key = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIELLBtvUJt6KMS77obwbQOMdBY7T/mEZwYn1zKT/BiDnoAoGCCqGSM49
        AwEHoUQDQgAEod0nYs+jzCJzD3L0bZn+7MU/XvkE8FNehc1yTUlF4cVE3gSRISL+
        a3O6Q6c8KrYRIsVIbo/U8r5fhaonu2pNMw==
        -----END EC PRIVATE KEY-----
        """

    private func world(expiresAt: String, key: String = key) throws -> FakeCredentialServices {
        let world = try FakeCredentialServices.with([.login])
        let token = FakeCredentialServices.loginToken(expiresAt: expiresAt, key: key)
        world.files.withLock { $0[FakeCredentialServices.loginPath] = token }
        return world
    }

    private func failure(_ world: FakeCredentialServices) async -> Failure? {
        await #expect(throws: Failure.self) { try await world.client().identity() }
    }

    @Test func keysThatLastAreTakenAsTheyAre() async throws {
        let world = try world(expiresAt: "2026-01-31T12:05:01Z")
        #expect(try await world.client().identity().accessKeyID == "ASIA-login")
        #expect(world.calls == [])
    }

    @Test(arguments: ["2026-01-31T12:04:00Z", "2026-01-31T11:00:00Z"])
    func keysCloseToTheirEndAreRenewedWithAProof(expiresAt: String) async throws {
        let world = try world(expiresAt: expiresAt)
        let found = try await world.client().identity()
        #expect(found.accessKeyID == "ASIA-login-new")
        #expect(found.expiration == Samples.date.addingTimeInterval(900))
        let call = try #require(world.requests("POST /v1/token").first)
        #expect(
            call.bodyText
                == #"{"clientId":"arn:aws:signin:::devtools/same-device","grantType":"refresh_token","#
                + #""refreshToken":"login-refresh"}"#)
        #expect(call.signedBy == nil)
        let parts = try #require(call.values("DPoP").first).split(separator: ".").map { Self.decode(String($0)) }
        #expect(parts.count == 3)
        #expect(parts[0].hasPrefix(#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","x":""#))
        #expect(
            parts[1].hasPrefix(#"{"htm":"POST","htu":"\#(world.server.url("/v1/token"))","iat":1769860800,"jti":""#))
        let kept = world.files.withLock { $0[FakeCredentialServices.loginPath] } ?? ""
        let record = try #require(JSONRecord(Array(kept.utf8)))
        #expect(record.text("refreshToken") == "login-refresh-new")
        #expect(record.text("dpopKey") == Self.key)
        #expect(record.record("accessToken")?.text("expiresAt") == "2026-01-31T12:15:00Z")
        #expect(record.record("accessToken")?.text("accountId") == "111122223333")
    }

    private static func decode(_ part: String) -> String {
        var text = String(part.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        while text.count % 4 != 0 { text += "=" }
        return Data(base64Encoded: text).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    @Test(arguments: ["TOKEN_EXPIRED", "USER_CREDENTIALS_CHANGED"])
    func aSessionThatIsOverNamesTheLoginCommand(reason: String) async throws {
        let world = try world(expiresAt: "2026-01-31T11:00:00Z")
        world.set { $0.loginError = reason }
        let failure = await failure(world)
        #expect(failure?.kind == .credentials)
        #expect(failure?.message == "profile default: not logged in: the session is over (\(reason))")
        #expect(failure?.hint == "log in with: aws login --profile default")
    }

    @Test func missingRightsAreSaidAsSuch() async throws {
        let world = try world(expiresAt: "2026-01-31T11:00:00Z")
        world.set { $0.loginError = "INSUFFICIENT_PERMISSIONS" }
        #expect(await failure(world)?.hint == "the identity needs the right signin:CreateOAuth2Token")
    }

    @Test func keysServeToTheirEndWhenRenewingFails() async throws {
        let world = try world(expiresAt: "2026-01-31T12:01:00Z")
        world.set { $0.loginError = "TOKEN_EXPIRED" }
        #expect(try await world.client().identity().accessKeyID == "ASIA-login")
    }

    @Test func aKeyThatCanNotBeUsedIsNoReasonToGuess() async throws {
        let world = try world(expiresAt: "2026-01-31T11:00:00Z", key: "-----BEGIN X-----\nAAAA\n-----END X-----")
        #expect(await failure(world)?.message.contains("can't be used: read a private key") == true)
        world.files.withLock { $0[FakeCredentialServices.loginPath] = nil }
        #expect(await failure(world)?.hint == "log in with: aws login --profile default")
    }

    @Test(arguments: [
        ("eu-west-1", "https://eu-west-1.signin.aws.amazon.com/v1/token"),
        ("cn-north-1", "https://cn-north-1.signin.amazonaws.cn/v1/token"),
        ("us-gov-west-1", "https://us-gov-west-1.signin.amazonaws-us-gov.com/v1/token"),
    ])
    func asksTheHostOfTheRegion(region: String, url: String) async throws {
        let files = try world(expiresAt: "2026-01-31T11:00:00Z").files.withLock { $0 }
        let stub = StubTransport { _, _ in .text(403, "{}") }
        let settings = Samples.settings([Samples.layer(["AWS_REGION": region])], files: files)
        let client = AWSClient(settings: settings, transport: stub, effects: FakeEffects().effects)
        await #expect(throws: Failure.self) { try await client.identity() }
        #expect(stub.requests.map(\.url) == [url])
    }
}
