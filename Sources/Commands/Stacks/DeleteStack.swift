internal import AWSServices
internal import ArgumentParser
internal import Environment
internal import Flows
internal import Stacks

struct DeleteStack: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "cf-delete-stack", abstract: "Deletes the task's stack, its schedules and its logs.",
        usage: "fgctl cf-delete-stack [ENV] [options]",
        discussion: """
            Schedules are disabled first, running tasks are stopped, then the stack goes, then its log group (kept with \
            --keep-logs). The bucket and the images always stay. It asks first, or needs --yes where there is no terminal.

            With TEMPLATE=dagster the services go first, then, asked once more, the base stack; its database leaves a snapshot, \
            and is protected until cf-update-stack --parameter DatabaseDeletionProtection=false.

              fgctl cf-delete-stack --dry-run
              fgctl cf-delete-stack --yes --keep-logs
            """)

    @Argument(help: ArgumentHelp("Env file (see --env-file).", valueName: "env"))
    var env: String?
    @Flag(help: "Keep the log group and all it holds.")
    var keepLogs = false
    @Flag(help: "Keep the base stack of TEMPLATE=dagster, with its database.")
    var keepBase = false
    @Option(
        help: ArgumentHelp(
            "Leave this resource behind when an earlier deletion got stuck on it; may be repeated.",
            valueName: "logical-id"))
    var retain: [String] = []
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: env.map { [$0] } ?? [], needs: 0...0) }

    func run(_ session: Session, _ words: [String]) async throws {
        let names = Names(session.settings)
        let (name, group) = (try names.stack, try names.scheduleGroup)
        try await session.announce("delete stack", stack: name)
        let removal = StackRemoval(client: session.client) { session.say($0) }
        let set = try session.templateSet()
        let base = set == nil || keepBase ? nil : try await base(session, try names.baseStack)
        var (plan, stack) = try await removal.plan(
            // Never the cluster of ECS_CLUSTER: others may use that.
            name, cluster: name, group: group, logGroup: try names.logGroup,
            serviceLogGroups: set == nil ? [] : try names.serviceLogGroups.dropFirst().map(\.name), keepLogs: keepLogs,
            bucket: session.settings[.bucket] == nil ? nil : try names.bucket)
        plan.base = try base.map { try StackRemoval.Base($0, registry: try names.givenRegistry) }
        if let stack {
            try StackDeleter.check(
                stack, resources: try await CloudFormation(session.client).listStackResources(stack.stackId ?? name),
                retaining: retain)
        }
        if session.options.dryRun { return try session.result(plan, lines: plan.lines) }
        guard !plan.isNothing else {
            session.say("stack \(name) does not exist; there is nothing to delete")
            return try session.result(plan, lines: [])
        }
        for line in plan.lines { session.say(line) }
        try await session.confirm("Delete all this?")
        try await removal.remove(plan, stack: stack, cluster: name, group: group, retaining: retain)
        if let base {
            try await session.confirm("Delete stack \(base.stackName) as well, which holds what its services stored?")
            try await StackDeleter(client: session.client) { session.say($0) }.delete(base, retaining: [])
            session.say("stack \(base.stackName) deleted")
        }
        try session.result(plan, lines: [])
    }

    /// The base stack, when it can be deleted.
    private func base(_ session: Session, _ name: String) async throws -> CloudFormation.Stack? {
        let stack = try await CloudFormation(session.client).describeStack(name)
        if let stack { try StackDeleter.check(stack, resources: [], retaining: []) }
        return stack
    }
}
