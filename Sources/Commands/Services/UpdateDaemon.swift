internal import ArgumentParser
internal import Environment
internal import Flows
internal import Support

struct UpdateDaemon: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-daemon", abstract: "Restarts Dagster's daemon, or deploys another version of it.",
        usage: "fgctl update-daemon [ENV] [options]",
        discussion: """
            The daemon starts anew with the image that it has, and is followed until it runs. With --image-version, which has \
            to be in ECR, the stack's parameter DaemonVersion changes. There is one daemon at a time: while it restarts, \
            there is none. Exit codes as for update-usercode.

              fgctl update-daemon
              fgctl update-daemon production --image-version 4f2a91c07d3e
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file).", valueName: "env"))
    var arguments: [String] = []
    @Option(help: ArgumentHelp("Tag of another image of the daemon.", valueName: "tag"))
    var imageVersion: String?
    @OptionGroup var options: DagsterOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let update = try await DagsterUpdate.open(session, .daemon, options)
        let plan = try DagsterPlan.make(try await update.situation(version: imageVersion))
        let account = try await session.announce("update daemon", stack: update.stack.name)
        try await update.carryOut(plan, account: account)
    }
}
