internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

struct ConfigCheck: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "config-check", abstract: "Checks workspace.yaml and dagster.yaml as Dagster would read them.",
        usage: "fgctl config-check [DIR] [--task-definition NAME] [--strict] [options]",
        discussion: """
            DIR is the folder that config-push sends (key CONFIG_DIR, else config at the project's root), or one such file. All \
            errors are listed, each with file, line and column; with any the exit code is 65. What Dagster loads but \
            can hardly work with is a warning. Nothing is asked of AWS, except where --task-definition or --stack is \
            given: then each {env: NAME} must be set there too.

              fgctl config-check
              fgctl config-check --stack
              fgctl config-check config --task-definition nightly --env DAGSTER_HOME
              fgctl config-check --env-names env/container --strict --output json
            """)

    @Argument(help: ArgumentHelp("The folder, or one file of it.", valueName: "dir"))
    var folder: String?
    @OptionGroup var variables: VariableOptions
    @Flag(help: "Warnings count as errors.")
    var strict = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        let files = session.context.files
        let given = folder ?? session.settings.path(.configDirectory)
        let path = given.map { PathText.join(session.context.directory, $0) } ?? session.settings.root + "/config"
        let shown = folder ?? PathText.relative(path, to: session.context.directory)
        let read = try ConfigFolder(reading: path, shown: shown, files: files)
        guard !read.files.isEmpty else {
            throw Failure(
                .badInput, "check \(shown): there is neither a workspace.yaml nor a dagster.yaml",
                hint: "name the folder: fgctl config-check DIR")
        }
        var checker = ConfigChecker()
        checker.environments = try await variables.environments(session)
        checker.prefix = files.isDirectory(path) ? Self.prefix(shown) : Self.prefix(of: shown)
        let report = ConfigReport(checker.check(read.files, paths: read.paths), folder: shown, checker.environments)
        try session.result(report, lines: report.findings.map(\.text))
        session.say("check \(shown): \(report.summary)")
        guard report.errors > 0 || strict && report.warnings > 0 else { return }
        let message = "check \(shown): \(report.verdict)"
        guard session.options.output == .json else { throw Failure(.badInput, message) }
        session.context.console.err("fgctl: \(message)")
        throw PassedCode(ExitStatus.code(for: .badInput))
    }

    /// What stands before the names of a folder's files in messages.
    private static func prefix(_ folder: String) -> String {
        folder == "." ? "" : folder.hasSuffix("/") ? folder : folder + "/"
    }

    private static func prefix(of file: String) -> String {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.isEmpty ? "" : parts.joined(separator: "/") + "/"
    }
}

/// What `config-check` prints.
struct ConfigReport: Encodable {
    /// As it was given.
    let folder: String
    let files: [String]
    /// Their numbers.
    let errors: Int
    let warnings: Int
    let findings: [ConfigFinding]
    let variables: [VariableUse]
    /// Where these were looked for; empty: nowhere.
    let environments: [String]

    init(_ report: ConfigChecker.Report, folder: String, _ environments: [ContainerVariables]) {
        self.folder = folder
        files = report.files
        errors = report.errors.count
        warnings = report.warnings.count
        findings = report.findings
        variables = report.variables
        self.environments = environments.map(\.origin)
    }

    var verdict: String {
        "\(errors) \(errors == 1 ? "error" : "errors"), \(warnings) \(warnings == 1 ? "warning" : "warnings")"
    }

    var summary: String {
        let names = Set(variables.map(\.name)).count
        let read = files.count > 4 ? "\(files.count) files" : files.joined(separator: ", ")
        let places = environments.count == 1 ? "1 place" : "\(environments.count) places"
        return "\(read) read, \(verdict), \(names) \(names == 1 ? "variable" : "variables") "
            + (environments.isEmpty ? "taken from the environment" : "looked for in \(places)")
    }
}
