internal import AWS
internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Stacks
internal import Support
internal import Templates

struct CreateDeployRole: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-create-deploy-role",
        abstract: "Creates a role that may deploy and run the project's stacks, and nothing else.",
        usage: "fgctl cf-create-deploy-role [ENV] --principal ACCOUNT|ARN [--update] [options]",
        discussion: """
            The principal assumes the role with the external id, which is made up and printed when it is not given. Roles \
            that the role makes must bear the permissions boundary that is printed too: write it into the env file as \
            PERMISSIONS_BOUNDARY. --update changes a role that is there: its rights become those that this fgctl knows of, \
            what is not given stays.

              fgctl cf-create-deploy-role --principal 123456789012
              fgctl cf-create-deploy-role --principal arn:aws:iam::123456789012:role/ci
              fgctl cf-create-deploy-role --update
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Option(help: ArgumentHelp("Who may assume the role: an account, a user or a role.", valueName: "account|arn"))
    var principal: String?
    @Option(help: ArgumentHelp("What the principal has to say, 8 characters or more.", valueName: "text"))
    var externalID: String?
    @Flag(help: "Change the role that is there.")
    var update = false
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Update options") var updateOptions: UpdateOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        guard update || principal != nil else {
            throw Failure(
                .usage, "cf-create-deploy-role needs --principal: the account, user or role that may assume the role")
        }
        let names = Names(session.settings)
        // No name that begins with the task stack's: the role's rights on roles must never cover the role itself.
        let name = "fgctl-deploy-\(try names.stack)"
        let template =
            try stackOptions.template.map { _ in
                try stackOptions.readTemplate(session, key: .template, default: "deploy-role")
            } ?? Template.embedded("deploy-role")
        var offered = try await offered(session, names)
        let explicit = try stackOptions.explicit()
        let tags = try StackInputs.tags(
            stack: name, environmentName: session.environmentName, user: try session.settings.tags())
        try StackInputs.check(of: template, explicit: explicit, offered: offered)
        let account = try await session.announce("\(update ? "update" : "create") deploy role", stack: name)
        var stack = try await CloudFormation(session.client).describeStack(name)
        // What a failed creation left is deleted first, and its external id with it.
        if !update, let status = stack?.stackStatus,
            [.rollbackComplete, .createFailed, .reviewInProgress].contains(status)
        {
            stack = nil
        }
        if update, stack == nil {
            throw Failure(
                .failed, "update stack \(name): the stack does not exist",
                hint: "create it with 'fgctl cf-create-deploy-role --principal ACCOUNT'")
        }
        if externalID == nil, stack?.parameter("ExternalId") == nil {
            offered.append(GivenValue(name: "ExternalId", value: RequestToken.make(), origin: "made up"))
        }
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        let request = StackRequest(
            name: name, template: template, parameters: parameters, tags: tags,
            updateCommand: "cf-create-deploy-role --update",
            updateVersion: typed)
        guard update else {
            return try await session.create(request, found: stack, account: account, options: stackOptions)
        }
        let options = updateOptions.options(stackOptions)
        try await session.update(request, found: stack, account: account, options: options) { _ in [] }
    }
}
