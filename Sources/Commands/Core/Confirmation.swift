internal import Support

extension Session {
    /// Asks before something is lost or interrupted; returns when the answer is yes.
    ///
    /// - Throws: `Failure` of kind `usage` where nobody can be asked and `--yes` was not given, of kind `failed` when the
    ///   answer is no.
    func confirm(_ question: String) async throws {
        if options.yes { return say("\(question) (--yes)") }
        guard let ask = context.console.ask, let answer = try await ask("\(question) [y/N] ") else {
            throw Failure(.usage, "\(question) There is no terminal to ask at", hint: "say --yes to go on")
        }
        guard ["y", "yes"].contains(answer.lowercased()) else {
            throw Failure(.failed, "not done: the answer was not yes", hint: "nothing of it was changed")
        }
    }

    /// Asks one who pressed Ctrl-C; a second one ends the process. No, where nobody can be asked.
    func wishes(_ question: String) async -> Bool {
        guard context.interruption.signal != 15, let ask = context.console.ask else { return false }
        context.console.err("interrupted; Ctrl-C again ends the watching only")
        let answer = try? await Shielded.run { try await ask("\(question) [y/N] ") }
        return ["y", "yes"].contains(answer?.lowercased() ?? "")
    }
}
