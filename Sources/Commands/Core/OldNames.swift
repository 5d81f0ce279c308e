internal import Environment
internal import Support

/// The names that fgctl's predecessors were typed by, and how their words are said today.
///
/// The program takes such a name from the link that it was called by, or as its first word. Old programs knew no options
/// and took their words in one of two orders; everything from the first option on is passed as it is.
package enum OldNames {
    /// The new words of a command line, and what has to be said about the translation.
    package struct Rewriting: Sendable, Equatable {
        package var arguments: [String]
        package var notes: [String] = []
    }

    /// How the words of an old program were arranged.
    enum Form: Sendable, Equatable {
        /// `build ENV VERSION`, `ENV push VERSION`, `build VERSION ENV`.
        case image
        /// `ENV [TEMPLATE]`.
        case network
        /// `ENV VERSION [TEMPLATE]`, `VERSION ENV [TEMPLATE]`.
        case stack
        /// `ENV [REMOTE_ENV_FILE]`.
        case run
        /// `ENV TARGET_ID CRON`, `[NAME] TARGET_ID CRON ENV`.
        case schedule
        /// `ENV TARGET_ID`, `TARGET_ID ENV`.
        case target
        /// The words are what they were.
        case same
    }

    /// What a name stands for.
    struct Meaning: Sendable, Equatable {
        let command: String
        let form: Form
        /// Options that make the command do what the old program did.
        var options: [String] = []
    }

    static let table: [String: Meaning] = {
        var table: [String: Meaning] = [
            "docker_task": Meaning(command: "", form: .image),
            "docker-task": Meaning(command: "", form: .image),
            "ecs_run_task": Meaning(command: "ecs-run-task", form: .run),
            // They made rules of EventBridge, which Scheduler's schedules don't replace by themselves.
            "events_schedule_create": Meaning(
                command: "schedule-create", form: .schedule, options: ["--engine", "rule"]),
            // It never asked, and scripts removed and created in one go.
            "events_schedule_remove": Meaning(
                command: "schedule-remove", form: .target, options: ["--engine", "rule", "--yes"]),
            "update_usercode": Meaning(command: "update-usercode", form: .same),
            "update_webserver": Meaning(command: "update-webserver", form: .same),
            "update_daemon": Meaning(command: "update-daemon", form: .same),
            "iam_assume_role": Meaning(command: "assume-role", form: .same),
            "logs_pull_latest_stream": Meaning(command: "ecs-logs", form: .same),
            "cf_create_deploy_role": Meaning(command: "cf-create-deploy-role", form: .network),
            "cf_update_deploy_role": Meaning(
                command: "cf-create-deploy-role", form: .network, options: ["--update"]),
        ]
        for verb in ["create", "update", "delete"] {
            for noun in ["vpn", "vpc", "parent", "deploy_group"] {
                table["cf_\(verb)_\(noun)"] = Meaning(command: "cf-\(verb)-vpc", form: .network)
            }
            for noun in ["stack", "task"] {
                table["cf_\(verb)_\(noun)"] = Meaning(command: "cf-\(verb)-stack", form: .stack)
            }
        }
        return table
    }()

    /// - Parameters:
    ///   - name: the program's name, or the first word.
    ///   - words: what follows it.
    ///   - isEnv: whether a word names an env file.
    /// - Returns: `nil` when the name is none of the old ones.
    /// - Throws: `Failure` of kind `usage` for words that the old program did not take.
    package static func rewrite(
        _ name: String, _ words: [String], isEnv: (String) -> Bool
    ) throws -> Rewriting? {
        guard let meaning = meaning(of: name) else { return nil }
        var old = Array(words.prefix { !$0.hasPrefix("-") })
        let options = Array(words.dropFirst(old.count))
        var rewriting = Rewriting(arguments: [meaning.command] + meaning.options)
        switch meaning.form {
        case .image:
            rewriting.arguments = try image(name, old)
            old = []
        case .network:
            rewriting.arguments += withTemplate(old, after: 1)
        case .stack:
            if old.count > 1, ImageVersion(old[0]) != nil, ImageVersion(old[1]) == nil, !isTemplate(old[1]) {
                old.swapAt(0, 1)
            }
            let isShort = old.count == 2 && isTemplate(old[1])
            rewriting.arguments += withTemplate(old, after: isShort ? 1 : 2)
        case .run:
            rewriting.arguments += old.prefix(1)
            if old.count > 1 { rewriting.arguments += ["--remote-env-file", old[1]] + old.dropFirst(2) }
        case .schedule:
            let (words, dropped) = scheduleWords(old)
            rewriting.arguments += words
            if let dropped {
                rewriting.notes.append("'\(dropped)' is not used: a rule is named after its stack and TARGET_ID")
            }
        case .target:
            if old.count == 2, !isEnv(old[0]), isEnv(old[1]) { old.swapAt(0, 1) }
            rewriting.arguments += old
        case .same:
            rewriting.arguments += old
        }
        rewriting.arguments += options
        return rewriting
    }

    /// The words of the command that is meant by the program's name, or by the first word, when it is an old one.
    static func rewrite(_ words: [String], context: CommandContext) throws -> [String] {
        let home = context.environment["HOME"]
        let isEnv = { EnvLocator.names($0, directory: context.directory, home: home, files: context.files) }
        let found: Rewriting?
        if meaning(of: context.programName) != nil {
            found = try rewrite(context.programName, words, isEnv: isEnv)
        } else if let first = words.first {
            found = try rewrite(first, Array(words.dropFirst()), isEnv: isEnv)
        } else {
            found = nil
        }
        for note in found?.notes ?? [] { context.console.err("note: \(note)") }
        return found?.arguments ?? words
    }

    /// The scripts' names with `.sh` count too, with `-` in place of `_`.
    static func meaning(of name: String) -> Meaning? {
        guard name.hasSuffix(".sh") else { return table[name] }
        let base = String(name.dropLast(3))
        return table[base] ?? table[String(base.map { $0 == "-" ? "_" : $0 })]
    }

    /// The verb stands first or second; ENV and VERSION around it come in either order.
    private static func image(_ name: String, _ words: [String]) throws -> [String] {
        let verbs = ["build", "push"]
        // Without any, the list of commands.
        if words.isEmpty { return [] }
        guard let place = words.prefix(2).firstIndex(where: verbs.contains) else {
            throw Failure(
                .usage, "\(name): the words say neither 'build' nor 'push'",
                hint: "as '\(name) build ENV VERSION', today 'fgctl docker-build ENV VERSION'")
        }
        var rest = words
        let verb = rest.remove(at: place)
        if rest.count > 1, ImageVersion(rest[0]) != nil, ImageVersion(rest[1]) == nil { rest.swapAt(0, 1) }
        return ["docker-\(verb)"] + rest
    }

    /// ENV stands first when the expression is the last word, else last.
    private static func scheduleWords(_ words: [String]) -> (words: [String], dropped: String?) {
        guard words.count >= 3, let env = words.last, !isExpression(env) else { return (words, nil) }
        guard isExpression(words[words.count - 2]) else { return (words, nil) }
        let rest = words.dropLast().suffix(2)
        return ([env] + rest, words.count == 4 ? words[0] : nil)
    }

    private static func withTemplate(_ words: [String], after count: Int) -> [String] {
        guard words.count > count else { return words }
        return words.prefix(count) + ["--template", words[count]] + words.dropFirst(count + 1)
    }

    private static func isTemplate(_ word: String) -> Bool {
        [".yml", ".yaml", ".json", ".template"].contains { word.hasSuffix($0) }
    }

    /// Six fields, or `rate(…)`, `at(…)`, `cron(…)`.
    private static func isExpression(_ word: String) -> Bool { word.contains(" ") || word.contains("(") }
}
