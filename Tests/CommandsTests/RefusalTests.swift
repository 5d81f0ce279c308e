import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import Commands

/// What a command says when it can't, or must not, do what it is asked: the right code, and what to do next.
struct RefusalTests {
    private static let noFiles = ["/p/.git/": "", "/p/q/": ""]

    private func failure(_ world: World, _ arguments: String...) async -> (code: Int32, text: String) {
        let code = await Application.run(arguments, context: world.context)
        return (code, world.err.joined(separator: "\n"))
    }

    // MARK: No env file

    @Test func aMissingEnvFileIsSaidWithWhereItWasLookedFor() async {
        let region = await failure(World(files: Self.noFiles), "whoami")
        #expect(region.code == 64)
        #expect(region.text.contains("no AWS region is set"))
        #expect(region.text.contains("no env file was found (looked for env/default in /p)"))
        let keys = World(files: Self.noFiles, environment: ["AWS_EC2_METADATA_DISABLED": "true"])
        let credentials = await failure(keys, "whoami", "--region", "eu-west-1")
        #expect(credentials.code == 4)
        #expect(credentials.text.contains("no env file was found (looked for env/default in /p)"))
        let key = await failure(World(files: Self.noFiles), "cf-status", "--region", "eu-west-1")
        #expect(key.code == 64)
        #expect(key.text.contains("no env file was found (looked for env/default in /p)"))
    }

    @Test func soIsANamedOne() async {
        let named = await failure(World(files: Self.noFiles), "-e", "default", "whoami")
        #expect(named.code == 64)
        #expect(named.text.contains("ENV 'default': there is no such file or folder, and no env/default"))
        #expect(named.text.contains("looked for env/default in /p"))
    }

    @Test func whatNeedsNoEnvFileDoesNotMissIt() async {
        let world = World(files: Self.noFiles)
        #expect(await world.run("schedule-next", "-n", "0", "rate(1 day)") == 64)
        #expect(!world.err.joined().contains("env file"))
    }

    // MARK: Words

    @Test func anExpressionThatTheShellTookApartIsToBeQuoted() async {
        for command in ["schedule-create", "schedule-next"] {
            let world = World()
            let words = [command, "0", "0", "Dockerfile", "env", "?", "README.md"]
            #expect(await Application.run(words, context: world.context) == 64)
            #expect(world.err.last == "  quote the expression, so that the shell leaves it whole: '0 0 * * ? *'")
            #expect(world.aws.operations.isEmpty)
        }
    }

    @Test(arguments: [
        (["ecs-run-task", "echo", "hi"], "--command 'PROGRAM WORDS'"), (["ecs-run-task", "echo"], "--command"),
        (["docker-run", "0.1", "--", "env"], "--command"), (["docker-promote", "0.1"], "FROM and TO"),
        (["schedule-create"], "CRON"), (["schedule-create", "0 0 * * ? *", "x"], "TARGET_ID stands before it"),
        (["ecs-logs", "0123456789abcdef0123456789abcdef"], "--task ID"),
    ])
    func wordsThatBelongElsewhereAreToldWhere(_ words: [String], _ said: String) async {
        let world = World()
        #expect(await Application.run(words, context: world.context) == 64)
        #expect(world.err.joined(separator: "\n").contains(said))
        #expect(world.aws.operations.isEmpty)
    }

    @Test(arguments: [
        ("config-push --keep -1", "--keep -1: at least the current release stays: give 1 or more"),
        ("config-push --keep 0", "--keep 0: at least the current release stays: give 1 or more"),
        ("config-push --flat --delete --max-delete -1", "--max-delete -1: give 0 or more"),
        ("update-service web --max-failed-tasks -1", "--max-failed-tasks: -1 is no number of tasks: 1 or more"),
        ("schedule-next -n -1 rate(1_day)", "--number -1: it must be from 1 to 1000"),
        ("schedule-create rate(1_day) --retries -1", "--retries -1: it must be from 0 to 185"),
        ("config-pull d --uid -1", "the value '-1' is invalid for '--uid <id>'"),
    ]) func negativeNumbersAreNumbers(_ line: String, _ wanted: String) async {
        let world = World()
        let words = line.split(separator: " ").map { String($0.replacing("_", with: " ")) }
        #expect(await Application.run(words, context: world.context) == 64)
        #expect(world.err.first?.contains(wanted) == true, "\(world.err)")
        #expect(world.aws.operations.isEmpty)
    }

    @Test func usageErrorsLookAlike() async {
        let ours = World()
        #expect(await ours.run("cf-create-stack", "env/default", "0.1", "0.2") == 64)
        #expect(ours.err == ["fgctl: unexpected argument '0.2'", "  see 'fgctl cf-create-stack --help'"])
        let parsers = World()
        #expect(await parsers.run("service-rollback", "a", "b") == 64)
        #expect(parsers.err == ["fgctl: unexpected argument 'b'", "  see 'fgctl service-rollback --help'"])
        let option = World()
        #expect(await option.run("update-service", "a", "--nope") == 64)
        #expect(option.err == ["fgctl: unknown option '--nope'", "  see 'fgctl update-service --help'"])
        let help = World()
        #expect(await help.run("--help") == 0)
        #expect(help.out.joined().contains("See 'fgctl COMMAND --help'"))
        #expect(!help.out.joined().contains("fgctl help"))
    }

    @Test(arguments: [("docker-run", ["0.1"]), ("ecs-run-task", []), ("schedule-create", ["rate(1 day)"])])
    func aVariableThatCanBeNoneIsRefused(_ command: String, _ words: [String]) async {
        let world = World()
        #expect(await Application.run([command] + words + ["--set-env", "1X=2"], context: world.context) == 64)
        #expect(world.err.first == "fgctl: --set-env: '1X' can't name a variable")
        #expect(world.aws.operations.isEmpty)
    }

    @Test func filesThatAreMissingAreBadInputWithAHint() async {
        for words in [
            ["ecs-run-task", "--remote-env-file", "none.env"], ["cf-create-vpc", "--template", "../none.yml"],
        ] {
            let world = World()
            #expect(await Application.run(words, context: world.context) == 65)
            #expect(world.err.first?.contains("none.") == true)
            #expect(world.err.last?.contains("from the working directory") == true)
        }
    }

    @Test func relativePathsCountFromTheWorkingDirectory() async {
        let files = ["/p/env/default": World.envFile, "/net.yml": "Resources: {", "/job.env": "1X=2"]
        let template = World(files: files)
        #expect(await template.run("cf-create-vpc", "--template", "../net.yml") == 65)
        #expect(template.err.first?.hasPrefix("fgctl: ../net.yml:") == true)
        let variables = World(files: files)
        #expect(await variables.run("ecs-run-task", "--remote-env-file", "./../job.env") == 65)
        #expect(variables.err.first == "fgctl: ./../job.env:1: '1X' can't name a variable")
    }

    // MARK: Accounts and stacks

    @Test func whoamiShowsThatTheAccountIsNotTheAssertedOne() async throws {
        let file = World.envFile + "\nAWS_ACCOUNT_ID=999988887777\n"
        let world = World(["GetCallerIdentity": [.caller()]], files: ["/p/env/default": file])
        #expect(await world.run("whoami") == 0)
        #expect(
            world.out.first
                == "account      111122223333  but AWS_ACCOUNT_ID is 999988887777 (env/default:7): changes are refused")
        #expect(world.err == ["warning: the credentials belong to another account than AWS_ACCOUNT_ID says"])
        let json = World(["GetCallerIdentity": [.caller()]], files: ["/p/env/default": file])
        #expect(await json.run("whoami", "--output", "json") == 0)
        #expect(json.out.first?.contains(#""assertedAccount" : "999988887777""#) == true)
    }

    @Test func listingSchedulesOfNoStackIsAFailure() async {
        let world = World([
            "GET /schedules": [.init(#"{"Schedules": []}"#)], "ListRules": [.init(#"{"Rules": []}"#)],
            "DescribeStacks": [.noStack],
        ])
        for words in [["schedule-list"], ["schedule-list", "--failed"]] {
            let list = await Application.run(words, context: world.context)
            #expect(list == 1)
            #expect(world.out.isEmpty)
            #expect(world.err.suffix(2).first == "fgctl: list schedules: stack nightly does not exist")
        }
    }

    private static let template = "Resources: {T: {Type: AWS::SNS::Topic}}\nParameters: {ImageUri: {Type: String}}\n"

    private func createStack(_ template: String, keys: String = "", dryRun: Bool = true) async -> (Int32, World) {
        let file = World.envFile + "\nTEMPLATE=t.yml\n" + keys
        let world = World(
            [
                "GetCallerIdentity": [.caller()], "DescribeStacks": [.noStack],
                "DescribeImages": [.init(#"{"imageDetails": [{"imageTags": ["0.1"]}]}"#)],
            ], files: ["/p/env/default": file, "/p/t.yml": template])
        let words = ["cf-create-stack", "0.1"] + (dryRun ? ["--dry-run"] : [])
        return (await Application.run(words, context: world.context), world)
    }

    @Test func aMissingNetworkIsSaidBeforeTheStackIsMade() async {
        let (code, world) = await createStack(Self.template)
        #expect(code == 0)
        #expect(
            world.err.last == "warning: network stack demo-network does not exist, and tasks need it: "
                + "create it with 'fgctl cf-create-vpc'")
        let importing = Self.template.replacing("Topic}", with: "Topic, Properties: {X: !ImportValue net-Vpc}}")
        let (refusal, refused) = await createStack(importing, dryRun: false)
        #expect(refusal == 1)
        #expect(refused.err.joined().contains("network stack demo-network does not exist"))
        #expect(refused.err.last?.contains("fgctl cf-create-vpc") == true)
        #expect(!refused.aws.operations.contains("CreateChangeSet"))
    }

    @Test(
        arguments: [
            ("cf-create-stack", nil, ["Cpu=512", "Memory=512"]), ("cf-create-stack", nil, ["Cpu=4096"]),
            ("cf-update-stack", "CREATE_COMPLETE", ["Memory=512", "Cpu=512"]),
        ] as [(String, String?, [String])])
    func sizesOfParametersAreCheckedAsKeysAre(_ command: String, _ status: String?, _ parameters: [String]) async {
        let world = World([
            "GetCallerIdentity": [.caller()], "DescribeStacks": [status.map(Self.stack) ?? .noStack],
        ])
        for dryRun in [[], ["--dry-run"]] {
            let words = [command, "0.1"] + parameters.flatMap { ["--parameter", $0] } + dryRun
            #expect(await Application.run(words, context: world.context) == 64)
        }
        #expect(world.err.joined().contains("Fargate has"))
        #expect(world.aws.operations.isEmpty)
    }

    @Test func theOtherOfAPairIsTheStacks() async {
        let parameters =
            "<Parameters><member><ParameterKey>Cpu</ParameterKey><ParameterValue>1024</ParameterValue></member>"
            + "<member><ParameterKey>Memory</ParameterKey><ParameterValue>2048</ParameterValue></member></Parameters>"
        let stack = StubAWS.Answer(
            Self.stack("CREATE_COMPLETE").body.replacing("</StackStatus>", with: "</StackStatus>" + parameters))
        let world = World(["GetCallerIdentity": [.caller()], "DescribeStacks": [stack]])
        #expect(await world.run("cf-update-stack", "--parameter", "Cpu=4096", "--set", "CPU=256") == 64)
        #expect(world.err.contains { $0.contains("memory '2048': with cpu 4096 Fargate has") })
        #expect(!world.aws.operations.contains("CreateChangeSet"))
    }

    @Test(arguments: [["ecs-wait-task", "abc", "-e", "b"], ["schedule-create", "b", "h", "rate(1 day)"]])
    func hintsNameTheENVThatWasGiven(_ words: [String]) async {
        let world = World(
            ["GetCallerIdentity": [.caller()], "DescribeStacks": [.noStack]],
            files: ["/p/env/default": World.envFile, "/p/env/b": World.envFile])
        _ = await Application.run(words, context: world.context)
        let hint = world.err.last ?? ""
        #expect(hint.contains("'fgctl ecs-list-tasks -e b'") || hint.contains("'fgctl cf-create-stack -e b VERSION'"))
    }

    @Test func aLoneWordIsNoExpression() async {
        let world = World()
        #expect(await world.run("schedule-create", "h") == 64)
        #expect(
            world.err == [
                "fgctl: schedule-create h: CRON is missing", "  as in: fgctl schedule-create h '0 0 * * ? *'",
            ])
        #expect(world.aws.operations.isEmpty)
    }

    @Test(arguments: ["SUBNETS=subnet-1", "ECS_NETWORK_CONFIG=e30=", "PARENT_STACK_NAME="])
    func noNetworkIsMissedWhereTheTaskHasAnother(_ key: String) async {
        let (code, world) = await createStack(Self.template, keys: key)
        #expect(code == 0)
        #expect(!world.err.contains { $0.contains("network stack") })
    }

    @Test func oneLookAtTheStackIsEnough() async {
        let (_, world) = await createStack(Self.template, keys: "SUBNETS=subnet-1")
        #expect(world.aws.operations.filter { $0 == "DescribeStacks" }.count == 1)
    }

    private static func stack(_ status: String) -> StubAWS.Answer {
        .init(
            """
            <R><DescribeStacksResult><Stacks><member><StackName>demo-network</StackName><StackId>arn:net</StackId>
            <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>\(status)</StackStatus></member></Stacks>
            </DescribeStacksResult></R>
            """)
    }

    @Test(arguments: ["CREATE_COMPLETE", "DELETE_FAILED", "CREATE_IN_PROGRESS"])
    func aDryRunOfWhatWouldBeRefusedEndsAsTheChangeWould(_ status: String) async throws {
        let answers = [
            "GetCallerIdentity": [StubAWS.Answer.caller()], "DescribeStacks": [Self.stack(status)],
            "GetTemplate": [.init("<R><GetTemplateResult><TemplateBody>old</TemplateBody></GetTemplateResult></R>")],
            "ListStackResources": [
                .init("<R><ListStackResourcesResult><StackResourceSummaries/></ListStackResourcesResult></R>")
            ],
        ]
        let wet = World(answers)
        #expect(await wet.run("cf-create-vpc") == 1)
        let dry = World(answers)
        #expect(await dry.run("cf-create-vpc", "--dry-run") == 1)
        #expect(dry.err.suffix(2) == wet.err.suffix(2))
        // As JSON the plan is the one value.
        let json = World(answers)
        #expect(await json.run("cf-create-vpc", "--dry-run", "--output", "json") == 1)
        #expect(json.out.count == 1)
        struct Plan: Decodable { let action: String }
        let plan = try JSONDecoder().decode(Plan.self, from: Data(try #require(json.out.first).utf8))
        #expect(plan.action == (status == "CREATE_COMPLETE" ? "differs" : "refused"))
        #expect(json.err.suffix(2) == wet.err.suffix(2))
    }

    @Test(arguments: ["schedule-enable", "schedule-disable"])
    func aDryRunMissesAScheduleThatIsNotThere(_ command: String) async {
        let world = World(["GetCallerIdentity": [.caller()]])
        let code = await Application.run([command, "nowhere", "--dry-run"], context: world.context)
        #expect(code != 0)
        #expect(!world.err.contains { $0.contains("would be") })
    }
}
