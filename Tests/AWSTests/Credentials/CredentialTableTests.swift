import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import AWS

/// Which of several sources counts. Real sockets, so that what is asked of each service is what it would be asked.
struct CredentialTableTests {
    private func winner(_ sources: Set<CredentialSource>, profile: String = "default") async throws -> String {
        let world = try FakeCredentialServices.with(sources, profile: profile)
        var environment = world.environment(sources)
        if profile != "default" { environment["AWS_PROFILE"] = profile }
        let found = try await world.client(environment).identity()
        #expect(world.server.faults == [])
        #expect(!found.source.isEmpty)
        return found.accessKeyID
    }

    @Test(arguments: CredentialSource.allCases) func eachAlone(_ source: CredentialSource) async throws {
        #expect(try await winner([source]) == source.key)
    }

    static let pairs = CredentialSource.allCases.enumerated().flatMap { index, first in
        CredentialSource.allCases.dropFirst(index + 1).map { [first, $0] }
    }

    /// The first of two counts, but that a profile with a token file assumes its role by that.
    @Test(arguments: pairs) func ofTwoTheFirst(_ pair: [CredentialSource]) async throws {
        let expected = pair == [.role, .webIdentity] ? CredentialSource.webIdentity : pair[0]
        #expect(try await winner(Set(pair)) == expected.key)
    }

    @Test func ofAllTheFirst() async throws {
        #expect(try await winner(Set(CredentialSource.allCases)) == "AK-env")
    }

    static let inNamedProfile = pairs.filter {
        $0[0] != .environmentKeys && $0[1] != .container && $0[1] != .instance && $0[0] != .container
    }

    /// In a profile that is named beside it, a web identity of the same layer counts after the profile's role.
    @Test(arguments: inNamedProfile) func ofTwoInANamedProfile(_ pair: [CredentialSource]) async throws {
        let expected =
            switch pair {
            case [.role, .webIdentity]: CredentialSource.webIdentity
            case [.environmentWebIdentity, .role]: CredentialSource.role
            default: pair[0]
            }
        #expect(try await winner(Set(pair), profile: "work") == expected.key)
    }

    @Test(arguments: [CredentialSource.container, .instance])
    func aNamedProfileWithoutCredentialsIsNotReplaced(_ below: CredentialSource) async throws {
        let failure = await #expect(throws: Failure.self) { try await winner([below], profile: "work") }
        #expect(failure?.kind == .credentials)
        #expect(
            failure?.message
                == "profile 'work' (environment AWS_PROFILE) has no credentials: no role_arn, no web_identity_token_file, "
                + "no sso_account_id, no aws_access_key_id, no login_session, no credential_process")
    }

    /// A higher layer that names a source hides all of those below, whatever they are.
    @Test(arguments: CredentialSource.allCases) func aProfileNamedAboveHidesKeysBelow(_ source: CredentialSource)
        async throws
    {
        let isInProfile = source.environment.isEmpty && source != .container && source != .instance
        guard isInProfile else { return }
        let all: Set<CredentialSource> = [.environmentKeys, .environmentWebIdentity, .container, .instance, source]
        let world = try FakeCredentialServices.with(all, profile: "work")
        let flag = SettingLayer(
            name: "command line", values: ["AWS_PROFILE": .init(value: "work", origin: "--profile")])
        let found = try await world.client(world.environment(all), above: [flag]).identity()
        #expect(found.accessKeyID == source.key)
    }

    @Test func aWebIdentityIsTakenWholeFromOneLayer() async throws {
        let world = try FakeCredentialServices.with([.environmentWebIdentity])
        let half = Samples.layer(["AWS_ROLE_ARN": "arn:aws:iam::1:role/other"], "env file env/default")
        let failure = await #expect(throws: Failure.self) {
            try await world.client(world.environment([.environmentWebIdentity]), above: [half]).identity()
        }
        #expect(
            failure?.message
                == "the credentials in env file env/default are incomplete: AWS_WEB_IDENTITY_TOKEN_FILE is not set there"
        )
        #expect(world.calls == [])
    }

    @Test func nothingAnywhereIsSaidOfEverySource() async throws {
        let world = try FakeCredentialServices()
        let failure = await #expect(throws: Failure.self) { try await world.client().identity() }
        #expect(
            failure?.message
                == "no AWS credentials found (environment: AWS_ACCESS_KEY_ID is not set; "
                + "profile files: no profile 'default' in /home/u/.aws/credentials or /home/u/.aws/config; "
                + "container endpoint: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI "
                + "are not set; instance metadata: \(world.server.url("")): HTTP 404 instead of a token)")
        let empty = try FakeCredentialServices.with([])
        let other = await #expect(throws: Failure.self) { try await empty.client().identity() }
        #expect(
            other?.message.contains(
                "profile default gives none: no role_arn, no web_identity_token_file, no sso_account_id, "
                    + "no aws_access_key_id, no login_session, no credential_process;") == true)
    }

    @Test func sourcesAreNamed() async throws {
        let expected: [CredentialSource: String] = [
            .environmentKeys: "environment",
            .environmentWebIdentity:
                "role arn:aws:iam::1:role/irsa by web identity (environment AWS_WEB_IDENTITY_TOKEN_FILE)",
            .role: "role arn:aws:iam::1:role/app, profile default by source_profile base",
            .webIdentity: "role arn:aws:iam::1:role/web by web identity (profile default, /home/u/.aws/config:4)",
            .sso: "IAM Identity Center role dev in 111122223333, profile default",
            .sharedFile: "profile default (/home/u/.aws/credentials)", .login: "aws login, profile default",
            .process: "profile default, credential_process (profile default, /home/u/.aws/config:3)",
            .configFile: "profile default (/home/u/.aws/config)",
            .container: "container endpoint (environment AWS_CONTAINER_CREDENTIALS_FULL_URI)",
            .instance: "instance metadata (role instance-role)",
        ]
        for source in CredentialSource.allCases {
            let world = try FakeCredentialServices.with([source])
            #expect(try await world.client(world.environment([source])).identity().source == expected[source])
        }
    }
}
