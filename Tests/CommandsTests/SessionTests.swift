import AWS
import ArgumentParser
import Environment
import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import Commands

struct SessionTests {
    private func open(
        _ world: World, _ arguments: [String] = [], words: [String]? = nil, needs: ClosedRange<Int> = 0...0
    ) throws -> (Session, [String]) {
        try Session.open(
            try CommonOptions.parse(arguments), words: words.map { Words(given: $0, needs: needs) },
            context: world.context)
    }

    @Test func findsTheProjectsEnvFile() async throws {
        let (session, rest) = try open(World())
        #expect(session.settings.value(.stackName) == "nightly")
        #expect(try await session.client.region == "eu-west-1")
        #expect(session.environmentName == "default")
        #expect(rest.isEmpty)
    }

    @Test func whoWins() async throws {
        let world = World(environment: ["STACK_NAME": "ambient", "TEMPLATE": "own"])
        let (session, _) = try open(world, ["--set", "STACK_NAME=set", "--region", "us-west-2"])
        #expect(session.settings.value(.stackName) == "set")
        #expect(session.settings.value(.template) == "own")
        #expect(try await session.client.region == "us-west-2")
        #expect(try open(world).0.settings.value(.stackName) == "nightly")
    }

    @Test func theFirstWordMayNameTheEnvFile() throws {
        let world = World(files: ["/p/env/default": "STACK_NAME=one", "/p/env/production": "STACK_NAME=two"])
        let (named, rest) = try open(world, words: ["production", "0.1"], needs: 0...1)
        #expect(named.settings.value(.stackName) == "two")
        #expect(named.environmentName == "production")
        #expect(rest == ["0.1"])
        let (unnamed, version) = try open(world, words: ["0.1"], needs: 0...1)
        #expect(unnamed.settings.value(.stackName) == "one")
        #expect(version == ["0.1"])
        let failure = #expect(throws: Failure.self) { try open(world, words: ["prodction"]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("prodction") == true)
    }

    @Test func worksWithoutAnEnvFile() throws {
        let (session, _) = try open(World(files: ["/p/": ""], environment: ["STACK_NAME": "ambient"]))
        #expect(session.settings.value(.stackName) == "ambient")
        #expect(session.environmentName == "none")
    }

    @Test func namesTheLineThatIsWrong() throws {
        let failure = #expect(throws: Failure.self) { try open(World(files: ["/p/env/default": "A=1\nB=$(date)\n"])) }
        #expect(failure?.kind == .badInput)
        #expect(failure?.message.contains("env/default:2") == true)
    }

    @Test func quietSilencesProgressButNoWarning() throws {
        let world = World(files: ["/p/env/default": "STACK_NAM=x"])
        let (session, _) = try open(world, ["--quiet"])
        session.say("progress")
        #expect(world.err == ["warning: env/default:1: fgctl knows no key STACK_NAM; did you mean STACK_NAME?"])
    }

    struct Value: Encodable {
        let b: String
        let a: Date
        let none: String?
    }

    @Test func resultsAreLinesOrOneJSONValue() throws {
        let value = Value(b: "x/y", a: Date(timeIntervalSince1970: 0), none: nil)
        let text = World()
        try open(text).0.result(value, lines: ["one", "two"])
        #expect(text.out == ["one", "two"])
        let json = World()
        try open(json, ["--output", "json"]).0.result(value, lines: ["one"])
        #expect(json.out == ["{\n  \"a\" : \"1970-01-01T00:00:00Z\",\n  \"b\" : \"x/y\"\n}"])
        #expect(json.err.isEmpty)
    }

    @Test func announcesWhoActsWhere() async throws {
        let world = World(["GetCallerIdentity": [.caller()]])
        let account = try await open(world).0.announce("create stack", stack: "nightly")
        #expect(account == "111122223333")
        #expect(world.err == ["create stack: account 111122223333, region eu-west-1, stack nightly"])
        try await open(world, ["--dry-run"]).0.announce("create stack", stack: "nightly")
        #expect(world.err.last?.hasSuffix("(dry run: nothing is changed)") == true)
    }

    @Test func refusesTheWrongAccountBeforeAnythingIsChanged() async throws {
        let world = World(
            ["GetCallerIdentity": [.caller()]],
            files: ["/p/env/default": World.envFile + "\nAWS_ACCOUNT_ID=999988887777\n"])
        #expect(await world.run("cf-create-vpc") == 1)
        #expect(
            world.err == [
                "fgctl: create network stack: the credentials belong to account 111122223333, but AWS_ACCOUNT_ID is "
                    + "999988887777 (env/default:7)",
                "  check the profile or keys in use with 'fgctl whoami'",
            ])
        #expect(world.aws.operations == ["GetCallerIdentity"])
    }
}

struct ReadingCommandsTests {
    @Test func whoamiSaysWhereEachThingCameFrom() async {
        let world = World(["GetCallerIdentity": [.caller()]])
        #expect(await world.run("whoami") == 0)
        #expect(
            world.out == [
                "account      111122223333", "identity     arn:aws:iam::111122223333:user/u",
                "region       eu-west-1  (env/default:4)", "credentials  AKIDFILE  (env file env/default)",
                "endpoint     https://sts.eu-west-1.amazonaws.com  (region eu-west-1 (env/default:4))",
                "env file     env/default",
            ])
        #expect(world.err.isEmpty)
    }

    @Test func statusShowsBothStacks() async throws {
        let world = World(["DescribeStacks": [.noStack]])
        #expect(await world.run("cf-status") == 0)
        #expect(world.out == ["demo-network  NOT_CREATED", "nightly  NOT_CREATED"])
        #expect(world.aws.operations == ["DescribeStacks", "DescribeStacks"])
        let json = World(["DescribeStacks": [.noStack]])
        #expect(await json.run("cf-status", "--output", "json") == 0)
        struct Report: Decodable {
            struct Stack: Decodable {
                let name: String
                let status: String
                let resources: [String]
            }
            let stacks: [Stack]
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(try #require(json.out.first).utf8))
        #expect(report.stacks.map(\.name) == ["demo-network", "nightly"])
        #expect(report.stacks.allSatisfy { $0.status == "NOT_CREATED" && $0.resources.isEmpty })
    }

    @Test func statusNeedsAName() async {
        let world = World(files: ["/p/env/default": "AWS_REGION=eu-west-1"])
        #expect(await world.run("cf-status") == 64)
        #expect(world.err.first?.hasPrefix("fgctl: STACK_NAME is not set") == true)
    }
}
