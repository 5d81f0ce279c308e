import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

/// IAM Identity Center: the token that `aws sso login` left, and the keys it buys.
struct IdentityCenterTests {
    private func failure(_ world: FakeCredentialServices) async -> Failure? {
        await #expect(throws: Failure.self) { try await world.client().identity() }
    }

    @Test func asksTheRegionOfTheSessionAndSignsNothing() async throws {
        let world = try FakeCredentialServices.with([.sso])
        let found = try await world.client().identity()
        #expect(found.sessionToken?.reveal() == "sso-session")
        #expect(found.expiration == Samples.date.addingTimeInterval(3600))
        let call = try #require(world.server.requests.first)
        #expect(call.target == "/federation/credentials?role_name=dev&account_id=111122223333")
        #expect(call.values("x-amz-sso_bearer_token") == ["sso-token-old"])
        #expect(call.signedBy == nil)
        #expect(world.calls == ["GET /federation/credentials"])
    }

    @Test func theHostIsOfTheSessionsRegion() async throws {
        let stub = StubTransport { _, _ in throw HTTPErrorStandIn() }
        let files = try FakeCredentialServices.with([.sso]).files.withLock { $0 }
        let settings = Samples.settings([Samples.layer(["AWS_REGION": "us-west-2"])], files: files)
        let client = AWSClient(settings: settings, transport: stub, effects: FakeEffects().effects)
        await #expect(throws: (any Error).self) { try await client.identity() }
        #expect(stub.requests.first?.url.hasPrefix("https://portal.sso.eu-north-1.amazonaws.com/federation/") == true)
    }

    private struct HTTPErrorStandIn: Error {}

    @Test func theOlderFormKeepsEverythingInTheProfile() async throws {
        let world = try FakeCredentialServices([
            "/home/u/.aws/config": """
            [default]
            sso_start_url = https://corp.awsapps.com/start
            sso_region = eu-north-1
            sso_account_id = 111122223333
            sso_role_name = dev
            """,
            // SHA-1 of the start URL.
            "/home/u/.aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json": FakeCredentialServices.ssoToken,
        ])
        #expect(try await world.client().identity().accessKeyID == "ASIA-sso")
    }

    @Test func aTokenCloseToItsEndIsRenewedAndKept() async throws {
        let world = try FakeCredentialServices.with([.sso])
        world.fake.now.withLock { $0 += 8 * 3600 - 600 }
        // What the fake's keys have as their end is over by then; only the token matters here.
        _ = await failure(world)
        let call = try #require(world.requests("POST /token").first)
        #expect(
            call.bodyText
                == #"{"clientId":"cid","clientSecret":"sso-client-secret","grantType":"refresh_token","#
                + #""refreshToken":"sso-refresh-old"}"#)
        #expect(call.signedBy == nil)
        #expect(world.server.requests.last?.values("x-amz-sso_bearer_token") == ["sso-token-new"])
        let kept = world.files.withLock { $0[FakeCredentialServices.ssoTokenPath] } ?? ""
        let record = try #require(JSONRecord(Array(kept.utf8)))
        #expect(record.text("accessToken") == "sso-token-new")
        #expect(record.text("refreshToken") == "sso-refresh-new")
        #expect(record.text("expiresAt") == "2026-02-01T03:50:00Z")
        #expect(record.text("extra") == "kept")
    }

    @Test func aTokenThatCanNotBeRenewedServesToItsEnd() async throws {
        let world = try FakeCredentialServices.with([.sso])
        world.set { $0.renewsTokens = false }
        world.fake.now.withLock { $0 += 8 * 3600 - 600 }
        _ = await failure(world)
        #expect(world.server.requests.last?.values("x-amz-sso_bearer_token") == ["sso-token-old"])
        world.fake.now.withLock { $0 += 600 }
        let failure = await failure(world)
        #expect(
            failure?.message
                == "profile default: not logged in to IAM Identity Center: the token ended at 2026-01-31T20:00:00Z, "
                + "and renewing it failed: SSO OIDC CreateToken: InvalidGrantException")
        #expect(failure?.hint == "log in with: aws sso login --profile default")
        #expect(failure?.kind == .credentials)
    }

    @Test func withoutATokenTheLoginCommandIsNamed() async throws {
        let world = try FakeCredentialServices.with([.sso])
        world.files.withLock { $0[FakeCredentialServices.ssoTokenPath] = nil }
        let missing = await failure(world)
        #expect(
            missing?.message
                == "profile default: not logged in to IAM Identity Center: there is no "
                + FakeCredentialServices.ssoTokenPath)
        #expect(missing?.hint == "log in with: aws sso login --profile default")
        world.files.withLock { $0[FakeCredentialServices.ssoTokenPath] = "{}" }
        #expect(await failure(world)?.message.hasSuffix("holds no token") == true)
        let refused = FakeCredentialServices.ssoToken.replacing("sso-token-old", with: "another-old-token")
        world.files.withLock { $0[FakeCredentialServices.ssoTokenPath] = refused }
        let over = await failure(world)
        #expect(over?.message.hasSuffix("its token was refused (UnauthorizedException)") == true)
        #expect(over?.hint == "log in with: aws sso login --profile default")
    }

    @Test(arguments: [
        ("sso_account_id = 1\nsso_role_name = r\nsso_session = gone", "there is no [sso-session gone]"),
        ("sso_account_id = 1\nsso_role_name = r", "uses IAM Identity Center but has no sso_start_url"),
        ("sso_role_name = r\nsso_session = corp", "uses IAM Identity Center but has no sso_account_id"),
        (
            "sso_account_id = 1\nsso_role_name = r\nsso_session = corp\nsso_region = us-east-1",
            "sso_region is 'us-east-1', but 'eu-north-1' in [sso-session corp]"
        ),
    ])
    func whatIsIncompleteIsSaid(profile: String, message: String) async throws {
        let world = try FakeCredentialServices([
            "/home/u/.aws/config":
                "[default]\n\(profile)\n[sso-session corp]\nsso_start_url = u\nsso_region = eu-north-1"
        ])
        #expect(await failure(world)?.message.contains(message) == true)
        #expect(world.calls == [])
    }
}
