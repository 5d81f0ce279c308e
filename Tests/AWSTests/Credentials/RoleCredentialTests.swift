import FoundationEssentials
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

struct RoleCredentialTests {
    private static let keys = """
        [base]
        aws_access_key_id = AK-base
        aws_secret_access_key = base-secret-marker
        """

    private func world(_ config: String, answer: String? = nil, instance: Bool = false) throws -> FakeCredentialServices
    {
        var mood = FakeCredentialServices.Mood()
        mood.hasInstanceRole = instance
        return try FakeCredentialServices(
            ["/home/u/.aws/config": config, "/home/u/.aws/credentials": Self.keys], mood: mood, answer: answer)
    }

    private func failure(_ world: FakeCredentialServices, _ environment: [String: String] = [:]) async -> Failure? {
        await #expect(throws: Failure.self) { try await world.client(environment).identity() }
    }

    @Test func sendsWhatTheProfileSays() async throws {
        let world = try world(
            """
            [default]
            role_arn = arn:aws:iam::1:role/app
            source_profile = base
            external_id = told
            role_session_name = me
            duration_seconds = 7200
            """)
        _ = try await world.client().identity()
        let call = try #require(world.requests("AssumeRole").first)
        #expect(call.parameter("RoleSessionName") == "me")
        #expect(call.parameter("ExternalId") == "told")
        #expect(call.parameter("DurationSeconds") == "7200")
        #expect(call.parameter("SerialNumber") == nil)
    }

    @Test func makesASessionNameAndLeavesTheDurationToAWS() async throws {
        let world = try world("[default]\nrole_arn = arn:aws:iam::1:role/app\nsource_profile = base")
        _ = try await world.client().identity()
        let call = try #require(world.requests("AssumeRole").first)
        #expect(call.parameter("RoleSessionName") == "fgctl-1769860800")
        #expect(call.parameter("DurationSeconds") == nil)
    }

    @Test func followsAChain() async throws {
        let world = try world(
            """
            [default]
            role_arn = arn:aws:iam::1:role/three
            source_profile = second
            [profile second]
            role_arn = arn:aws:iam::1:role/two
            source_profile = first
            [profile first]
            role_arn = arn:aws:iam::1:role/one
            source_profile = base
            """)
        #expect(
            try await world.client().identity().accessKeyID
                == "ASIA-three-by-ASIA-two-by-ASIA-one-by-AK-base")
        #expect(world.calls == ["AssumeRole", "AssumeRole", "AssumeRole"])
    }

    @Test(arguments: [
        ("Environment", "ASIA-app-by-AK-env"), ("EcsContainer", "ASIA-app-by-AK-container"),
        ("Ec2InstanceMetadata", "ASIA-app-by-AK-instance"),
    ])
    func theSourceMayBeNamed(source: String, key: String) async throws {
        let world = try world(
            "[profile x]\nrole_arn = arn:aws:iam::1:role/app\ncredential_source = \(source)", instance: true)
        let environment = [
            "AWS_ACCESS_KEY_ID": "AK-env", "AWS_SECRET_ACCESS_KEY": "env-secret-marker",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": world.server.url("/container"),
        ]
        let flag = SettingLayer(name: "command line", values: ["AWS_PROFILE": .init(value: "x", origin: "--profile")])
        #expect(try await world.client(environment, above: [flag]).identity().accessKeyID == key)
    }

    @Test func aProfileMayUseTheKeysBesideItsRole() async throws {
        let config =
            "[default]\nrole_arn = arn:aws:iam::1:role/app\nsource_profile = default\n"
            + "aws_access_key_id = AK-own\naws_secret_access_key = own-secret-marker"
        #expect(try await world(config).client().identity().accessKeyID == "ASIA-app-by-AK-own")
    }

    @Test(arguments: [
        (
            "[default]\nrole_arn = r\nsource_profile = default",
            "the source profiles go in a circle: default -> default (profile default, /home/u/.aws/config:3)"
        ),
        (
            "[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = r\nsource_profile = b\n"
                + "[profile b]\nrole_arn = r\nsource_profile = a",
            "the source profiles go in a circle: default -> a -> b -> a (profile b, /home/u/.aws/config:9)"
        ),
        (
            "[default]\nrole_arn = r\nsource_profile = gone",
            "source_profile 'gone' (profile default, /home/u/.aws/config:3) is in no profile file"
        ),
        (
            "[default]\nrole_arn = r\nsource_profile = bare\n[profile bare]\nregion = eu-west-1",
            "source_profile 'bare' (profile default, /home/u/.aws/config:3) has no credentials: no role_arn, "
                + "no web_identity_token_file, no sso_account_id, no aws_access_key_id, no login_session, "
                + "no credential_process"
        ),
        (
            "[default]\nrole_arn = r",
            "assume role r: profile default, /home/u/.aws/config:2 has no source_profile or credential_source"
        ),
        (
            "[default]\nrole_arn = r\nsource_profile = base\ncredential_source = Environment",
            "assume role r: profile default, /home/u/.aws/config:4 has both source_profile and credential_source"
        ),
        (
            "[default]\nrole_arn = r\ncredential_source = Moon",
            "'Moon' (profile default, /home/u/.aws/config:3) is no credential_source"
        ),
        (
            "[default]\nrole_arn = r\ncredential_source = Environment",
            "credential_source Environment (profile default, /home/u/.aws/config:3) gives none: "
                + "AWS_ACCESS_KEY_ID is not set"
        ),
        (
            "[default]\nrole_arn = r\nsource_profile = base\nduration_seconds = long",
            "'long' (profile default, /home/u/.aws/config:4) is not a number of seconds"
        ),
    ])
    func whatCanNotBeFollowedIsSaid(config: String, message: String) async throws {
        let world = try world(config)
        #expect(await failure(world)?.message == message)
        #expect(world.calls == [])
    }

    private static let mfa = """
        [default]
        role_arn = arn:aws:iam::1:role/app
        source_profile = base
        mfa_serial = arn:aws:iam::1:mfa/me
        """

    @Test func asksForTheCodeOfADevice() async throws {
        let world = try world(Self.mfa, answer: " 123 456 ")
        _ = try await world.client().identity()
        #expect(world.questions.withLock { $0 } == ["Enter MFA code for arn:aws:iam::1:mfa/me: "])
        let call = try #require(world.requests("AssumeRole").first)
        #expect(call.parameter("SerialNumber") == "arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Fme")
        #expect(call.parameter("TokenCode") == "123456")
    }

    @Test func withoutATerminalThereIsNobodyToAsk() async throws {
        let failure = await failure(try world(Self.mfa))
        #expect(failure?.kind == .credentials)
        #expect(
            failure?.message
                == "assume role arn:aws:iam::1:role/app: needs the code of MFA device arn:aws:iam::1:mfa/me "
                + "(profile default, /home/u/.aws/config:4), and there is no terminal to ask at")
        #expect(
            await self.failure(try world(Self.mfa, answer: " "))?.message.hasSuffix("no MFA code was given") == true)
    }

    /// A question in the middle of a long command would stop it unseen.
    @Test func asksOnceInARunAndNotAgainBehindAPersonsBack() async throws {
        let world = try world(Self.mfa, answer: "1")
        let client = world.client()
        _ = try await client.identity()
        world.fake.now.withLock { $0 += 2800 }
        _ = try await client.identity()
        try await eventually("the renewal is given up") {
            world.said.withLock { $0.contains { $0.contains("run the command again") } }
        }
        world.fake.now.withLock { $0 += 3000 }
        let failure = await #expect(throws: Failure.self) { try await client.identity() }
        #expect(failure?.hint == "run the command again")
        #expect(world.questions.withLock { $0.count } == 1)
    }

    @Test func aRefusalSaysWhoAssumesWhat() async throws {
        let world = try world("[default]\nrole_arn = arn:aws:iam::1:role/app\nsource_profile = base")
        world.set { $0.isHostile = true }
        let failure = await failure(world)
        #expect(failure?.kind == .credentials)
        let start = "assume role arn:aws:iam::1:role/app (profile default, /home/u/.aws/config:2) with the keys of "
        #expect(failure?.message.hasPrefix(start + "profile base (/home/u/.aws/credentials): AccessDenied: ") == true)
    }

    @Test func theCommandsRoleIsTheProfiles() async throws {
        let world = try world(Self.mfa, answer: "7")
        let role = try #require(try world.client().settings.roleProfile())
        #expect(role.mfaSerial?.value == "arn:aws:iam::1:mfa/me")
        let (client, code) = try await world.client().source(of: role)
        #expect(code == "7")
        #expect(try await client.identity().accessKeyID == "AK-base")
    }
}
