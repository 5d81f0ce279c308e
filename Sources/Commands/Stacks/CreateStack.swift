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

            TEMPLATE=dagster makes two stacks: STACK_NAME-base (repositories, bucket, names, database), then, once images of \
            VERSION and a config release are there, STACK_NAME with webserver, daemon and usercode. What is missing is said \
            with the commands that make it (exit 1), and nothing is left half done. What is billed by the hour is estimated first.

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
        let asked = try version.resolve(words.first, session)
        if let set = try stackOptions.readSet(session) {
            return try await TemplateSetStacks(session, set, stackOptions, asked).create()
        }
        let inputs = try TaskStackInputs(session, stackOptions, asked, updating: false)
        let account = try await session.announce("create stack", stack: inputs.name)
        let stack = try await CloudFormation(session.client).describeStack(inputs.name)
        if stack == nil { try await ProjectStacks(session).warnOfMissingNetwork(inputs.template, stack: inputs.name) }
        let request = try await inputs.request(stack: stack, account: account)
        try await session.create(request, found: stack, account: account, options: stackOptions)
    }
}
