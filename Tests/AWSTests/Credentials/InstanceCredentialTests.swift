import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import AWS

struct InstanceCredentialTests {
    private func client(
        roles: String = "web-role", _ answer: String
    ) -> (AWSClient, StubTransport) {
        AWSClient.stub(Samples.settings([Samples.layer([:])], files: [:])) { request, _ in
            if request.method == "PUT" { return .text(200, "T") }
            if request.url.hasSuffix("/security-credentials/") { return .text(200, roles) }
            return .text(200, answer)
        }
    }

    private func answer(end: String) -> String {
        #"{"Code":"Success","AccessKeyId":"AK","SecretAccessKey":"secret-of-it","Token":"t","Expiration":"\#(end)"}"#
    }

    @Test func takesTheKeysOfTheInstancesRole() async throws {
        let (client, stub) = client(answer(end: "2026-01-31T18:00:00Z"))
        let found = try await client.identity()
        #expect(found.source == "instance metadata (role web-role)")
        #expect(found.expiration == Samples.date.addingTimeInterval(6 * 3600))
        #expect(
            stub.requests.last?.url
                == "http://169.254.169.254/latest/meta-data/iam/security-credentials/web-role")
        #expect(stub.requests.count == 3)
    }

    /// AWS goes on to honour keys that its service could not renew in time; 21 minutes, the dice being in the middle.
    @Test(arguments: ["2026-01-31T11:00:00Z", "2026-01-31T12:10:00Z", "2026-01-31T12:21:00Z"])
    func keysAtTheirEndAreUsedAndAskedForLater(end: String) async throws {
        let (client, stub) = client(answer(end: end))
        #expect(try await client.identity().expiration == Samples.date.addingTimeInterval(21 * 60))
        _ = try await client.identity()
        #expect(stub.requests.count == 3)
    }

    @Test(arguments: [
        ("", #"{"Code":"Failed","Message":"no trust"}"#, "no keys for role web-role (Failed: no trust)"),
        ("", "{}", "no keys for role web-role"), ("", "<html>", "no keys for role web-role"),
        ("../../user-data", "{}", "the instance names no role"), ("\n", "{}", "the instance names no role"),
    ])
    func whatIsNoKeysIsSaid(roles: String, answer: String, reason: String) async {
        let (client, _) = client(roles: roles.isEmpty ? "web-role" : roles, answer)
        let failure = await #expect(throws: Failure.self) { try await client.identity() }
        #expect(failure?.message.hasSuffix("instance metadata: \(reason))") == true)
    }
}
