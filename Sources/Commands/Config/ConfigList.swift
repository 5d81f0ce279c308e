internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

struct ConfigList: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "config-list", abstract: "Lists the releases of config.",
        usage: "fgctl config-list [--from S3] [options]",
        discussion: """
            The newest first; * stands before the current one. A release without a manifest is incomplete: a push is \
            under way, or was interrupted and is gone on with by the next push of the same contents.

              fgctl config-list
              fgctl config-list --from s3://bucket/prefix --output json
            """)

    @Option(help: ArgumentHelp("Instead of the project's place: s3://bucket/prefix.", valueName: "s3"))
    var from: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        let store = try ConfigPlace.store(session, from, account: try Names(session.settings).account)
        var pointer: ReleasePointer?
        do { pointer = try await store.pointer()?.pointer } catch let failure as Failure
            where failure.cause is CorruptPointer
        {
            session.warn("\(failure.message); \(failure.hint ?? "")")
        }
        let listed = try await ReleaseListing(store).run(pointer)
        let report = Report(
            place: "\(store.place)", current: pointer?.release.text, previous: pointer?.previous?.text, releases: listed
        )
        try session.result(report, lines: listed.map(Self.line))
        let count = listed.count == 1 ? "1 release" : "\(listed.count) releases"
        session.say("\(count) in \(store.place)" + (pointer == nil ? ", none is the current one" : ""))
    }

    private static func line(_ release: ReleaseListing.Entry) -> String {
        let mark = release.isCurrent ? "*" : " "
        let name = release.release.prefix(12)
        guard let files = release.files else {
            return "\(mark) \(name)  \(release.isCorrupt == true ? "corrupt: push its config again" : "incomplete")"
        }
        // Without fractions of the second.
        let time = release.createdAt.map { $0.prefix { $0 != "." && $0 != "Z" } + "Z" } ?? ""
        return "\(mark) \(name)  \(time)  \(ConfigText.files(files))  "
            + "\(ConfigText.size(release.bytes ?? 0))  \(release.createdBy ?? "")"
    }

    private struct Report: Encodable {
        let place: String
        let current: String?
        let previous: String?
        let releases: [ReleaseListing.Entry]
    }
}
