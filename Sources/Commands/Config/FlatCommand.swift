internal import AWSServices
internal import ConfigSync
internal import Environment
internal import Support

/// The flat forms of push and pull.
enum FlatCommand {
    static func push(
        _ session: Session, _ path: String, _ shown: String, _ to: String?, _ flags: FlatFlags, _ filter: TreeFilter,
        admits: @escaping @Sendable () throws -> Void
    ) async throws {
        let place = try ConfigPlace.trees(session, to.map { [$0] } ?? [])[0]
        let stack = to == nil ? session.settings.value(.stackName) : nil
        let account = try await session.announce("push \(shown) to \(place)", stack: stack)
        let push = FlatPush(
            S3(session.client), from: ReleaseFolder.source(path), to: place,
            options: flags.options(filter, session, account: to == nil ? account : nil))
        let report = try await push.run(progress: ConfigProgress(session), admits: admits)
        let sent = report.changes.filter { $0.action == .upload }.map(\.path)
        ConfigGate.warnOfEnvFiles(session, ReleaseFolder.source(path), sent)
        try show(report, session, "push \(shown) to \(place)")
    }

    static func pull(
        _ session: Session, _ path: String, _ from: [String], _ flags: FlatFlags, _ filter: TreeFilter,
        _ attributes: FileAttributes
    ) async throws {
        let places = try ConfigPlace.trees(session, from)
        let owner = from.isEmpty ? try Names(session.settings).account : nil
        let what = "pull \(places.map { "\($0)" }.joined(separator: ", ")) to \(path)"
        var options = flags.options(filter, session, account: owner)
        options.waiting = { if let who = $0 { session.say("\(what): waiting: \(who)") } }
        var pull = FlatPull(S3(session.client), from: places, to: path, options: options)
        pull.attributes = attributes
        try show(try await pull.run(progress: ConfigProgress(session)), session, what)
    }

    private static func show(_ report: FlatReport, _ session: Session, _ what: String) throws {
        let lines = report.changes.map(line)
        for file in report.overlaid {
            session.warn("\(ConfigText.plain(file.path)): from \(file.by), over that of \(file.from)")
        }
        for place in report.emptyPlaces { session.warn("\(place): nothing lies there") }
        for path in report.skipped { session.warn("\(ConfigText.plain(path)): left out, since it is no plain file") }
        if report.error == nil { try session.result(report, lines: lines) }
        session.say("\(what): \(summary(report)) \(ConfigText.time(report.seconds))")
        if let error = report.error { throw error }
        if let refused = report.refused { try session.refuse(refused.failure(what, dryRun: true)) }
    }

    /// Marked as `config-diff` does, from the side that is written to: + for new, - for gone, ~ for changed.
    private static func line(_ change: FlatChange) -> String {
        let path = ConfigText.plain(change.path)
        if change.action == .adjust { return "~ \(path)  owner or mode" }
        let mark = change.action == .delete ? "-" : change.reason == .missing ? "+" : "~"
        return "\(mark) \(path)  \(ConfigText.size(change.bytes)) (\(change.reason.rawValue))"
    }

    private static func summary(_ report: FlatReport) -> String {
        var parts: [String] = []
        if report.isUpToDate { parts.append("nothing to do") }
        if report.dryRun, !report.isUpToDate { parts.append("\(ConfigText.files(report.changes.count)) would change") }
        if let refused = report.refused { parts.append("would be refused: \(refused.text)") }
        if report.transferred.files > 0 {
            parts.append(
                "\(ConfigText.files(report.transferred.files)) moved (\(ConfigText.size(report.transferred.bytes)))")
        }
        if report.deleted > 0 { parts.append("\(report.deleted) deleted") }
        if report.adjusted > 0 { parts.append("\(report.adjusted) with owner or mode put right") }
        if report.same.files > 0 { parts.append("\(report.same.files) the same") }
        if report.extra > 0 { parts.append("\(report.extra) only on the other side, kept") }
        if report.unverified > 0 { parts.append("\(report.unverified) without a checksum in S3") }
        if !report.failures.isEmpty { parts.append("\(report.failures.count) failed") }
        if report.keptFromDeleting { parts.append("nothing deleted, since something failed") }
        return parts.joined(separator: ", ")
    }
}
