import Support

/// Parts the positional arguments of a command that lists `[ENV]` into ENV and the rest.
package enum Positionals {
    /// - Parameters:
    ///   - words: the positional arguments.
    ///   - needs: how many of them the command takes, ENV not counted.
    ///   - resolves: whether a word names an env file (`EnvLocator.names`).
    ///   - suggestion: the env that a word seems to misspell, for the message.
    ///   - surplus: what to do about far too many words.
    ///   - called: what the words are called that have to be there, for the message.
    /// - Returns: the first word as ENV when more words are given than the command needs at least, and it resolves.
    /// - Throws: `Failure(.usage)`: too few words, or too many because the first one is no ENV.
    package static func split(
        _ words: [String], needs: ClosedRange<Int>, resolves: (String) -> Bool,
        suggestion: (String) -> String? = { _ in nil }, surplus: String? = nil, called: String? = nil
    ) throws -> (env: String?, rest: [String]) {
        guard words.count >= needs.lowerBound else {
            let what = called.map { ": \($0)" } ?? ""
            throw Failure(.usage, "\(needs.lowerBound - words.count) more argument(s) needed\(what)")
        }
        if words.count > needs.lowerBound, let first = words.first, resolves(first) {
            let rest = Array(words.dropFirst())
            try check(rest, needs, surplus)
            return (first, rest)
        }
        if words.count == needs.upperBound + 1, let first = words.first {
            throw Failure(
                .usage, "'\(first)' is no ENV: there is no such file or folder, and no env/\(first) in the project",
                hint: suggestion(first).map { "did you mean '\($0)'?" } ?? (needs.lowerBound == 0 ? surplus : nil))
        }
        try check(words, needs, surplus)
        return (nil, words)
    }

    private static func check(_ words: [String], _ needs: ClosedRange<Int>, _ surplus: String?) throws {
        guard words.count > needs.upperBound else { return }
        throw Failure(.usage, "unexpected argument '\(words[needs.upperBound])'", hint: surplus)
    }
}
