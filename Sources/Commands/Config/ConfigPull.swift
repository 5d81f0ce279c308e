internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

struct ConfigPull: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "config-pull", abstract: "Fetches a release of config into a folder, whole or not at all.",
        usage: "fgctl config-pull [DIR] [--release HASH | --watch] [--timeout TIME] [--flat] [options]",
        discussion: """
            The release is the current one, or that of --release. It is unpacked to DIR/.releases/HASH, every checksum verified; \
            then the link DIR/current is swapped in one step. DIR is key CONFIG_DIR where it is not given. As a task's sidecar \
            it needs S3_BUCKET, STACK_NAME and AWS_REGION in its environment, or --from. With --watch it goes on, and tells \
            others of changes by --touch or --signal.

              fgctl config-pull /config --release 0123456789ab --timeout 60s
              fgctl config-pull /config --uid 1000 --gid 1000 --mode 640
              fgctl config-pull /config --watch --interval 10s --touch /config/changed
              fgctl config-pull home --flat --from s3://b/config --from s3://b/pipelines
            """)

    @Argument(help: ArgumentHelp("The folder; it may be a mount point.", valueName: "dir"))
    var folder: String?
    @Option(
        help: ArgumentHelp(
            "Instead of the project's place: s3://bucket/prefix; with --flat it may be repeated.", valueName: "s3"))
    var from: [String] = []
    @Option(
        help: ArgumentHelp(
            "This release instead of the current one: its hash, or 8 or more digits of it.", valueName: "hash"))
    var release: String?
    @Option(
        help: ArgumentHelp("Wait so long for a current release and for S3, as in 60s; then exit 3.", valueName: "time"))
    var timeout: String?
    @OptionGroup var ownership: OwnershipOptions
    @OptionGroup var watching: WatchOptions
    @OptionGroup var filters: FilterOptions
    @OptionGroup var flat: FlatFlags
    @OptionGroup(title: "Common options") var common: CommonOptions

    func validate() throws {
        if flat.flat, release != nil || watching.watch { throw ValidationError("--flat: a flat tree has no releases") }
        if flat.flat, timeout != nil { throw ValidationError("--timeout is for releases: without --flat") }
        if !flat.flat, from.count > 1 {
            throw ValidationError("--from: releases come from one place; several need --flat")
        }
        if !flat.flat, !filters.include.isEmpty || !filters.exclude.isEmpty {
            throw ValidationError("--include and --exclude need --flat: a release is pulled whole")
        }
        if watching.watch, release != nil {
            throw ValidationError("--watch follows the current release: without --release")
        }
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let path = try ConfigPlace.pullFolder(session, folder)
        let attributes = try ownership.attributes
        let limit = try timeout.map { try DurationText.parse($0) }
        if flat.flat {
            return try await FlatCommand.pull(session, path, from, flat, try filters.filter, attributes)
        }
        // Nobody asks who is acting: this runs in containers, and changes nothing in AWS.
        let store = try ConfigPlace.store(session, from.first, account: try Names(session.settings).account)
        var options = ReleasePuller.Options()
        options.attributes = attributes
        options.dryRun = session.options.dryRun
        let wait = ReleaseWait(store) { session.say($0) }
        options.waiting = { wait.note("pull into \(path)", $0) }
        let puller = ReleasePuller(store, into: ReleaseFolder(path), options: options)
        if watching.watch { return try await watching.run(session, store, puller, wait, limit) }
        let name = try release.map { try ReleaseName($0) }
        let what = "pull \(name?.text ?? "the current release") from \(store.place) into \(path)"
        let report = try await wait.run(limit: limit, what) {
            guard let name else { return try await wait.pullCurrent(puller, progress: ConfigProgress(session)) }
            return try await puller.run(try await store.resolve(name), progress: ConfigProgress(session))
        }
        try Self.show(report, session)
    }
}
