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
        usage: "fgctl cf-create-deploy-role [ENV] --principal ACCOUNT|ARN [options]",
        discussion: """
            The principal assumes the role with the external id, which is made up and printed when it is not given. Roles \
            that the role makes must bear the permissions boundary that is printed too: write it into the env file as \
            PERMISSIONS_BOUNDARY.

              fgctl cf-create-deploy-role --principal 123456789012
              fgctl cf-create-deploy-role --principal arn:aws:iam::123456789012:role/ci
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Option(help: ArgumentHelp("Who may assume the role: an account, a user or a role.", valueName: "account|arn"))
    var principal: String
    @Option(help: ArgumentHelp("What the principal has to say, 8 characters or more.", valueName: "text"))
    var externalID: String?
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let names = Names(session.settings)
        // No name that begins with the task stack's: the role's rights on roles must never cover the role itself.
        let name = "fgctl-deploy-\(try names.stack)"
        let template =
            try stackOptions.template.map { _ in
                try stackOptions.readTemplate(session, key: .template, default: "deploy-role")
            } ?? Template.embedded("deploy-role")
        let region = try await session.client.region
        var offered = [
            GivenValue(name: "PrincipalArn", value: arn(region), origin: "--principal"),
            GivenValue(name: "TaskStackName", value: try names.stack, origin: "STACK_NAME"),
        ]
        func offer(_ parameter: String, _ key: Key, _ value: () throws -> String) throws {
            guard let given = session.settings[key] else { return }
            offered.append(GivenValue(name: parameter, value: try value(), origin: given.origin))
        }
        try offer("NetworkStackName", .parentStackName) { try names.parentStack }
        try offer("BucketName", .bucket) { try names.bucket }
        try offer("RepositoryName", .imageName) { try names.repository }
        if stackOptions.template == nil, try session.templateSet() != nil {
            offered.append(GivenValue(name: "Services", value: "true", origin: "TEMPLATE"))
        }
        if let externalID { offered.append(GivenValue(name: "ExternalId", value: externalID, origin: "--external-id")) }
        let explicit = try stackOptions.explicit()
        let tags = try StackInputs.tags(
            stack: name, environmentName: session.environmentName, user: try session.settings.tags())
        try StackInputs.check(of: template, explicit: explicit, offered: offered)
        let account = try await session.announce("create deploy role", stack: name)
        var stack = try await CloudFormation(session.client).describeStack(name)
        // What a failed creation left is deleted first, and its external id with it.
        if let status = stack?.stackStatus, [.rollbackComplete, .createFailed, .reviewInProgress].contains(status) {
            stack = nil
        }
        if externalID == nil, stack?.parameter("ExternalId") == nil {
            offered.append(GivenValue(name: "ExternalId", value: RequestToken.make(), origin: "made up"))
        }
        let parameters = try StackInputs.parameters(of: template, explicit: explicit, offered: offered, stack: stack)
        let request = StackRequest(
            name: name, template: template, parameters: parameters, tags: tags, updateCommand: "cf-create-deploy-role")
        try await session.create(request, found: stack, account: account, options: stackOptions)
    }

    /// An account stands for all of it that is allowed to assume the role.
    private func arn(_ region: String) -> String {
        guard principal.utf8.count == 12, principal.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return principal
        }
        let partition = Partition.of(region).id
        return "arn:\(partition):iam::\(principal):root"
    }
}
