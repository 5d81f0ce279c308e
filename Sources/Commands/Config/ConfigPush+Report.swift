internal import ConfigSync
internal import Environment
internal import Flows
internal import Support

extension ConfigPush {
    /// The releases that the project's stack needs; `nil` when it may not be looked at.
    static func pinned(_ session: Session) async throws -> Set<ReleaseHash>? {
        let stack = try Names(session.settings).stack
        return try await PinnedReleases(session.client, stack: stack).read { why in
            session.warn(
                "--keep: nothing is deleted, since nobody can tell which releases the tasks of stack \(stack) start with: "
                    + "\(why) (docs/permissions.md, config-push)")
        }
    }

    static func summary(_ report: ReleasePusher.Report, _ shown: String) -> String {
        let short = String(report.release.prefix(12))
        let whole = "\(ConfigText.files(report.files)), \(ConfigText.size(report.bytes))"
        let would = report.dryRun ? "would be " : ""
        var parts = ["push \(shown): release \(short) (\(whole))"]
        if report.existed {
            parts.append(
                report.isNewCurrent
                    ? "was there already, \(would)made the current one again" : "is the current one: nothing to do")
        } else {
            var moved = "\(report.uploadedFiles) \(would)uploaded (\(ConfigText.size(report.uploadedBytes)))"
            if report.copiedFiles > 0 { moved += ", \(report.copiedFiles) \(would)copied from the release before" }
            if report.presentFiles > 0 { moved += ", \(report.presentFiles) there already" }
            parts.append(moved)
            let before = report.previous.map { ", before it \($0.prefix(12))" } ?? ""
            parts.append(
                report.isNewCurrent
                    ? "current \(would.isEmpty ? "now" : "then")\(before)" : "it is the current one, \(would)put right")
        }
        if !report.pruned.isEmpty {
            parts.append(
                "\(report.pruned.count) old \(report.pruned.count == 1 ? "release" : "releases") \(would)deleted")
        }
        if !report.pinned.isEmpty {
            parts.append(
                "\(report.pinned.count) old \(report.pinned.count == 1 ? "one" : "ones") kept, since tasks start with them"
            )
        }
        return parts.joined(separator: "; ") + " " + ConfigText.time(report.seconds)
    }
}
