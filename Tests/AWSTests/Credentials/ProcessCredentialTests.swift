import FoundationEssentials
import Processes
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

struct ProcessCredentialTests {
    private func world(
        _ line: String = "vend", _ reply: StubProcessRunner.Reply
    ) throws -> FakeCredentialServices {
        try FakeCredentialServices(["/home/u/.aws/config": "[default]\ncredential_process = \(line)"]) { _, _ in reply }
    }

    private func failure(_ reply: StubProcessRunner.Reply) async throws -> Failure? {
        let world = try world(reply)
        return await #expect(throws: Failure.self) { try await world.client().identity() }
    }

    private func world(_ reply: StubProcessRunner.Reply) throws -> FakeCredentialServices { try world("vend", reply) }

    @Test func theProgramIsRunWithoutAShell() async throws {
        let world = try world(
            #""/opt/my tools/vend" --as 'a b' $HOME;x"#, .init(stdout: FakeCredentialServices.printed))
        let found = try await world.client().identity()
        #expect(found.accessKeyID == "AK-process")
        #expect(found.sessionToken?.reveal() == "process-token")
        #expect(found.expiration == Samples.date.addingTimeInterval(3600))
        let command = try #require(world.programs.commands.first)
        #expect(command.executable == "/opt/my tools/vend")
        #expect(command.arguments == ["--as", "a b", "$HOME;x"])
        #expect(command.timeout == .seconds(300))
        #expect(!command.mutates)
    }

    @Test(arguments: [
        ("password: hunter2longpw", "password: ****"), ("db_password=pw; again", "db_password=****; again"),
        ("Authorization: Bearer abcdef", "Authorization: ****"), ("sent Bearer abcdef", "sent Bearer ****"),
        ("Basic dXNlcg==", "Basic ****"), ("got hvs.CAESI1", "got ****"), ("ghp_abc", "****"),
        ("0123456789abcdef0123456789abcdef", "****"), ("key: AKIAEXAMPLE", "key: AKIAEXAMPLE"),
        ("no such role", "no such role"),
    ])
    func secretsInWhatAProgramSaysAreMasked(said: String, shown: String) {
        #expect(SecretLike.mask(said) == shown)
    }

    @Test func keysWithoutAnEndAreAskedForOnce() async throws {
        let world = try world(.init(stdout: #"{"Version":1,"AccessKeyId":"AK","SecretAccessKey":"process-secret"}"#))
        let client = world.client()
        #expect(try await client.identity().expiration == nil)
        world.fake.now.withLock { $0 += 1_000_000 }
        _ = try await client.identity()
        #expect(world.programs.commands.count == 1)
    }

    @Test func renewedByRunningItAgain() async throws {
        let world = try world(.init(stdout: FakeCredentialServices.printed))
        let client = world.client()
        _ = try await client.identity()
        world.fake.now.withLock { $0 += 3500 }
        _ = try await client.identity()
        #expect(world.programs.commands.count == 2)
        world.fake.now.withLock { $0 += 3500 }
        let failure = await #expect(throws: Failure.self) { try await client.identity() }
        #expect(failure?.message.hasSuffix("the keys that it printed ended at 2026-01-31T13:00:00Z") == true)
    }

    @Test(arguments: [
        ("", "what it printed is no JSON object"), ("[]", "what it printed is no JSON object"),
        (#"{"AccessKeyId":"A"}"#, "what it printed is not of Version 1, the only one there is"),
        (#"{"Version":2}"#, "what it printed is not of Version 1, the only one there is"),
        (#"{"Version":1}"#, "what it printed has no AccessKeyId"),
        (#"{"Version":1,"AccessKeyId":"A"}"#, "what it printed has no SecretAccessKey"),
        (
            #"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"soon"}"#,
            "Expiration 'soon' is not a time"
        ),
    ])
    func whatCanNotBeReadIsSaid(stdout: String, message: String) async throws {
        let failure = try await failure(.init(stdout: stdout))
        #expect(failure?.kind == .credentials)
        #expect(
            failure?.message == "run credential_process (profile default, /home/u/.aws/config:2): \(message)")
    }

    @Test func aFailureTellsWhatTheProgramSaid() async throws {
        let reply = StubProcessRunner.Reply(
            stdout: #"{"SecretAccessKey":"half-printed-secret"}"#,
            stderr: "no session: half-printed-secret\nlog in first\n", exit: .code(3))
        let failure = try await failure(reply)
        #expect(failure?.message.hasSuffix("exit 3: no session: ****; log in first") == true)
    }

    @Test func whatItSaysBesideIsPassedOnMasked() async throws {
        let stderr = "made process-secret\nand wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY for profile default\n"
        let world = try world(.init(stdout: FakeCredentialServices.printed, stderr: stderr))
        _ = try await world.client().identity()
        #expect(
            world.said.withLock { $0 } == [
                "credential_process: made ****", "credential_process: and **** for profile default",
            ])
    }
}
