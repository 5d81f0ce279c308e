import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import Commands

struct AssumeRoleTests {
    private static let arn = "arn:aws:iam::111122223333:role/deploy"

    private static let assumed = StubAWS.Answer(
        """
        <AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId>
        <Arn>arn:aws:sts::111122223333:assumed-role/deploy/x</Arn></AssumedRoleUser><Credentials>
        <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role+hidden/word</SecretAccessKey>
        <SessionToken>role-token==</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration>
        </Credentials></AssumeRoleResult></AssumeRoleResponse>
        """)

    @Test func printsLinesForAShell() async {
        let world = World(["AssumeRole": [Self.assumed]])
        #expect(await world.run("assume-role", Self.arn, "--debug") == 0)
        #expect(
            world.out == [
                "export AWS_ACCESS_KEY_ID=ASIAROLE", "export AWS_SECRET_ACCESS_KEY=role+hidden/word",
                "export AWS_SESSION_TOKEN=role-token==",
            ])
        #expect(world.err.contains { $0.contains("debug: ") && $0.contains("AssumeRole") })
        #expect(!world.err.joined().contains("hidden"))
        #expect(!world.err.joined().contains("role-token"))
    }

    @Test func takesTheRoleFromTheEnvFile() async {
        let file = World.envFile + "\nROLE_ARN=\(Self.arn)\nEXTERNAL_ID=abcdefgh"
        let world = World(["AssumeRole": [Self.assumed]], files: ["/p/env/default": file])
        #expect(await world.run("assume-role", "--output", "json") == 0)
        #expect(world.out.first?.contains(#""accessKeyId" : "ASIAROLE""#) == true)
        #expect(world.out.first?.contains(#""expiration" : "2026-01-01T01:00:00Z""#) == true)
    }

    @Test func dryRunAsksForNoKeys() async {
        let world = World()
        #expect(await world.run("assume-role", Self.arn, "--duration", "12h", "--dry-run") == 0)
        #expect(world.out == ["would assume \(Self.arn) as fgctl-1767225600 for 43200 s"])
        #expect(world.aws.operations.isEmpty)
    }

    static let wrong = [
        [], ["arn:aws:iam::111122223333:user/me"], [arn, "--duration", "13h"], [arn, "--duration", "1m"],
        [arn, "--session-name", "a b"], ["nowhere"],
    ]

    @Test(arguments: wrong) func refusesBeforeAnyCall(_ words: [String]) async {
        let world = World()
        #expect(await Application.run(["assume-role"] + words, context: world.context) == 64)
        #expect(world.aws.operations.isEmpty)
        #expect(world.out.isEmpty)
    }

    @Test func ownFailuresWithACommandAre125() async {
        let world = World(["AssumeRole": [.expired]])
        #expect(await world.run("assume-role", Self.arn, "--", "true") == 125)
        let printing = World(["AssumeRole": [.expired]])
        #expect(await printing.run("assume-role", Self.arn) == 4)
    }
}
