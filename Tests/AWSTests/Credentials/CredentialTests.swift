import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

struct CredentialTests {
    private static let credentialsPath = "/home/u/.aws/credentials"
    private static let configPath = "/home/u/.aws/config"
    private let files = [
        credentialsPath: """
        [default]
        aws_access_key_id = AKDEFAULT
        aws_secret_access_key = s
        [dev]
        aws_access_key_id = AKDEV
        aws_secret_access_key = s
        aws_session_token = t
        [half]
        aws_access_key_id = AKHALF
        """,
        configPath: """
        [default]
        region = us-east-1
        [profile dev]
        region = eu-north-1
        [profile inconfig]
        aws_access_key_id = AKCONFIG
        aws_secret_access_key = s
        [profile bare]
        region = eu-west-3
        """,
    ]

    private func identity(_ layers: [SettingLayer], files: [String: String] = [:]) async throws -> Credentials {
        let transport = StubTransport { request, _ in throw HTTPError.cannotConnect(host: request.url, reason: "test") }
        return try await AWSClient(settings: Samples.settings(layers, files: files), transport: transport).identity()
    }

    private func failure(_ layers: [SettingLayer], files: [String: String] = [:]) async -> Failure? {
        await #expect(throws: Failure.self) { try await identity(layers, files: files) }
    }

    private let environmentKeys = Samples.layer([
        "AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
    ])

    @Test func keysComeFromTheEnvironment() async throws {
        let found = try await identity([Samples.layer([:], "command line"), environmentKeys])
        #expect(found.accessKeyID == "AKENV")
        #expect(found.sessionToken?.reveal() == "t")
        #expect(found.source == "environment")
    }

    @Test func theGroupIsTakenWholeFromTheHighestLayer() async throws {
        let envFile = Samples.layer(["AWS_ACCESS_KEY_ID": "AKFILE", "AWS_SECRET_KEY": "s"], "env file env/default")
        let found = try await identity([envFile, environmentKeys], files: files)
        #expect(found.accessKeyID == "AKFILE")
        #expect(found.sessionToken == nil)
        #expect(found.source == "env file env/default")
    }

    @Test func aProfileInAHigherLayerBeatsKeysBelow() async throws {
        let found = try await identity(
            [Samples.layer(["AWS_PROFILE": "dev"], "env file env/default"), environmentKeys], files: files)
        #expect(found.accessKeyID == "AKDEV")
        #expect(found.sessionToken?.reveal() == "t")
        #expect(found.source == "profile dev (/home/u/.aws/credentials)")
    }

    @Test func halfAGroupIsAnErrorAndNeverMixed() async {
        let half = Samples.layer(["AWS_ACCESS_KEY_ID": "AKFILE"], "env file env/default")
        let error = await failure([half, environmentKeys], files: files)
        #expect(error?.kind == .credentials)
        #expect(
            error?.message
                == "the credentials in env file env/default are incomplete: AWS_SECRET_ACCESS_KEY is not set there")
        let token = await failure([Samples.layer(["AWS_SESSION_TOKEN": "t"], "--set"), environmentKeys])
        #expect(token?.message == "the credentials in --set are incomplete: AWS_ACCESS_KEY_ID is not set there")
    }

    @Test func keysMaySayWhenTheyEnd() async throws {
        func layer(_ end: String) -> SettingLayer {
            Samples.layer([
                "AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CREDENTIAL_EXPIRATION": end,
                "AWS_REGION": "eu-west-1",
            ])
        }
        func client(_ end: String) -> AWSClient {
            AWSClient.stub(Samples.settings([layer(end)], files: [:])) { _, _ in .text(200, "{}") }.0
        }
        #expect(
            try await client("2026-01-31T12:00:01Z").identity().expiration == Samples.date.addingTimeInterval(1))
        let over = await #expect(throws: Failure.self) { try await client("2026-01-31T12:00:00Z").identity() }
        #expect(over?.message == "the credentials from environment ended at 2026-01-31T12:00:00Z")
        #expect(over?.kind == .credentials)
        let wrong = await #expect(throws: Failure.self) { try await client("soon").identity() }
        #expect(
            wrong?.message
                == "'soon' (environment AWS_CREDENTIAL_EXPIRATION) is not a time, as 2026-01-31T12:00:00Z")
    }

    @Test func emptyValuesCountAsNotSet() async throws {
        let found = try await identity(
            [Samples.layer(["AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": ""], "env file"), environmentKeys])
        #expect(found.accessKeyID == "AKENV")
    }

    @Test func theDefaultProfileIsUsedWhenNothingIsNamed() async throws {
        #expect(try await identity([], files: files).accessKeyID == "AKDEFAULT")
    }

    @Test func keysMayStandInTheConfigFile() async throws {
        let found = try await identity([Samples.layer(["AWS_PROFILE": "inconfig"])], files: files)
        #expect(found.accessKeyID == "AKCONFIG")
        #expect(found.source == "profile inconfig (/home/u/.aws/config)")
    }

    @Test(arguments: [
        (
            "nowhere",
            "profile 'nowhere' (environment AWS_PROFILE) is not in /home/u/.aws/config and /home/u/.aws/credentials"
        ),
        ("half", "profile half in /home/u/.aws/credentials has no aws_secret_access_key"),
        (
            "bare",
            "profile 'bare' (environment AWS_PROFILE) has no credentials: no role_arn, no web_identity_token_file, "
                + "no sso_account_id, no aws_access_key_id, no login_session, no credential_process"
        ),
    ])
    func unusableProfilesAreErrors(name: String, message: String) async {
        let error = await failure([Samples.layer(["AWS_PROFILE": name])], files: files)
        #expect(error?.kind == .credentials)
        #expect(error?.message == message)
    }

    @Test func theFilesMayBeElsewhere() async throws {
        let settings = Samples.settings(
            [Samples.layer(["AWS_SHARED_CREDENTIALS_FILE": "~/keys", "AWS_CONFIG_FILE": "/none"])],
            files: ["/home/u/keys": "[default]\naws_access_key_id=AK\naws_secret_access_key=s"])
        let client = AWSClient(settings: settings, transport: StubTransport { _, _ in .text(500, "") })
        #expect(try await client.identity().source == "profile default (/home/u/keys)")
    }

    @Test func theFilesAreReadOnce() async throws {
        let reads = Mutex<[String]>([])
        let files = files
        let settings = AWSSettings(layers: [], home: "/home/u") { path in
            reads.withLock { $0.append(path) }
            return files[path]
        }
        #expect(reads.withLock { $0 } == [])
        let (client, _) = AWSClient.stub(settings) { _, _ in .text(200, "{}") }
        let operation = Operation<Nothing, Nothing>("ListClusters", of: Samples.ecs, .reads)
        for _ in 0..<3 { _ = try await client.send(operation, Nothing()) }
        #expect(reads.withLock { $0 } == [Self.configPath, Self.credentialsPath])
    }

    @Test func aBrokenFileIsNamedWithItsLine() async {
        let error = await failure([], files: [Self.credentialsPath: "[default]\noops"])
        #expect(error?.kind == .badInput)
        #expect(error?.message == "/home/u/.aws/credentials:2: expected 'name = value'")
    }
}

struct ContainerCredentialTests {
    private static let answer = #"""
        {"RoleArn":"r","AccessKeyId":"AKTASK","SecretAccessKey":"s","Token":"t","Expiration":"2026-01-31T13:00:00Z"}
        """#

    private func client(
        _ values: [String: String], files: [String: String] = [:], fake: FakeEffects = FakeEffects(),
        _ responder: @escaping StubTransport.Responder
    ) -> (AWSClient, StubTransport) {
        let off = ["AWS_EC2_METADATA_DISABLED": "true"]
        let settings = Samples.settings([Samples.layer(values.merging(off) { $1 })], files: files)
        return AWSClient.stub(settings, fake: fake, responder)
    }

    private let relative = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x"]

    @Test func asksTheAgentOfECS() async throws {
        let (client, stub) = client(relative) { _, _ in .text(200, Self.answer) }
        let found = try await client.identity()
        #expect(found.accessKeyID == "AKTASK")
        #expect(found.sessionToken?.reveal() == "t")
        #expect(found.expiration == Samples.date.addingTimeInterval(3600))
        #expect(found.source == "container endpoint (environment AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)")
        let request = try #require(stub.requests.first)
        #expect(request.url == "http://169.254.170.2/v2/credentials/x")
        #expect(!request.usesProxy)
    }

    @Test func keysThatHaveEndedWhenTheyComeAreAnError() async {
        let fake = FakeEffects()
        let (client, _) = client(relative, fake: fake) { _, _ in .text(200, Self.answer) }
        fake.now.withLock { $0 += 3600 }
        let failure = await #expect(throws: Failure.self) { try await client.identity() }
        #expect(failure?.message.hasSuffix("CREDENTIALS_RELATIVE_URI) ended at 2026-01-31T13:00:00Z") == true)
    }

    @Test func manyCallersShareOneSearch() async throws {
        let (client, stub) = client(relative) { _, _ in
            await Task.yield()
            return .text(200, Self.answer)
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await client.identity().accessKeyID } }
            for try await key in group { #expect(key == "AKTASK") }
        }
        #expect(stub.requests.count == 1)
    }

    @Test func aCancelledCallerLeavesAtOnceAndOthersSearchAgain() async throws {
        let (started, announce) = AsyncStream.makeStream(of: Int.self)
        let (client, stub) = client(relative) { _, index in
            announce.yield(index)
            if index == 0 { try await Task.sleep(for: .seconds(3600)) }
            return .text(200, Self.answer)
        }
        let first = Task { try await client.identity() }
        for await _ in started { break }
        let second = Task { try await client.identity() }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(try await second.value.accessKeyID == "AKTASK")
        #expect(stub.requests.count == 2)
    }

    @Test func anAgentThatIsLateIsAskedAgain() async throws {
        let fake = FakeEffects()
        let (client, stub) = client(relative, fake: fake) { _, index in
            index < 2 ? .text(503, "") : .text(200, Self.answer)
        }
        #expect(try await client.identity().accessKeyID == "AKTASK")
        #expect(stub.requests.count == 3)
        #expect(fake.slept == [.milliseconds(200), .milliseconds(200)])
    }

    @Test(arguments: [
        ("http://127.0.0.1:9/x", true), ("http://127.8.8.8/x", true), ("http://localhost/x", true),
        ("http://169.254.170.23/x", true), ("http://[::1]:80/x", true), ("http://[fd00:ec2::23]/x", true),
        ("https://any.example/x", true), ("http://any.example/x", false), ("http://169.254.169.254/x", false),
        ("http://127.0.0.1.evil.example/x", false), ("http://localhost@evil.example/x", false),
        ("http://localhost:80@evil.example/x", false),
        ("ftp://localhost/", false),
        ("http://evil.example\\@127.0.0.1/", false), ("http://127.0.0.999/x", false), ("", false),
    ])
    func fullURIsMayNotNameAnyHost(uri: String, allowed: Bool) async throws {
        let (client, stub) = client(["AWS_CONTAINER_CREDENTIALS_FULL_URI": uri]) { _, _ in .text(200, Self.answer) }
        if allowed {
            #expect(try await client.identity().accessKeyID == "AKTASK")
        } else {
            await #expect(throws: Failure.self) { try await client.identity() }
        }
        #expect(stub.requests.map(\.url) == (allowed ? [uri] : []))
    }

    @Test func sendsTheTokenOfAFileOrOfTheEnvironment() async throws {
        let base = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "env",
        ]
        let (plain, plainStub) = client(base) { _, _ in .text(200, Self.answer) }
        _ = try await plain.identity()
        #expect(plainStub.requests.first?.headers["Authorization"] == "env")
        let (filed, filedStub) = client(
            base.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"]) { $1 }, files: ["/token": "file\n"]
        ) { _, _ in .text(200, Self.answer) }
        _ = try await filed.identity()
        #expect(filedStub.requests.first?.headers["Authorization"] == "file")
    }

    @Test func answersThatCanNotBeReadAreNotShown() async throws {
        let (client, _) = client(relative) { _, _ in .text(200, #"{"SecretAccessKey":"hunter2"}"#) }
        let failure = await #expect(throws: Failure.self) { try await client.identity() }
        #expect(failure?.kind == .credentials)
        #expect(failure.map { "\($0)".contains("hunter2") } == false)
    }

    @Test func expiredTokensAreRenewedOnce() async throws {
        let (client, stub) = client(relative.merging(["AWS_REGION": "eu-west-1"]) { $1 }) { request, _ in
            if request.url.contains("169.254") { return .text(200, Self.answer) }
            return .text(400, #"{"__type":"ExpiredTokenException","message":"m"}"#)
        }
        let operation = Operation<Nothing, Nothing>("ListClusters", of: Samples.ecs, .reads)
        let error = await #expect(throws: AWSError.self) { try await client.send(operation, Nothing()) }
        #expect(error?.isCredentialProblem == true)
        #expect(stub.requests.filter { $0.url.contains("169.254") }.count == 2)
        #expect(stub.requests.filter { !$0.url.contains("169.254") }.count == 2)
    }
}
