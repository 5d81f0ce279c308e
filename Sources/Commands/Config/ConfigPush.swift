internal import AWSServices
internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

struct ConfigPush: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "config-push",
        abstract: "Puts a folder of config into S3 as a release, and makes it the current one.",
        usage: "fgctl config-push [DIR] [--to S3] [--keep N] [--flat] [options]",
        discussion: """
            DIR is key CONFIG_DIR, else config at the project's root. A release is named by its contents and lies in \
            s3://S3_BUCKET/STACK_NAME/config/releases/; its files are written first, its manifest after them, and current.json \
            last, only if nobody changed it meanwhile (else exit 5). The same contents again change nothing. workspace.yaml and \
            dagster.yaml are checked first. With --flat the folder is mirrored to a plain tree instead.

              fgctl config-push
              fgctl config-push config --keep 10 --exclude '*.pyc'
              fgctl config-push dags --to s3://bucket/dags --flat --delete --max-delete 20
            """)

    @Argument(help: ArgumentHelp("The folder.", valueName: "dir"))
    var folder: String?
    @Option(help: ArgumentHelp("Instead of the project's place: s3://bucket/prefix.", valueName: "s3"))
    var to: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Delete all but the newest N releases that are older than an hour; never those that current.json or tasks name.",
            valueName: "n"))
    var keep: Int?
    @Flag(
        name: .customLong("follow-links"),
        help: "Take what symbolic links lead to inside the folder, instead of the links.")
    var followLinks = false
    @Flag(name: .customLong("no-check"), help: "Don't check workspace.yaml and dagster.yaml.")
    var noCheck = false
    @OptionGroup var filters: FilterOptions
    @OptionGroup var flat: FlatFlags
    @OptionGroup(title: "Common options") var common: CommonOptions

    func validate() throws {
        if let keep, keep < 1 {
            throw ValidationError("--keep \(keep): at least the current release stays: give 1 or more")
        }
        if flat.flat, keep != nil { throw ValidationError("--keep: a flat tree has no releases") }
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let (path, shown) = ConfigPlace.folder(session, folder)
        let filter = try filters.filter
        try ConfigPlace.require(session, path, "push \(shown)")
        if let file = session.settings.envFilePath, PathText.join(session.context.directory, file).hasPrefix(path + "/")
        {
            throw Failure(
                .badInput, "push \(shown): the env file \(file) lies in it, and would be in the release",
                hint: "DIR is the folder of the config; an ENV is named by -e: 'fgctl config-push -e \(shown)'")
        }
        let isChecked = !noCheck
        let gate: @Sendable () throws -> Void = { if isChecked { try ConfigGate.check(session, path, shown) } }
        if flat.flat { return try await FlatCommand.push(session, path, shown, to, flat, filter, admits: gate) }
        async let admitted: Void = gate()
        var reading = ReleaseSource.Options()
        reading.filter = filter
        if followLinks { reading.symlinks = .follow }
        let place = try ConfigPlace.place(session, to)
        ConfigPlace.warnOfOthers(session, path, shown)
        let source = try await ReleaseSource.read(path, options: reading)
        ConfigGate.warnOfEnvFiles(session, source.path, source.files.map(\.path))
        try await admitted
        let caller = try await session.announceCaller("push \(shown) to \(place)", stack: stack(session))
        let store = try ConfigPlace.store(session, to, account: caller.account)
        var options = ReleasePusher.Options(person: caller.arn, now: session.context.now)
        options.dryRun = session.options.dryRun
        options.keep = keep
        // What lies elsewhere is no project's.
        if to == nil { options.pinned = { try await Self.pinned(session) } }
        let report = try await ReleasePusher(store, source, options: options).run(progress: ConfigProgress(session))
        let changes = report.isNewCurrent ? report.differences.map(ConfigText.line) : []
        for line in changes.prefix(50) { session.say("  \(line)") }
        if changes.count > 50 { session.say("  and \(changes.count - 50) more: 'fgctl config-diff' lists them") }
        try session.result(report, lines: [report.release])
        session.say(Self.summary(report, shown))
    }

    private func stack(_ session: Session) -> String? { to == nil ? session.settings.value(.stackName) : nil }
}
