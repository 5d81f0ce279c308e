internal import AWSServices
internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Flows
internal import FoundationEssentials
internal import Support

struct UpdateWebserver: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-webserver", abstract: "Deploys a folder of config to Dagster's services.",
        usage: "fgctl update-webserver [ENV] [DIR] [options]",
        discussion: """
            DIR is key CONFIG_DIR, else config at the project's root. It is checked, goes to S3 as a release, and is pinned by the stack's \
            parameter ConfigRelease, which webserver, daemon and usercode all read: all three are deployed and followed. A \
            config that they can't start with is rolled back with them (exit 1); only one that runs becomes the current \
            release. Config that is deployed already restarts the webserver alone. Exit codes as for update-usercode.

              fgctl update-webserver
              fgctl update-webserver production deploy/config --if-changed
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and the folder.", valueName: "env dir"))
    var arguments: [String] = []
    @Option(help: ArgumentHelp("Tag of another image of the webserver, as well.", valueName: "tag"))
    var imageVersion: String?
    @Flag(name: .customLong("no-check"), help: "Don't check workspace.yaml and dagster.yaml.")
    var noCheck = false
    @OptionGroup var filters: FilterOptions
    @OptionGroup var options: DagsterOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let (path, shown) = ConfigPlace.folder(session, words.first)
        try ConfigPlace.require(
            session, path, "update-webserver: \(shown)", missing: "there is no such folder of config",
            hint: "give DIR, or set CONFIG_DIR; 'fgctl update-service webserver' restarts without config")
        if !noCheck { try ConfigGate.check(session, path, shown) }
        let update = try await DagsterUpdate.open(session, .webserver, options)
        var situation = try await update.situation(version: imageVersion)
        // What is not in ECR is refused before anything is pushed.
        _ = try DagsterPlan.make(situation)
        var reading = ReleaseSource.Options()
        reading.filter = try filters.filter
        let source = try await ReleaseSource.read(path, options: reading)
        let caller = try await session.announceCaller("update webserver", stack: update.stack.name)
        let store = try ConfigPlace.store(session, nil, account: caller.account)
        let before = try await store.pointer()
        var pushing = ReleasePusher.Options(person: caller.arn, now: session.context.now)
        pushing.dryRun = session.options.dryRun
        pushing.makesCurrent = false
        let pushed = try await ReleasePusher(store, source, options: pushing).run(progress: ConfigProgress(session))
        session.say(
            "config \(shown): release \(pushed.release.prefix(12)), "
                + (pushed.existed
                    ? "in S3 already"
                    : "\(pushed.uploadedFiles) files \(session.options.dryRun ? "would be " : "")uploaded, "
                        + "\(pushed.copiedFiles) copied"))
        for line in pushed.differences.prefix(20).map(ConfigText.line) { session.say("  \(line)") }
        situation.release = pushed.release
        let now = session.context.now
        try await update.carryOut(try DagsterPlan.make(situation), account: caller.account) { report in
            // Watchers follow the pointer: it names only what was seen to run.
            if before?.pointer.release.text != pushed.release, let release = ReleaseHash(pushed.release) {
                let pointer = ReleasePointer(
                    release: release, previous: before?.pointer.release, updatedAt: now().formatted(.iso8601),
                    updatedBy: caller.arn)
                try await store.flip(pointer, from: before)
            }
            report.pointer = pushed.release
        }
    }
}
