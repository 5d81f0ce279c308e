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
}
