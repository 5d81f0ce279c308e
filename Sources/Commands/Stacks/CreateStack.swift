internal import AWSServices
internal import ArgumentParser

struct CreateStack: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-create-stack",
        abstract: "Creates the task's stack: cluster, task definition, roles, schedule group.",
        usage: "fgctl cf-create-stack [ENV] [VERSION] [options]",
        discussion: """
            VERSION is the tag of an image that is in ECR; left out, it is the highest one there. A stack that is already as \
            asked is left alone (exit 0); one that is not is changed by cf-update-stack (exit 1). Tasks need a network: \
            cf-create-vpc makes it first.

              fgctl cf-create-stack 0.1
              fgctl cf-create-stack env 0.1
              fgctl cf-create-stack production 0.1 --parameter Memory=1024
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var version: VersionOption
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let inputs = try TaskStackInputs(
            session, stackOptions, try version.resolve(words.first, session), updating: false)
        let account = try await session.announce("create stack", stack: inputs.name)
        let stack = try await CloudFormation(session.client).describeStack(inputs.name)
        if stack == nil { try await ProjectStacks(session).warnOfMissingNetwork(inputs.template, stack: inputs.name) }
        let request = try await inputs.request(stack: stack, account: account)
        try await session.create(request, found: stack, account: account, options: stackOptions)
    }
}
