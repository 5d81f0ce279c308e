internal import ArgumentParser
internal import ConfigSync
internal import Support

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
        name: .customLong("max-delete"), parsing: .unconditional,
        help: ArgumentHelp("With more deletions do nothing at all.", valueName: "n"))
    var maxDelete: Int?

    func validate() throws {
        if !flat, delete || maxDelete != nil { throw ValidationError("--delete and --max-delete need --flat") }
        if maxDelete != nil, !delete { throw ValidationError("--max-delete bounds --delete: give that too") }
        if let maxDelete, maxDelete < 0 { throw ValidationError("--max-delete \(maxDelete): give 0 or more") }
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
