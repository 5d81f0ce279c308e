internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Flows
internal import Stacks
internal import Support

struct UpdateStack: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-update-stack", abstract: "Updates the task's stack, to another image VERSION for one.",
        usage: "fgctl cf-update-stack [ENV] [VERSION] [options]",
        discussion: """
            What is not given keeps the value that the stack has, VERSION included. A stack that is already as asked is left \
            alone (exit 0). Replacing what holds data, and services, asks first, or needs --yes where there is no terminal. \
            Afterwards the stack's schedules are brought in line with it. Ctrl-C asks whether to roll the update back. With \
            TEMPLATE=dagster the base stack is updated first, and VERSION is that of all three services; update-usercode \
            changes one and follows it.

              fgctl cf-update-stack 0.2
              fgctl cf-update-stack env 0.2 --parameter Memory=2048
              fgctl cf-update-stack --wait-current --yes
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var version: VersionOption
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Update options") var updateOptions: UpdateOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let asked = try version.resolve(words.first, session)
        if let set = try stackOptions.readSet(session) {
            return try await TemplateSetStacks(session, set, stackOptions, asked, updating: true)
                .update(updateOptions.options(stackOptions))
        }
        let inputs = try TaskStackInputs(session, stackOptions, asked, updating: true)
        let account = try await session.announce("update stack", stack: inputs.name)
        let stack = try await CloudFormation(session.client).describeStack(inputs.name)
        guard stack != nil else {
            throw Failure(
                .failed, "update stack \(inputs.name): the stack does not exist",
                hint: "create it with 'fgctl cf-create-stack'")
        }
        let request = try await inputs.request(stack: stack, account: account)
        try await session.update(
            request, found: stack, account: account, options: updateOptions.options(stackOptions)
        ) { stack in
            let network = try await ProjectStacks(session).networkIfKnown(of: stack, for: "check schedules")
            return try await SchedulesAfterChange(session.client) { session.say($0) }.align(stack, network: network)
        }
    }
}
