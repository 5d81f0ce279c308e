internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Flows
internal import Stacks
internal import Support

struct DeleteVPC: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-delete-vpc", abstract: "Deletes the network stack; its bucket stays.",
        usage: "fgctl cf-delete-vpc [ENV] [options]",
        discussion: """
            A network that task stacks still use is refused, with their names. It asks first, or needs --yes where there is \
            no terminal.

              fgctl cf-delete-vpc --yes
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Option(
        help: ArgumentHelp(
            "Leave this resource behind when an earlier deletion got stuck on it; may be repeated.",
            valueName: "logical-id"))
    var retain: [String] = []
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let names = Names(session.settings)
        let name = try names.parentStack
        let bucket = session.settings[.bucket] == nil ? nil : try names.bucket
        try await session.announce("delete network stack", stack: name)
        let cloudFormation = CloudFormation(session.client)
        let stack = try await cloudFormation.describeStack(name)
        let plan = Plan(
            stack: name, status: stack?.stackStatus.rawValue ?? "NOT_CREATED",
            users: try await NetworkUsers(session.client).stacks(of: name).map(\.stackName),
            kept: bucket.map { ["bucket \($0)"] } ?? [])
        guard let stack else {
            session.say("stack \(name) does not exist; there is nothing to delete")
            return try session.result(plan, lines: [])
        }
        guard plan.users.isEmpty else {
            throw Failure(
                .failed, "delete stack \(name): it is the network of \(plan.users.joined(separator: ", "))",
                hint: "delete these first, each with 'fgctl cf-delete-stack -e ENV'")
        }
        let resources = try await cloudFormation.listStackResources(stack.stackId ?? name)
        try StackDeleter.check(stack, resources: resources, retaining: retain)
        if session.options.dryRun { return try session.result(plan, lines: plan.lines) }
        for line in plan.lines { session.say(line) }
        try await session.confirm("Delete stack \(name)?")
        try await StackDeleter(client: session.client) { session.say($0) }.delete(stack, retaining: retain)
        session.say("stack \(name) deleted")
        for thing in plan.kept { session.say("\(thing) is kept") }
        try session.result(plan, lines: [])
    }

    /// What goes and what stays; its JSON form is stable.
    struct Plan: Encodable {
        let stack: String
        let status: String
        /// Task stacks that run in the network.
        let users: [String]
        let kept: [String]

        var lines: [String] {
            ["stack \(stack): \(status)", "- stack \(stack) is deleted"] + kept.map { "  \($0) is kept" }
        }
    }
}
