internal import ArgumentParser
internal import Environment
internal import Flows
internal import Support

struct UpdateUsercode: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-usercode", abstract: "Deploys another VERSION of Dagster's user code, or restarts it.",
        usage: "fgctl update-usercode [ENV] [VERSION] [options]",
        discussion: """
            With VERSION, which has to be in ECR, the stack's parameter UsercodeVersion changes and nothing else; that deployment is \
            followed, then the daemon is started anew. A deployment that fails is rolled back by the stack (exit 1, with \
            the cause). Without VERSION both are restarted with the image that they have; where a newer one was pushed, a warning \
            says which VERSION deploys it. Replaced by another deployment is 5, --timeout is 3.

              fgctl update-usercode
              fgctl update-usercode 4f2a91c07d3e
              fgctl update-usercode production 4f2a91c07d3e --if-changed
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var version: VersionOption
    @OptionGroup var options: DagsterOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let asked = try version.resolve(words.first, session)
        let update = try await DagsterUpdate.open(session, .usercode, options)
        let plan = try DagsterPlan.make(try await update.situation(version: asked?.text))
        let account = try await session.announce("update usercode", stack: update.stack.name)
        try await update.carryOut(plan, account: account)
    }
}
