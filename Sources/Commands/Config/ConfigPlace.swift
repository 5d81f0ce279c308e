internal import AWSServices
internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

/// Where config lies: in the project's bucket, or where an option says.
enum ConfigPlace {
    /// - Parameters:
    ///   - given: `s3://bucket/prefix`, if any.
    ///   - account: whose the project's bucket must be; a bucket named by an option may be anybody's.
    static func store(_ session: Session, _ given: String?, account: String? = nil) throws -> ReleaseStore {
        let place = try place(session, given)
        return ReleaseStore(S3(session.client), place, expectedOwner: given == nil ? account : nil)
    }

    static func place(_ session: Session, _ given: String?) throws -> ReleasePlace {
        if let given { return ReleasePlace(try TreePlace(parsing: given)) }
        let names = Names(session.settings)
        return ReleasePlace(bucket: try names.bucket, stack: try names.stack)
    }

    /// The trees of a flat sync: those that are given, else the place of the releases.
    static func trees(_ session: Session, _ given: [String]) throws -> [TreePlace] {
        given.isEmpty ? [try place(session, nil).base] : try given.map { try TreePlace(parsing: $0) }
    }

    /// The folder: as given, else CONFIG_DIR, else `config` at the project's root; and as messages name it.
    static func folder(_ session: Session, _ given: String?) -> (path: String, shown: String) {
        let set = given.map { PathText.join(session.context.directory, $0) } ?? session.settings.path(.configDirectory)
        let path = set ?? session.settings.root + "/config"
        return (path, given ?? PathText.relative(path, to: session.context.directory))
    }

    /// Says what lies beside a release that was pulled into a folder: nobody pushes or compares it.
    static func warnOfOthers(_ session: Session, _ path: String, _ shown: String) {
        guard ReleaseFolder.isOne(path) else { return }
        let others = session.context.files.names(in: path).filter { $0 != ".releases" && $0 != "current" }
        guard let first = others.first else { return }
        let rest = others.count > 1 ? " and \(others.count - 1) more" : ""
        session.warn(
            "\(shown): a release was pulled into it, so \(shown)/current is what counts; "
                + "\(ConfigText.plain(first))\(rest) beside it is never pushed or compared")
    }

    /// The folder of a pull: nothing is written where nobody named it.
    static func pullFolder(_ session: Session, _ given: String?) throws -> String {
        if let given { return PathText.join(session.context.directory, given) }
        guard let set = session.settings.path(.configDirectory) else {
            throw Failure(.usage, "no folder to pull into is named", hint: "give DIR, or set CONFIG_DIR")
        }
        return set
    }
}

/// Which files count.
struct FilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only files that match; may be repeated.", valueName: "pattern"))
    var include: [String] = []
    @Option(
        help: ArgumentHelp(
            "Not the files that match, which wins over --include; may be repeated.", valueName: "pattern"))
    var exclude: [String] = []

    var filter: TreeFilter { get throws { try TreeFilter(include: include, exclude: exclude) } }
}

/// Mirroring a plain tree.
struct FlatFlags: ParsableArguments {
    @Flag(help: "A plain tree of objects instead of releases.")
    var flat = false
    @Flag(help: "With --flat: delete what only the side written to has, after everything else succeeded.")
    var delete = false
    @Option(
        name: .customLong("max-delete"), help: ArgumentHelp("With more deletions do nothing at all.", valueName: "n"))
    var maxDelete: Int?

    func validate() throws {
        if !flat, delete || maxDelete != nil { throw ValidationError("--delete and --max-delete need --flat") }
        if maxDelete != nil, !delete { throw ValidationError("--max-delete bounds --delete: give that too") }
        if let maxDelete, maxDelete < 0 { throw ValidationError("--max-delete: is less than 0") }
    }

    func options(_ filter: TreeFilter, _ session: Session, account: String? = nil) -> FlatOptions {
        var options = FlatOptions()
        options.filter = filter
        options.deletes = delete
        options.maxDelete = maxDelete
        options.dryRun = session.options.dryRun
        options.expectedOwner = account
        return options
    }
}
