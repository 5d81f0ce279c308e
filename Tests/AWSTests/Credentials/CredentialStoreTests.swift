import FoundationEssentials
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

/// The files shared with the AWS CLI.
struct CredentialStoreTests {
    private static let folder = "/home/u/.aws/cli/cache/"

    /// The hashes are what botocore 1.43 makes of the same arguments.
    @Test func namesAreThoseOfTheCLI() throws {
        #expect(
            try CacheName(role: [
                "RoleArn": .text("arn:aws:iam::1:role/app"), "ExternalId": .text("tést \"x\" 🙂"),
                "DurationSeconds": .number(900), "SerialNumber": .text("arn:aws:iam::1:mfa/me"),
                "RoleSessionName": .text("me"),
            ]).text == "145d7bd7479ba0aff427d0fa0513f5fe7dbe72b6")
        #expect(
            try CacheName(sso: [
                "roleName": .text("dev"), "accountId": .text("111122223333"), "sessionName": .text("corp"),
            ]).text == "c3c4ec45d35e9ea04509d35041433ffd1c7ffb5c")
    }

    @Test func anotherRunFindsTheKeys() async throws {
        let world = try FakeCredentialServices.with([.role])
        let first = try await world.client().identity()
        let second = try await world.client().identity()
        #expect(first.accessKeyID == second.accessKeyID)
        #expect(second.source == first.source)
        #expect(world.calls == ["AssumeRole"])
        let files = world.files.withLock { $0.keys.filter { $0.hasPrefix(Self.folder) } }
        #expect(files.count == 1)
    }

    @Test(arguments: [CredentialSource.role, .environmentWebIdentity, .webIdentity, .sso])
    func temporaryKeysAreKept(_ source: CredentialSource) async throws {
        let world = try FakeCredentialServices.with([source])
        let environment = world.environment([source])
        _ = try await world.client(environment).identity()
        let calls = world.calls
        _ = try await world.client(environment).identity()
        #expect(world.calls == calls)
    }

    @Test(arguments: [
        CredentialSource.environmentKeys, .sharedFile, .login, .process, .configFile, .container, .instance,
    ])
    func otherKeysAreNot(_ source: CredentialSource) async throws {
        let world = try FakeCredentialServices.with([source])
        _ = try await world.client(world.environment([source])).identity()
        #expect(world.files.withLock { $0.keys.filter { $0.hasPrefix(Self.folder) } } == [])
    }

    private func world(kept: String) throws -> FakeCredentialServices {
        let world = try FakeCredentialServices.with([.role])
        let name = try CacheName(role: ["RoleArn": .text("arn:aws:iam::1:role/app")]).text
        world.files.withLock { $0[Self.folder + name + ".json"] = kept }
        return world
    }

    @Test func keptKeysHideNoMissingSource() async throws {
        let world = try world(
            kept: #"{"Credentials": {"AccessKeyId": "ASIA-kept", "SecretAccessKey": "kept-secret", "SessionToken": "#
                + #""kept-token", "Expiration": "2026-01-31T12:15:00Z"}}"#)
        world.files.withLock { files in
            for (path, text) in files {
                files[path] = text.replacing(/source_profile *= *\w+/, with: "source_profile = gone")
            }
        }
        let failure = await #expect(throws: Failure.self) { try await world.client().identity() }
        #expect(failure?.message.contains("source_profile 'gone'") == true)
    }

    /// The forms of time that the AWS CLI, versions 1 and 2, and other SDKs write.
    @Test(arguments: [
        "2026-01-31T12:15:00UTC", "2026-01-31T12:15:00Z", "2026-01-31T12:15:00+00:00", "2026-01-31T13:15:00+01:00",
    ])
    func readsWhatTheCLIWrote(end: String) async throws {
        let world = try world(
            kept: #"{"Credentials": {"AccessKeyId": "ASIA-kept", "SecretAccessKey": "kept-secret", "SessionToken": "#
                + #""kept-token", "Expiration": "\#(end)"}, "AssumedRoleUser": {"Arn": "a"}, "ResponseMetadata": {}}"#)
        let found = try await world.client().identity()
        #expect(found.accessKeyID == "ASIA-kept")
        #expect(found.expiration == Samples.date.addingTimeInterval(900))
        #expect(world.calls == [])
    }

    @Test(arguments: [
        #"{"Credentials":{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-01-31T12:14:59Z"}}"#,
        #"{"Credentials":{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","Expiration":"later"}}"#,
        #"{"Credentials":{"AccessKeyId":"A"}}"#, "{", "",
    ])
    func whatIsCloseToItsEndOrUnreadableIsReplaced(kept: String) async throws {
        let world = try world(kept: kept)
        #expect(try await world.client().identity().accessKeyID == "ASIA-app-by-AK-base")
        #expect(world.calls == ["AssumeRole"])
    }

    /// Otherwise the refused ones would come back from the disk for ever.
    @Test func keysThatAWSCallsExpiredAreNotTakenFromTheDiskAgain() async throws {
        let world = try FakeCredentialServices.with([.role])
        let client = world.client()
        let first = try await client.identity()
        client.shared.credentials.forget(first)
        _ = try await client.identity()
        #expect(world.calls == ["AssumeRole", "AssumeRole"])
    }

    @Test func keysThatHaveEndedWhenTheyComeAreAnError() async throws {
        let world = try FakeCredentialServices.with([.role])
        world.set { $0.end = "2026-01-31T11:59:00Z" }
        let failure = await #expect(throws: Failure.self) { try await world.client().identity() }
        #expect(failure?.message.contains("had ended at 2026-01-31T11:59:00Z") == true)
    }

    @Test func aFolderThatCanNotBeWrittenStopsNothing() async throws {
        let world = try FakeCredentialServices.with([.role])
        let settings = AWSSettings(layers: [Samples.layer(world.endpoints)], home: "/home/u") { path in
            world.files.withLock { $0[path] }
        }
        var effects = world.fake.effects
        let said = Mutex<[String]>([])
        effects.credentials = CredentialEffects(
            save: { _, _ in throw Failure(.failed, "write: Read-only file system") },
            warn: { _ in Issue.record("no warning is due") }, debug: { line in said.withLock { $0.append(line) } })
        let client = AWSClient(settings: settings, transport: world.transport, effects: effects)
        _ = try await client.identity()
        #expect(said.withLock { $0 } == ["keep credentials for later: write: Read-only file system"])
    }
}
