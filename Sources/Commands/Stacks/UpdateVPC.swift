internal import AWSServices
internal import ArgumentParser
internal import Flows
internal import Stacks
internal import Support

struct UpdateVPC: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-update-vpc", abstract: "Updates the network stack.",
        usage: "fgctl cf-update-vpc [ENV] [options]",
        discussion: """
            What is not given keeps the value that the stack has. Schedules of the task stacks that run in the network are \
            pointed to its new subnets and security group.

              fgctl cf-update-vpc
              fgctl cf-update-vpc production --template network.yaml
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @OptionGroup(title: "Stack options") var stackOptions: StackOptions
    @OptionGroup(title: "Update options") var updateOptions: UpdateOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let inputs = try NetworkStackInputs(session, stackOptions)
        let account = try await session.announce("update network stack", stack: inputs.name)
        let before = try await CloudFormation(session.client).describeStack(inputs.name)
        guard let before else {
            throw Failure(
                .failed, "update stack \(inputs.name): the stack does not exist",
                hint: "create it with 'fgctl cf-create-vpc'")
        }
        let request = try await inputs.request(stack: before, account: account)
        try await session.update(
            request, found: before, account: account, options: updateOptions.options(stackOptions)
        ) { stack in
            try await SchedulesAfterChange(session.client) { session.say($0) }.align(usersOf: stack, before: before)
        }
    }
}
