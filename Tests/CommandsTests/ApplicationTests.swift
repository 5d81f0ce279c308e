import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import Commands

/// Whole command lines, from words to exit code.
struct ApplicationTests {
    @Test func tellsItsVersion() async {
        let world = World()
        #expect(await world.run("--version") == 0)
        #expect(world.out == ["fgctl \(Version.current)"])
        #expect(world.err.isEmpty)
    }

    @Test(arguments: [["--help"], ["-h"], ["help"], []]) func listsAllCommands(_ arguments: [String]) async {
        let world = World()
        #expect(await Application.run(arguments, context: world.context) == 0)
        let help = world.out.joined(separator: "\n")
        for name in Root.allCommandNames { #expect(help.contains("  \(name) "), "\(name)") }
        #expect(world.err.isEmpty)
    }

    static let unknown = [
        (["cf-creat-stack"], "did you mean 'cf-create-stack'?"),
        (["cf-creat-stack", "env", "0.1"], "did you mean 'cf-create-stack'?"),
        (["help", "cf-creat-stack"], "did you mean 'cf-create-stack'?"),
        (["nothing-of-the-kind"], "see 'fgctl --help'"), (["--nonsense"], "see 'fgctl --help'"),
    ]

    @Test(arguments: unknown) func refusesWhatItDoesNotKnowInOneLine(_ arguments: [String], hint: String) async {
        let world = World()
        #expect(await Application.run(arguments, context: world.context) == 64)
        #expect(world.out.isEmpty)
        #expect(world.err.count == 2)
        #expect(world.err.first?.contains(arguments.first { $0 != "help" } ?? "") == true)
        #expect(world.err.first?.contains("\n") == false)
        #expect(world.err.last == "  \(hint)")
    }

    @Test func aUsageErrorNamesTheCommandsHelp() async {
        let world = World()
        #expect(await world.run("cf-status", "--outptu", "json") == 64)
        #expect(world.err.last == "  see 'fgctl cf-status --help'")
        #expect(world.aws.operations.isEmpty)
    }

    @Test(arguments: [["--output", "json"], ["--output=json"]]) func errorsAreJSONWhereResultsAre(_ words: [String])
        async throws
    {
        struct Report: Decodable {
            struct Body: Decodable {
                let kind: String
                let message: String
                let hint: String?
                let exitCode: Int32
            }
            let error: Body
        }
        let world = World(["GetCallerIdentity": [.expired]])
        #expect(await Application.run(["whoami"] + words, context: world.context) == 4)
        let text = try #require(world.out.first)
        let report = try JSONDecoder().decode(Report.self, from: Data(text.utf8)).error
        #expect(report.kind == "credentials")
        #expect(report.exitCode == 4)
        #expect(report.message.contains("it is over"))
        #expect(world.err == ["fgctl: \(report.message)"])
        let usage = World()
        #expect(await Application.run(["whoami", "--bad"] + words, context: usage.context) == 64)
        #expect(usage.out.first?.contains(#""exitCode" : 64"#) == true)
    }

    @Test func anErrorIsOneLineWithItsRequest() async {
        let world = World(["GetCallerIdentity": [.expired]])
        #expect(await world.run("whoami") == 4)
        #expect(world.out.isEmpty)
        #expect(world.err == ["fgctl: STS GetCallerIdentity: ExpiredToken: it is over (AWS request 7f)"])
    }

    @Test func deniedAccessNamesActionResourceAndPrincipal() async throws {
        struct Report: Decodable {
            struct Denied: Decodable { let action: String, principal: String?, resource: String?, reason: String? }
            struct AWS: Decodable {
                let code: String, httpStatus: Int, attempts: Int, mayHaveActed: Bool, denied: Denied?
            }
            struct Body: Decodable { let aws: AWS?, hint: String? }
            let error: Body
        }
        let words =
            "User: arn:aws:iam::1:user/u is not authorized to perform: sts:GetCallerIdentity on resource: arn:x because "
            + "no identity-based policy allows it"
        let body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>\(words)</Message></Error></ErrorResponse>"
        let world = World(["GetCallerIdentity": [.init(body, status: 403)]])
        #expect(await Application.run(["whoami", "--output", "json"], context: world.context) == 1)
        let hint = "arn:aws:iam::1:user/u needs sts:GetCallerIdentity on arn:x (no identity-based policy allows it)"
        #expect(world.err.last == "  \(hint)")
        let error = try JSONDecoder().decode(Report.self, from: Data(try #require(world.out.first).utf8)).error
        #expect(error.hint == hint)
        let aws = try #require(error.aws)
        #expect(aws.code == "AccessDenied" && aws.httpStatus == 403 && aws.attempts == 1 && !aws.mayHaveActed)
        #expect(aws.denied?.action == "sts:GetCallerIdentity")
        #expect(aws.denied?.principal == "arn:aws:iam::1:user/u")
        #expect(aws.denied?.resource == "arn:x")
    }

    @Test func commandsOfContainersKeepTheirCodesFree() async {
        let world = World(["DescribeStacks": [.expired]])
        #expect(await world.run("ecs-run-task") == 125)
        let usage = World()
        #expect(await usage.run("ecs-run-task", "--set-env", "=novalue") == 64)
        #expect(usage.aws.operations.isEmpty)
    }

    @Test func anInterruptionIsNoFailure() async {
        let interruption = Interruption()
        let world = World(["GetCallerIdentity": [.caller()]], interruption: interruption)
        let context = world.context
        let (gate, open) = AsyncStream<Void>.makeStream()
        let work = Task {
            for await _ in gate { break }
            return await Application.run(["whoami"], context: context)
        }
        #expect(interruption.note(15))
        work.cancel()
        open.finish()
        #expect(await work.value == 143)
        #expect(world.err == ["fgctl: interrupted"])
    }

    @Test func debugShowsCallsWithoutSecrets() async {
        let world = World(["GetCallerIdentity": [.caller()]])
        #expect(await world.run("whoami", "--debug") == 0)
        #expect(world.err.contains { $0.hasPrefix("debug: ") && $0.contains("GetCallerIdentity") })
        #expect(!(world.err + world.out).joined().contains("hidden-word"))
    }
}
