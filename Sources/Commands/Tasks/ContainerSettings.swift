internal import Environment
internal import FoundationEssentials
internal import Support

/// The container's environment as the user gives it: a file, then single values over it.
enum ContainerSettings {
    /// - Throws: `Failure` of kind `badInput` or `usage` that names file and line, or the flag.
    static func read(
        _ session: Session, file: String?, setEnv: [String]
    ) throws -> [(name: String, value: String)] {
        let lookup: (String) -> String? = { session.context.environment[$0] }
        var environment = ContainerEnvironment()
        if let path = file ?? session.settings.path(.remoteEnvFile) {
            environment = try ContainerEnvironment.load(
                path: PathText.join(session.context.directory, path), shown: path, files: session.context.files,
                lookup: lookup)
        }
        environment = environment.merging(try ContainerEnvironment.setEnv(setEnv, lookup: lookup))
        for warning in environment.warnings { session.warn(warning) }
        return environment.variables.map { ($0.name, $0.value) }
    }
}

/// The text of `--command`.
enum CommandText {
    /// - Throws: `Failure` of kind `usage` for unbalanced quotes or no word at all.
    static func words(_ text: String, flag: String) throws -> [String] {
        let words: [String]
        do {
            words = try ShellWords.split(text)
        } catch let failure as Failure {
            throw Failure(failure.kind, "\(flag): \(failure.message)", hint: failure.hint, cause: failure)
        }
        guard !words.isEmpty else { throw Failure(.usage, "\(flag): the command is empty") }
        return words
    }
}
