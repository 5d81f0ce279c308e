internal import AWSServices
internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import FoundationEssentials
internal import Support

struct ConfigRollback: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "config-rollback", abstract: "Makes an earlier release of config the current one.",
        usage: "fgctl config-rollback [RELEASE] [--to S3] [options]",
        discussion: """
            RELEASE is a hash or 8 or more digits of it; left out: the release that was current before. Only current.json is \
            changed, and only if nobody else changed it meanwhile (else exit 5). Watchers swap; services whose task definition \
            names a release stay at it.

              fgctl config-rollback
              fgctl config-rollback 0123456789ab --dry-run
            """)

    @Argument(help: ArgumentHelp("The release.", valueName: "release"))
    var release: String?
    @Option(help: ArgumentHelp("Instead of the project's place: s3://bucket/prefix.", valueName: "s3"))
    var to: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    func run(_ session: Session, _ words: [String]) async throws {
        let name = try release.map { try ReleaseName($0) }
        let place = try ConfigPlace.place(session, to)
        let stack = to == nil ? session.settings.value(.stackName) : nil
        let caller = try await session.announceCaller("roll back \(place)", stack: stack)
        let store = try ConfigPlace.store(session, to, account: caller.account)
        let found = try await store.pointer()
        let wanted: ReleaseHash
        if let name {
            wanted = try await store.resolve(name)
        } else if let previous = found?.pointer.previous {
            wanted = previous
        } else {
            guard let found else { throw store.noPointer }
            throw Failure(
                .failed,
                "roll back \(place): release \(found.pointer.release.short) is the first: there is none before it",
                hint: "'fgctl config-list' shows the releases; name one")
        }
        let manifest = try await store.existing(wanted)
        let isChanged = wanted != found?.pointer.release
        if isChanged, !session.options.dryRun {
            // Made young again, so that nobody prunes it meanwhile.
            try await store.write(manifest)
            let pointer = ReleasePointer(
                release: wanted, previous: found?.pointer.release,
                updatedAt: session.context.now().formatted(.iso8601), updatedBy: caller.arn)
            try await store.flip(pointer, from: found)
        }
        let report = Report(
            place: "\(place)", release: wanted.text, previous: found?.pointer.release.text, isChanged: isChanged,
            dryRun: session.options.dryRun)
        try session.result(report, lines: [wanted.text])
        guard isChanged else {
            return session.say("roll back: release \(wanted.short) is the current one: nothing to do")
        }
        let verb = session.options.dryRun ? "would become" : "is now"
        session.say(
            "roll back: release \(wanted.short) \(verb) the current one, before it "
                + (found?.pointer.release.short ?? "none"))
        session.say("services whose task definition names a release stay at that one; watchers swap at their next look")
    }

    private struct Report: Encodable {
        let place: String
        let release: String
        /// What was current before.
        let previous: String?
        let isChanged: Bool
        let dryRun: Bool
    }
}
