import FoundationEssentials
import HTTP
import Processes
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

/// Every source holds secrets of its own; nothing that is said, thrown or traced may hold one, not even when the services
/// quote all that they were told.
struct MarkerSecretTests {
    static let markers = [
        "env-secret-marker", "base-secret-marker", "shared-secret-marker", "config-secret-marker",
        FakeCredentialServices.token, "sso-token-old", "sso-client-secret", "sso-refresh-old", "sso-token-new",
        "sso-refresh-new", "sso-secret", "sso-session", "login-secret", "login-session", "login-refresh",
        "login-id-token", "process-secret", "process-token", "secret-of-", "token-of-", "container-token-marker",
        "imds-token", "login-secret-new",
    ]

    private func expectNoMarker(_ texts: [String], _ what: String) {
        for text in texts {
            for marker in Self.markers where text.contains(marker) {
                Issue.record("\(what): \(marker) in: \(text)")
            }
        }
    }

    private func everything(_ world: FakeCredentialServices) -> [String] {
        world.said.withLock { $0 } + world.fake.traces.withLock { $0 } + world.questions.withLock { $0 }
    }

    private func world(_ source: CredentialSource, hostile: Bool) throws -> (FakeCredentialServices, [String: String]) {
        var mood = FakeCredentialServices.Mood()
        mood.isHostile = hostile
        let world = try FakeCredentialServices.with([source], mood: mood)
        var environment = world.environment([source])
        if source == .container { environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "container-token-marker" }
        return (world, environment)
    }

    @Test(arguments: CredentialSource.allCases) func nothingIsSaid(_ source: CredentialSource) async throws {
        let (world, environment) = try world(source, hostile: false)
        let found = try await world.client(environment).identity()
        expectNoMarker(everything(world) + [found.source, "\(found)", String(reflecting: found)], "\(source)")
        var dumped = ""
        dump(found, to: &dumped)
        expectNoMarker([dumped], "dump of \(source)")
    }

    @Test(arguments: CredentialSource.allCases) func nothingIsQuoted(_ source: CredentialSource) async throws {
        let (world, environment) = try world(source, hostile: true)
        // Tokens close to their end, so that they are renewed, which is refused.
        if source == .sso { world.fake.now.withLock { $0 += 8 * 3600 - 600 } }
        let client = world.client(environment)
        do {
            _ = try await client.identity()
        } catch let failure as Failure {
            expectNoMarker([failure.message, failure.hint ?? "", "\(failure)"], "\(source)")
            if let cause = failure.cause { expectNoMarker(["\(cause)"], "cause of \(source)") }
        }
        // A call that is refused with all of its headers quoted.
        let operation = Operation<Nothing, Nothing>("GetCallerIdentity", of: Samples.sts, .reads)
        do {
            _ = try await client.send(operation, Nothing())
        } catch {
            expectNoMarker(["\(error)".filter { !$0.isNewline }], "call with \(source)")
        }
        expectNoMarker(everything(world), "\(source)")
    }

    @Test func aLoginThatIsRenewedSaysNothing() async throws {
        for isHostile in [false, true] {
            let world = try FakeCredentialServices.with([.login])
            world.set { $0.isHostile = isHostile }
            let token = FakeCredentialServices.loginToken(
                expiresAt: "2026-01-31T11:00:00Z", key: LoginCredentialTests.key)
            world.files.withLock { $0[FakeCredentialServices.loginPath] = token }
            do {
                _ = try await world.client().identity()
                #expect(!isHostile)
            } catch {
                #expect(isHostile)
                expectNoMarker(["\(error)"], "login")
                #expect(!"\(error)".contains("MHcCAQEE"))
            }
            expectNoMarker(everything(world), "login")
        }
    }

    /// The test can fail: what is expected to be masked is really quoted.
    @Test func theHostileServiceQuotes() async throws {
        let (world, environment) = try world(.environmentWebIdentity, hostile: true)
        let failure = await #expect(throws: Failure.self) { try await world.client(environment).identity() }
        #expect(failure?.message.contains("WebIdentityToken=****") == true)
        #expect(world.server.requests.first?.bodyText.contains(FakeCredentialServices.token) == true)
    }
}
