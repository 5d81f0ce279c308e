internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

struct ConfigDiff: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "config-diff", abstract: "Compares a folder with a release of config.",
        usage: "fgctl config-diff [DIR] [--release HASH] [--flat] [options]",
        discussion: """
            DIR is key CONFIG_DIR, else config at the project's root; of a folder that config-pull has filled its current \
            release counts. Contents, links and permission bits are compared, times are not. + stands before what only the \
            folder has, - before what only S3 has, ~ before what differs. Exit code 2 when anything differs.

              fgctl config-diff
              fgctl config-diff config --release 0123456789ab --output json
              fgctl config-diff dags --flat --from s3://bucket/dags
            """)

    @Argument(help: ArgumentHelp("The folder.", valueName: "dir"))
    var folder: String?
    @Option(
        help: ArgumentHelp(
            "Instead of the project's place: s3://bucket/prefix; with --flat it may be repeated.", valueName: "s3"))
    var from: [String] = []
    @Option(help: ArgumentHelp("This release instead of the current one.", valueName: "hash"))
    var release: String?
    @Flag(
        name: .customLong("follow-links"),
        help: "Take what symbolic links lead to inside the folder, instead of the links.")
    var followLinks = false
    @Flag(help: "A plain tree of objects instead of releases.")
    var flat = false
    @OptionGroup var filters: FilterOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    func validate() throws {
        if flat, release != nil { throw ValidationError("--release: a flat tree has no releases") }
        if !flat, from.count > 1 { throw ValidationError("--from: releases come from one place; several need --flat") }
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let (path, shown) = ConfigPlace.folder(session, folder)
        try ConfigPlace.require(session, path, "compare \(shown)")
        let filter = try filters.filter
        if flat { return try await FlatCommand.compare(session, path, shown, from, filter) }
        let store = try ConfigPlace.store(session, from.first, account: try Names(session.settings).account)
        let hash: ReleaseHash
        if let release {
            hash = try await store.resolve(try ReleaseName(release))
        } else {
            guard let found = try await store.pointer() else { throw store.noPointer }
            hash = found.pointer.release
        }
        let manifest = try await store.existing(hash)
        var reading = ReleaseSource.Options()
        reading.filter = filter
        if followLinks { reading.symlinks = .follow }
        ConfigPlace.warnOfOthers(session, path, shown)
        let source = try await ReleaseSource.read(path, options: reading)
        let remote = manifest.files.filter { filter.admits($0.path) }
        let differences = ReleaseDifference.of(local: source.files, remote: remote)
        let report = Report(folder: path, place: "\(store.place)", release: hash.text, differences: differences)
        try session.result(report, lines: differences.map(ConfigText.line))
        session.say("compare \(shown) with release \(hash.short): \(report.summary)")
        if !differences.isEmpty { throw PassedCode(ExitStatus.code(for: .differs)) }
    }

    private struct Report: Encodable {
        let folder: String
        /// `s3://bucket/prefix/`
        let place: String
        let release: String
        let differences: [ReleaseDifference]

        var summary: String {
            if differences.isEmpty { return "no difference" }
            let counts = ReleaseDifference.Kind.allCases.compactMap { kind -> String? in
                let count = differences.count { $0.kind == kind }
                let word = kind == .mode ? "with another mode" : kind.rawValue
                return count == 0 ? nil : "\(count) \(word)"
            }
            return "\(ConfigText.files(differences.count)) \(differences.count == 1 ? "differs" : "differ"): "
                + counts.joined(separator: ", ")
        }
    }
}
