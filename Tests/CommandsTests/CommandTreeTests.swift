import ArgumentParser
import FoundationEssentials
import TestSupport
import Testing

@testable import Commands

/// What holds for every command there is.
struct CommandTreeTests {
    private static let commands: [any ParsableCommand.Type] = Root.groups.flatMap(\.subcommands)
    static let names = commands.compactMap { $0.configuration.commandName }

    private func command(_ name: String) throws -> any ParsableCommand.Type {
        try #require(Self.commands.first { $0.configuration.commandName == name })
    }

    @Test func everyCommandHasANameOfItsOwn() {
        #expect(Self.names.count == Self.commands.count)
        let all = Self.names + Self.commands.flatMap { $0.configuration.aliases }
        #expect(Set(all).count == all.count)
        for name in all { #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(name)") }
    }

    @Test(arguments: names) func explainsItself(_ name: String) throws {
        let configuration = try command(name).configuration
        #expect(configuration.abstract.hasSuffix("."))
        #expect(configuration.usage?.hasPrefix("fgctl \(name) ") == true)
        #expect(configuration.usage?.hasSuffix("[options]") == true)
        // Examples are copied from help, which breaks lines at 80 columns.
        for line in configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
            #expect(line.count <= 80, "\(line)")
        }
    }

    @Test(arguments: names) func helps(_ name: String) async {
        let world = World()
        #expect(await world.run(name, "--help") == 0)
        let help = world.out.joined(separator: "\n")
        #expect(help.contains("USAGE: fgctl \(name)"))
        #expect(world.err.isEmpty)
        #expect(world.aws.operations.isEmpty)
    }

    @Test(arguments: names) func refusesAnUnknownOption(_ name: String) async {
        let world = World()
        #expect(await world.run(name, "--no-such-option") == 64)
        #expect(world.err.last == "  see 'fgctl \(name) --help'")
    }

    /// What of the parser's own description is looked at.
    private struct Description: Decodable {
        struct Command: Decodable { let arguments: [Argument]? }
        struct Argument: Decodable {
            struct Name: Decodable { let name: String }
            let abstract: String?
            let names: [Name]?
            let valueName: String?
        }
        let command: Command
    }

    @Test(arguments: names) func explainsEveryOption(_ name: String) throws {
        let text = try command(name)._dumpHelp()
        let arguments = try JSONDecoder().decode(Description.self, from: Data(text.utf8)).command.arguments ?? []
        for argument in arguments {
            let shown = argument.names?.map(\.name).joined(separator: ", ") ?? argument.valueName ?? "?"
            #expect(argument.abstract?.isEmpty == false, "\(name): \(shown)")
        }
        let options = Set(arguments.flatMap { $0.names ?? [] }.map(\.name))
        let common = [
            "env-file", "e", "set", "region", "profile", "endpoint-url", "output", "yes", "dry-run", "quiet", "debug",
            "no-color",
        ]
        #expect(options.isSuperset(of: common), "\(Set(common).subtracting(options))")
    }
}
