internal import AWSServices
internal import ArgumentParser

struct CreateVPC: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-create-vpc", abstract: "Creates the network stack: VPC, subnets, security group, bucket.",
        usage: "fgctl cf-create-vpc [ENV] [options]",
        discussion: """
            The stack is named by PARENT_STACK_NAME, its bucket by S3_BUCKET; several task stacks may share both. A bucket of \
            that name that the account has already is used as it is.

              fgctl cf-create-vpc
              fgctl cf-create-vpc production --parameter VpcCidr=10.8.0.0/16
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let inputs = try NetworkStackInputs(session, stackOptions)
        let account = try await session.announce("create network stack", stack: inputs.name)
        let stack = try await CloudFormation(session.client).describeStack(inputs.name)
        let request = try await inputs.request(stack: stack, account: account)
        try await session.create(request, found: stack, account: account, options: stackOptions)
    }
}
