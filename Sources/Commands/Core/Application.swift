internal import AWS
internal import ArgumentParser
internal import Support

/// Parses the command line, runs the command, and turns what it throws into text and an exit code.
package enum Application {
    /// Answers what needs neither parser nor surroundings: `--version`.
    ///
    /// - Returns: the exit code; `nil` when the command has to be run.
    package static func answerAtOnce(_ arguments: [String], console: Console) -> Int32? {
        guard arguments == ["--version"] else { return nil }
        console.out("fgctl \(Version.current)")
        return ExitStatus.done
    }

    /// - Parameter given: without the program's name, which may be an old command's (`OldNames`).
    /// - Returns: the exit code of the process.
    package static func run(_ given: [String], context: CommandContext) async -> Int32 {
        if let code = answerAtOnce(given, console: context.console) { return code }
        let isJSON = asksForJSON(given)
        var arguments = given
        var passesCodeThrough = false
        do {
            arguments = try OldNames.rewrite(try Root.withOptionsLast(given, context: context), context: context)
            try Root.checkCommand(arguments)
            var command = try Root.parseAsRoot(arguments)
            passesCodeThrough = (command as? any FgctlCommand)?.passesCodeThrough ?? false
            try await CommandContext.$current.withValue(context) {
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            }
            return ExitStatus.done
        } catch {
            return report(error, arguments, passesCodeThrough: passesCodeThrough, isJSON: isJSON, context: context)
        }
    }

    private static func report(
        _ thrown: any Error, _ arguments: [String], passesCodeThrough: Bool, isJSON: Bool, context: CommandContext
    ) -> Int32 {
        let env = (thrown as? EnvError)?.env
        let error = (thrown as? EnvError)?.error ?? thrown
        if let passed = error as? PassedCode { return passed.code }
        let parser = Root.exitCode(for: error)
        if parser == .success {
            // Help that was asked for.
            context.console.out(Root.help(for: error))
            return ExitStatus.done
        }
        var failure: Failure
        if parser == .validationFailure {
            failure = unknownCommand(arguments) ?? Failure(.usage, parserText(error))
        } else {
            let signal = context.interruption.signal
            let kind = ExitStatus.kind(of: error, signal: signal)
            failure = (error as? Failure) ?? Failure(kind, text(error), hint: ErrorHints.hint(error), cause: error)
        }
        if let hint = failure.hint {
            failure = Failure(
                failure.kind, failure.message, hint: CommandHint.text(hint, env: env), cause: failure.cause)
        }
        if failure.kind == .usage, failure.hint == nil {
            failure = Failure(
                .usage, failure.message, hint: "see '\(helpCommand(arguments))'", cause: failure.cause)
        }
        let code = ExitStatus.code(
            for: failure, signal: context.interruption.signal, passesCodeThrough: passesCodeThrough)
        context.console.err("fgctl: \(failure.message)")
        if let hint = failure.hint { context.console.err("  \(hint)") }
        if let cause = failure.cause.map(text), cause != failure.message, isGiven("--debug", arguments) {
            context.console.err("debug: cause: \(cause)")
        }
        if isJSON { context.console.out(json(failure, code: code)) }
        return code
    }

    /// The parser's words in one line, in lower case as all of fgctl's.
    private static func parserText(_ error: any Error) -> String {
        let text = Root.message(for: error).split(separator: "\n").joined(separator: "; ")
        guard let first = text.first, text.dropFirst().first?.isLowercase == true else { return text }
        return first.lowercased() + text.dropFirst()
    }

    /// One line for an error that no layer has put into words yet.
    private static func text(_ error: any Error) -> String {
        if error is CancellationError { return "interrupted" }
        return "\(error)".split(separator: "\n").joined(separator: "; ")
    }

    /// The failure for a first word that should be a command and is none.
    private static func unknownCommand(_ arguments: [String]) -> Failure? {
        let names = Root.allCommandNames
        guard let word = arguments.first, !word.hasPrefix("-"), word != "help", !names.contains(word) else {
            return nil
        }
        let meant = Suggestion.nearest(to: word, in: names.sorted())
        return Failure(
            .usage, "there is no command '\(word)'",
            hint: meant.map { "did you mean '\($0)'?" } ?? "see 'fgctl --help'")
    }

    /// The command whose help explains a usage error.
    private static func helpCommand(_ arguments: [String]) -> String {
        let names = Root.allCommandNames
        guard let command = arguments.first(where: { names.contains($0) }) else { return "fgctl --help" }
        return "fgctl \(command) --help"
    }

    /// Whether results and errors are to be JSON; also known when the rest of the line can't be parsed.
    private static func asksForJSON(_ arguments: [String]) -> Bool {
        let line = arguments.prefix { $0 != "--" }
        return line.contains("--output=json") || zip(line, line.dropFirst()).contains { $0 == ("--output", "json") }
    }

    private static func isGiven(_ flag: String, _ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains(flag)
    }

    private static func json(_ failure: Failure, code: Int32) -> String {
        struct Report: Encodable {
            struct Body: Encodable {
                let kind: String
                let message: String
                let hint: String?
                let exitCode: Int32
                let aws: AWSErrorReport?
            }
            let error: Body
        }
        let report = Report(
            error: .init(
                kind: failure.kind.rawValue, message: failure.message, hint: failure.hint, exitCode: code,
                aws: (failure.cause as? AWSError).map { AWSErrorReport($0) }))
        // Encoding texts and a number can't fail; were it to, the text on standard error still stands.
        return (try? Session.json(report)) ?? "{}"
    }
}
