internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Images
internal import Stacks
internal import Support
internal import Templates

struct CreateStack: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-create-stack",
        abstract: "Creates the task's stack: cluster, task definition, roles, schedule group.",
        usage: "fgctl cf-create-stack [ENV] [VERSION] [options]",
        discussion: """
            VERSION is the tag of an image that is in ECR; left out, it is the highest one there. A stack that is already as \
            asked is left alone (exit 0); one that is not is changed by cf-update-stack (exit 1).

              fgctl cf-create-stack 0.1
              fgctl cf-create-stack env 0.1
              fgctl cf-create-stack production 0.1 --parameter Cpu=512
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var version: VersionOption
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let name = try Names(session.settings).stack
        let template = try stackOptions.readTemplate(session, key: .template, default: "task")
        let explicit = try stackOptions.explicit()
        var offered = session.offered([
            ("LogRetentionDays", .logRetentionDays), ("EphemeralStorage", .ephemeralStorage),
            ("DeadLetterArn", .deadLetterARN),
        ])
        offered += try TaskInputs.size(session, template)
        offered += try TaskInputs.platformAndBucket(session)
        let tags = try StackInputs.tags(
            stack: name, environmentName: session.environmentName, user: try session.settings.tags())
        let asked = try version.resolve(words.first, session)
        _ = try Names(session.settings).repository
        try StackInputs.check(of: template, explicit: explicit, offered: offered)
        let account = try await session.announce("create stack", stack: name)
        offered += try await TaskInputs.image(asked, account: account, session)
        let stack = try await CloudFormation(session.client).describeStack(name)
        if stack?.stackStatus.isSettled != true { offered += try await TaskInputs.logGroup(session, template) }
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        try await session.create(
            StackRequest(name: name, template: template, parameters: parameters, tags: tags), account: account)
    }
}
