internal import AWS
internal import AWSServices
internal import Environment
internal import FoundationEssentials
internal import HTTP
internal import Processes
internal import Support

/// One run of a command: its settings, the client made from them, and where to speak.
struct Session: Sendable {
    let context: CommandContext
    let settings: ProjectSettings
    let client: AWSClient
    let options: Options
    /// ENV as it was given on the command line, as a word or by `-e`.
    let givenEnv: String?

    /// What of the common options commands look at.
    struct Options: Sendable {
        let output: OutputFormat
        let yes: Bool
        let dryRun: Bool
        let quiet: Bool
    }

    /// Reads the env file that is meant and builds everything from it. Nothing is sent.
    static func open(
        _ common: CommonOptions, words: Words?, context: CommandContext
    ) throws -> (Session, [String]) {
        let files = context.files
        let home = context.environment["HOME"]
        func locate(_ name: String?) throws -> EnvLocation? {
            try EnvLocator.resolve(
                name, fgctlEnv: context.environment["FGCTL_ENV"], directory: context.directory, home: home, files: files
            )
        }
        var positional: String?
        var rest: [String] = []
        if let words {
            let isEnv = { EnvLocator.names($0, directory: context.directory, home: home, files: files) }
            if common.envFile != nil, words.given.count > words.needs.upperBound, let first = words.given.first,
                isEnv(first)
            {
                throw Failure(.usage, "ENV is given twice: '\(first)' and --env-file", hint: "give one of them")
            }
            (positional, rest) = try Positionals.split(
                words.given, needs: words.needs, resolves: { common.envFile == nil && isEnv($0) },
                suggestion: {
                    EnvLocator.suggestion(for: $0, directory: context.directory, home: home, files: files)
                }, surplus: words.surplusHint, called: words.called)
        }
        let lookup: (String) -> String? = { context.environment[$0] }
        let envFile = try locate(common.envFile ?? positional).map {
            try EnvFile.load($0, files: files, lookup: lookup)
        }
        var settings = try ProjectSettings(
            flags: common.flags, set: common.set, envFile: envFile, environment: context.environment,
            directory: context.directory)
        if envFile == nil {
            settings.searched = EnvLocator.searched(directory: context.directory, home: home, files: files)
        }
        var network = HTTPConfiguration()
        let awsSettings = AWSSettings(layers: settings.layers, home: home)
        network.caBundle = try awsSettings.certificateBundle()?.value
        network.proxies = ProxySettings(environment: context.environment)
        let transport = try context.makeTransport(network)
        let console = context.console
        var effects = AWSClient.Effects()
        effects.credentials = CredentialEffects(
            ask: console.ask, processes: context.processes, save: context.saveFile,
            warn: { console.err("warning: \($0)") })
        if common.debug {
            effects.trace = { console.err("debug: " + "\($0)".replacing("\n", with: "\ndebug: ")) }
            effects.credentials.debug = { console.err("debug: \($0)") }
        }
        let client = AWSClient(
            settings: awsSettings, transport: transport, dryRun: common.dryRun,
            effects: effects)
        let options = Options(
            output: common.output, yes: common.yes, dryRun: common.dryRun, quiet: common.quiet)
        let session = Session(
            context: context, settings: settings, client: client, options: options,
            givenEnv: common.envFile ?? positional)
        for warning in settings.warnings { session.warn(warning) }
        return (session, rest)
    }

    // MARK: Speaking

    /// A line of progress on standard error; silent under `--quiet`.
    func say(_ line: String) {
        if !options.quiet { context.console.err(CommandHint.text(line, env: givenEnv, quotedOnly: true)) }
    }

    /// A warning on standard error.
    func warn(_ line: String) {
        context.console.err("warning: \(CommandHint.text(line, env: givenEnv, quotedOnly: true))")
    }

    /// Lines whose advice names commands in quotes, with the ENV of this command.
    func advising(_ lines: [String]) -> [String] {
        lines.map { CommandHint.text($0, env: givenEnv, quotedOnly: true) }
    }

    private static let linesAtOnce = 256

    /// A result: lines for people, or one JSON value.
    func result(_ value: some Encodable, lines: [String]) throws {
        switch options.output {
        case .text:
            // Many lines go out together: a write for each of ten thousand takes as long as moving some of the files.
            var rest = lines[...]
            while !rest.isEmpty {
                let count = lines.count > Self.linesAtOnce ? Self.linesAtOnce : 1
                context.console.out(rest.prefix(count).joined(separator: "\n"))
                rest = rest.dropFirst(count)
            }
        case .json: context.console.out(try Self.json(value))
        }
    }

    /// JSON as all commands print it: sorted keys, ISO 8601 times, pretty.
    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// JSON in one line, for results that come one after another.
    static func jsonLine(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Ends a dry run whose plan was printed and says that the change would be refused: with the refusal's exit code, and
    /// with the plan as the only JSON value.
    func refuse(_ failure: Failure) throws -> Never {
        guard options.output == .json else { throw failure }
        context.console.err("fgctl: \(failure.message)")
        if let hint = failure.hint { context.console.err("  \(CommandHint.text(hint, env: givenEnv))") }
        throw PassedCode(ExitStatus.code(for: failure.kind))
    }

    // MARK: Before a change

    /// Who is about to act where: account, region and stack are said before every change, and the account is checked
    /// against `AWS_ACCOUNT_ID` when the settings assert one.
    ///
    /// - Parameter stack: `nil` where no stack is touched.
    @discardableResult
    func announce(_ what: String, stack: String? = nil) async throws -> String {
        try await announceCaller(what, stack: stack).account
    }

    /// The same, for who needs more of the caller than the account.
    func announceCaller(_ what: String, stack: String? = nil) async throws -> STS.GetCallerIdentityResponse {
        let region = try await client.region
        let asserted = try Names(settings).account
        let caller = try await STS(client).getCallerIdentity()
        if let asserted, asserted != caller.account {
            throw Failure(
                .failed,
                "\(what): the credentials belong to account \(caller.account), but AWS_ACCOUNT_ID is \(asserted) "
                    + "(\(settings[.accountID]?.origin ?? "AWS_ACCOUNT_ID"))",
                hint: "check the profile or keys in use with 'fgctl whoami'")
        }
        var line = "\(what): account \(caller.account), region \(region)"
        if let stack { line += ", stack \(stack)" }
        if let endpoint = settings[.endpointURL] { line += ", endpoint \(endpoint.value)" }
        if options.dryRun { line += " (dry run: nothing is changed)" }
        say(line)
        return caller
    }
}
