internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Stacks
internal import Support

struct RenderStack: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-render", abstract: "Prints the template and the parameters that would be sent.",
        usage: "fgctl cf-render [ENV] [VERSION] [options]",
        discussion: """
            What a new stack would be made of: parameters and tags as comments, then the template, so that the output is a \
            template itself. With VERSION, AWS_REGION and REGISTRY_URL or AWS_ACCOUNT_ID given nothing is asked of AWS.

              fgctl cf-render 0.1
              fgctl cf-render --network > network.yaml
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @Flag(help: "The network stack in place of the task's.")
    var network = false
    @Flag(help: "The base stack of TEMPLATE=dagster in place of the services.")
    var base = false
    @OptionGroup var version: VersionOption
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let request: StackRequest
        if network {
            request = try NetworkStackInputs(session, stackOptions).rendering()
        } else if let set = try stackOptions.readSet(session) {
            let stacks = try TemplateSetStacks(
                session, set, stackOptions, try version.resolve(words.first, session))
            request =
                base
                ? try await stacks.base.rendering()
                : try await stacks.rendering(account: try await STS(session.client).getCallerIdentity().account)
        } else if base {
            throw Failure(.usage, "--base is for TEMPLATE=dagster: this project has one stack")
        } else {
            let asked = try version.resolve(words.first, session)
            let inputs = try TaskStackInputs(session, stackOptions, asked, updating: false)
            request = try await inputs.rendering(
                account: try await account(session), region: try await session.client.region)
        }
        let plan = StackPlan(request)
        try session.result(plan, lines: plan.lines)
    }

    /// The account in the image's address; only asked for where it stands there.
    private func account(_ session: Session) async throws -> String {
        if session.settings[.registryURL] != nil { return "" }
        if let account = try Names(session.settings).account { return account }
        return try await STS(session.client).getCallerIdentity().account
    }
}
