import ArgumentParser
import Environment
import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import Commands

/// Every command has examples that can be typed, and a documented JSON form.
struct CommandExamplesTests {
    private static let commands: [any ParsableCommand.Type] = Root.groups.flatMap(\.subcommands)
    private static let names = commands.compactMap { $0.configuration.commandName }
    private static let arn = "arn:aws:ecs:eu-west-1:111122223333:task/nightly/0123456789abcdef0123456789abcdef"

    /// The examples of a help text: what a shell would hand to fgctl, and for which command.
    static let examples: [(name: String, line: String, words: [String])] = {
        var found: [(String, String, [String])] = []
        let texts = commands.map { ($0.configuration.commandName ?? "?", $0.configuration.discussion) }
        for (name, text) in texts + [("fgctl", Root.configuration.discussion)] {
            for line in text.split(separator: "\n") where line.hasPrefix("  ") {
                for words in ShellExample.commands(in: String(line)) {
                    found.append((name, String(line), words.map { $0 == "$arn" ? arn : $0 }))
                }
            }
        }
        return found
    }()

    @Test(arguments: names) func hasAnExampleOfItsOwn(_ name: String) {
        let own = Self.examples.filter { $0.name == name }
        #expect(!own.isEmpty, "the help of \(name) shows no line 'fgctl \(name) …'")
        for example in own { #expect(Self.names.contains(example.words.first ?? ""), "\(example.line)") }
        #expect(own.contains { $0.words.first == name })
    }

    @Test(arguments: examples.map(\.words)) func everyExampleCanBeTyped(_ words: [String]) throws {
        let command = try Root.parseAsRoot(words)
        #expect(type(of: command).configuration.commandName == words.first)
        guard let command = command as? any FgctlCommand, let given = command.words else { return }
        let (_, rest) = try Positionals.split(given.given, needs: given.needs) { ["env", "production"].contains($0) }
        #expect(rest.count <= given.needs.upperBound)
    }

    @Test func readsExamplesAsAShellDoes() {
        #expect(
            ShellExample.commands(in: "  arn=$(fgctl ecs-run-task --no-wait)   # the ARN")
                == [["ecs-run-task", "--no-wait"]])
        #expect(
            ShellExample.commands(in: #"  fgctl a 'x; y | z' > f.yaml; fgctl b || echo "fgctl c""#)
                == [["a", "x; y | z"], ["b"]])
        #expect(ShellExample.commands(in: #"  eval "$(fgctl assume-role p)""#) == [["assume-role", "p"]])
        #expect(ShellExample.commands(in: "  no command").isEmpty)
    }

    // MARK: docs/json.md, docs/json.schema.json

    private struct Schemas: Decodable {
        struct Forms: Decodable {
            let result: Schema
            let dryRun: Schema
        }
        /// Only whether it says anything is looked at here; the end-to-end tests validate by it.
        struct Schema: Decodable {
            let properties: [String: Anything]?
            let oneOf: [Anything]?
            let reference: String?
            private enum CodingKeys: String, CodingKey {
                case properties, oneOf
                case reference = "$ref"
            }
        }
        struct Anything: Decodable {}
        let commands: [String: Forms]
        let definitions: [String: Anything]
        private enum CodingKeys: String, CodingKey {
            case commands
            case definitions = "$defs"
        }
    }

    private static func page(_ name: String) throws -> String {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return String(decoding: try Data(contentsOf: URL(filePath: "\(root)/docs/\(name)")), as: UTF8.self)
    }

    @Test func everyCommandHasADocumentedJSONForm() throws {
        let schemas = try JSONDecoder().decode(Schemas.self, from: Data(try Self.page("json.schema.json").utf8))
        #expect(Set(schemas.commands.keys) == Set(Self.names))
        for (name, forms) in schemas.commands {
            for schema in [forms.result, forms.dryRun] {
                let says = schema.properties?.isEmpty == false || schema.oneOf?.isEmpty == false
                if let reference = schema.reference {
                    #expect(schemas.definitions[String(reference.dropFirst("#/$defs/".count))] != nil, "\(name)")
                } else {
                    #expect(says, "\(name): its schema says nothing")
                }
            }
        }
        let page = try Self.page("json.md")
        for name in Self.names { #expect(page.contains("`\(name)"), "docs/json.md does not speak of \(name)") }
    }

    // MARK: Options before the command

    /// What of the parser's own description is looked at.
    private struct Description: Decodable {
        struct Command: Decodable { let arguments: [Argument] }
        struct Argument: Decodable {
            struct Name: Decodable {
                let kind: String
                let name: String
            }
            let kind: String
            let names: [Name]?
        }
        let command: Command
    }

    @Test func knowsWhichCommonOptionsTakeAValue() throws {
        let text = StackStatus._dumpHelp()
        let arguments = try JSONDecoder().decode(Description.self, from: Data(text.utf8)).command.arguments
        func names(_ kind: String) -> Set<String> {
            Set(
                arguments.filter { $0.kind == kind }.flatMap { $0.names ?? [] }
                    .map { ($0.kind == "short" ? "-" : "--") + $0.name })
        }
        #expect(names("option") == Root.optionsWithValue)
        #expect(names("flag").subtracting(["-h", "--help", "--version"]) == Root.flags)
    }

    static let early: [([String], [String])] = [
        (["-e", "production", "whoami"], ["whoami", "-e", "production"]),
        (["--output", "json", "-q", "cf-status", "env"], ["cf-status", "--output", "json", "-q", "env"]),
        (["--output=json", "whoami"], ["whoami", "--output=json"]),
        (["-e", "p", "cf_create_stack", "0.1"], ["cf_create_stack", "0.1", "-e", "p"]),
        (["--quiet", "assume-role", "--", "x", "-y"], ["assume-role", "--quiet", "--", "x", "-y"]),
        (["whoami", "-e", "p"], ["whoami", "-e", "p"]), (["--help"], ["--help"]), (["-x"], ["-x"]), ([], []),
    ]

    @Test(arguments: early) func optionsMayStandBeforeTheCommand(_ given: [String], wanted: [String]) throws {
        #expect(try Root.withOptionsLast(given, context: World().context) == wanted)
    }

    @Test(arguments: [["-e"], ["-e", "production"], ["--output", "json", "-q"]])
    func optionsAloneAreNoCommand(_ given: [String]) async {
        let world = World()
        #expect(await Application.run(given, context: world.context) == 64)
        #expect(world.err == ["fgctl: no command is named", "  see 'fgctl --help'"])
    }
}

/// Takes the calls of fgctl out of a line for a shell.
enum ShellExample {
    static func commands(in line: String) -> [[String]] {
        var found: [[String]] = []
        var rest = line[...]
        while let start = rest.firstRange(of: "fgctl ") {
            // What echo says is no call.
            let isQuoted = rest[..<start.lowerBound].last == "\""
            rest = rest[start.upperBound...]
            let text = rest.prefix(length(of: rest))
            rest = rest.dropFirst(text.count)
            if !isQuoted, let words = try? ShellWords.split(String(text)), !words.isEmpty { found.append(words) }
        }
        return found
    }

    /// Up to what ends a command for a shell, outside of quotes.
    private static func length(of text: Substring) -> Int {
        var quote: Character?
        var last: Character = " "
        for (index, character) in text.enumerated() {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if ";|>)".contains(character) || (character == "#" && last == " ") {
                return index
            }
            last = character
        }
        return text.count
    }
}
