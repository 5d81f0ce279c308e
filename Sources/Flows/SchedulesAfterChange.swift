package import AWS
package import AWSServices
package import Schedules
internal import Support

/// Brings schedules in line with stacks that were changed: they name subnets, security groups, roles, clusters and
/// containers by value.
package struct SchedulesAfterChange: Sendable {
    private let service: ScheduleService
    private let rules: RuleService
    private let users: NetworkUsers
    private let show: @Sendable (String) -> Void

    package init(
        _ client: AWSClient, pauses: ScheduleService.Pauses = .init(), show: @escaping @Sendable (String) -> Void
    ) {
        service = ScheduleService(client, pauses: pauses)
        rules = RuleService(client)
        users = NetworkUsers(client)
        self.show = show
    }

    /// Re-verifies the schedules of a task stack and re-points those that differ.
    ///
    /// - Parameters:
    ///   - network: where its tasks run from now on; `nil` leaves schedules alone, since it isn't known.
    ///   - oldSubnets: only those that run there now; `nil`: all.
    /// - Returns: what was done to each; empty for a stack without a schedule group of its own.
    package func align(
        _ stack: CloudFormation.Stack, network: ECS.AwsVpcConfiguration?, oldSubnets: Set<String>? = nil,
        writes: Bool = true
    ) async throws -> [ScheduleService.Pointing] {
        let outputs = Dictionary((stack.outputs ?? []).map { ($0.outputKey, $0.outputValue) }, uniquingKeysWith: { $1 })
        guard let group = outputs["ScheduleGroupName"] else { return [] }
        let family = outputs["TaskFamily"] ?? stack.stackName
        let isScheduled = try await !service.names(group: group).isEmpty
        let hasRules = try await !rules(stack.stackName, family).isEmpty
        guard isScheduled || hasRules else { return [] }
        guard let network else {
            show("stack \(stack.stackName): its schedules are not checked: the network of its tasks is not known")
            return []
        }
        let facts = try StackFacts(
            stack: stack.stackName, outputs: outputs, subnets: network.subnets,
            securityGroups: network.securityGroups ?? [])
        var done = try await service.pointAgain(at: facts, oldSubnets: oldSubnets, writes: writes, onWait: show)
        if hasRules { done += try await rules.pointAgain(at: facts, oldSubnets: oldSubnets, writes: writes) }
        for one in done {
            if let reason = one.skipped { show("schedule \(group)/\(one.schedule) is left as it is: \(reason)") }
            for change in one.changes { show("schedule \(group)/\(one.schedule): \(change)") }
        }
        return done
    }

    /// After a change of a network stack: the schedules of all task stacks that name it, where they run in its old subnets.
    package func align(
        usersOf network: CloudFormation.Stack, before: CloudFormation.Stack?
    ) async throws -> [ScheduleService.Pointing] {
        guard let now = Self.network(of: network) else { return [] }
        let old = before.flatMap { Self.network(of: $0) }
        if let old, Set(old.subnets) == Set(now.subnets), old.securityGroups == now.securityGroups { return [] }
        var done: [ScheduleService.Pointing] = []
        for user in try await users.stacks(of: network.stackName) {
            var network = now
            // Tasks may have a group of their own, by which their database knows them.
            if let own = user.output("TaskSecurityGroupId") { network.securityGroups = [own] }
            done += try await align(user, network: network, oldSubnets: old.map { Set($0.subnets) })
        }
        return done
    }

    /// The stack's rules of the older engine; none where they may not be looked at.
    private func rules(_ stack: String, _ family: String) async throws -> [String] {
        do {
            return try await rules.list(stack: stack, family: family).map(\.targetID)
        } catch let error as AWSError where error.isAccessDenied {
            show("stack \(stack): rules of EventBridge are not checked: \(error)")
            return []
        }
    }

    private static func network(of stack: CloudFormation.Stack) -> ECS.AwsVpcConfiguration? {
        guard let subnets = stack.output("SubnetIds"), let group = stack.output("SecurityGroupId") else { return nil }
        func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
        return ECS.AwsVpcConfiguration(subnets: list(subnets), securityGroups: list(group), assignPublicIp: nil)
    }
}

/// The task stacks that run in a network stack: those that bear its name in a tag.
package struct NetworkUsers: Sendable {
    private let cloudFormation: CloudFormation

    package init(_ client: AWSClient) { cloudFormation = CloudFormation(client) }

    /// The tag that task stacks bear.
    package static let tag = "fgctl:network"

    /// By name; empty shells of change sets are no users.
    package func stacks(of network: String) async throws -> [CloudFormation.Stack] {
        try await cloudFormation.allStacks()
            .filter {
                $0.tag(Self.tag) == network && $0.stackStatus != .reviewInProgress && $0.stackStatus != .deleteComplete
            }
            .sorted { $0.stackName < $1.stackName }
    }
}
