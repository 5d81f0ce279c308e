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
        (["nothing-of-the-kind"], "see 'fgctl --help'"), (["--nonsense"], "see 'fgctl --help'"),
    ]

    @Test(arguments: unknown) func refusesWhatItDoesNotKnowInOneLine(_ arguments: [String], hint: String) async {
        let world = World()
        #expect(await Application.run(arguments, context: world.context) == 64)
        #expect(world.out.isEmpty)
        #expect(world.err.count == 2)
        #expect(world.err.first?.contains(arguments.first ?? "") == true)
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
