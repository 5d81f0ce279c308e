internal import AWS
internal import AWSServices
internal import Environment
internal import Support
internal import Templates

/// Reads what commands need to know from the project's stacks.
struct ProjectStacks: Sendable {
    private let session: Session
    private let cloudFormation: CloudFormation

    init(_ session: Session) {
        self.session = session
        cloudFormation = CloudFormation(session.client)
    }

    /// The task's stack, which must be there and usable.
    func task(for purpose: String) async throws -> CloudFormation.Stack {
        let name = try Names(session.settings).stack
        guard let stack = try await cloudFormation.describeStack(name), stack.stackStatus != .reviewInProgress else {
            throw Failure(
                .failed, "\(purpose): stack \(name) does not exist",
                hint: "create it with 'fgctl cf-create-stack VERSION'")
        }
        try usable(stack, purpose)
        return stack
    }

    /// Subnets and security groups of tasks: from the keys SUBNETS and SECURITY_GROUPS, else from the stack itself, whose tasks
    /// may have a group of their own, else from the network stack.
    ///
    /// - Parameter stack: whose tasks these are.
    func network(
        publicIP: Bool?, of stack: CloudFormation.Stack?, for purpose: String
    ) async throws -> ECS.AwsVpcConfiguration {
        let assign = try publicIP ?? session.settings.bool(.assignPublicIP) ?? true
        var subnets = session.settings.list(.subnets)
        var groups = session.settings.list(.securityGroups)
        if let own = stack?.output("TaskSecurityGroupId"), let ids = stack?.output("SubnetIds") {
            if groups.isEmpty { groups = [own] }
            if subnets.isEmpty { subnets = ids.split(separator: ",").map(String.init) }
        }
        if subnets.isEmpty || groups.isEmpty {
            let outputs = try await parentOutputs(purpose)
            if subnets.isEmpty { subnets = outputs.subnets }
            if groups.isEmpty { groups = outputs.securityGroups }
        }
        return ECS.AwsVpcConfiguration(
            subnets: subnets, securityGroups: groups, assignPublicIp: assign ? "ENABLED" : "DISABLED")
    }

    /// VPC and subnets of a project of several stacks: from the keys VPC_ID and SUBNETS, else from the network stack.
    func vpc(for purpose: String) async throws -> (id: String, subnets: [String]) {
        let given = session.settings.list(.subnets)
        if let id = session.settings[.vpcID]?.value, !given.isEmpty { return (id, given) }
        guard session.settings[.parentStackName] != nil else {
            throw Failure(
                .usage, "\(purpose): neither PARENT_STACK_NAME nor VPC_ID and SUBNETS are set",
                hint: "set them in the env file; 'fgctl cf-create-vpc' makes a network")
        }
        let network = try await parent(purpose)
        guard let id = session.settings[.vpcID]?.value ?? network.output("VpcId") else {
            throw Failure(
                .failed, "\(purpose): network stack \(network.stackName) has no output VpcId",
                hint: "set VPC_ID in the env file")
        }
        return (id, given.isEmpty ? try Self.subnets(network, purpose).subnets : given)
    }

    /// The same where it can be found out; `nil` where neither keys nor a network stack tell.
    func networkIfKnown(
        of stack: CloudFormation.Stack, for purpose: String
    ) async throws -> ECS.AwsVpcConfiguration? {
        let isGiven =
            stack.output("TaskSecurityGroupId") != nil
            || !session.settings.list(.subnets).isEmpty && !session.settings.list(.securityGroups).isEmpty
        if !isGiven {
            guard session.settings[.parentStackName] != nil,
                try await cloudFormation.describeStack(try Names(session.settings).parentStack) != nil
            else { return nil }
        }
        return try await network(publicIP: nil, of: stack, for: purpose)
    }

    /// Warns when there is no network for the tasks of a new stack; refuses a template that can't do without one.
    func warnOfMissingNetwork(_ template: Template, stack: String) async throws {
        let keys: [Key] = [.subnets, .networkConfig]
        guard session.settings[.parentStackName] != nil, keys.allSatisfy({ session.settings[$0] == nil }) else {
            return
        }
        let network = try Names(session.settings).parentStack
        guard try await cloudFormation.describeStack(network) == nil else { return }
        let hint = "create it with 'fgctl cf-create-vpc'"
        guard !template.body.contains("ImportValue") else {
            throw Failure(
                .failed,
                "create stack \(stack): template \(template.name) imports values of other stacks, and network stack "
                    + "\(network) does not exist",
                hint: hint + ", or take PARENT_STACK_NAME out where it has nothing to do with them")
        }
        session.warn("network stack \(network) does not exist, and tasks need it: \(hint)")
    }

    private func parentOutputs(_ purpose: String) async throws -> (subnets: [String], securityGroups: [String]) {
        try Self.subnets(try await parent(purpose), purpose)
    }

    private func parent(_ purpose: String) async throws -> CloudFormation.Stack {
        let name = try Names(session.settings).parentStack
        guard let stack = try await cloudFormation.describeStack(name) else {
            throw Failure(
                .failed, "\(purpose): network stack \(name) does not exist",
                hint: "create it with 'fgctl cf-create-vpc', or set SUBNETS and SECURITY_GROUPS in the env file")
        }
        try usable(stack, purpose)
        return stack
    }

    private static func subnets(
        _ stack: CloudFormation.Stack, _ purpose: String
    ) throws -> (subnets: [String], securityGroups: [String]) {
        guard let subnets = stack.output("SubnetIds"), let group = stack.output("SecurityGroupId") else {
            throw Failure(
                .failed, "\(purpose): network stack \(stack.stackName) has no outputs SubnetIds and SecurityGroupId",
                hint: "set SUBNETS and SECURITY_GROUPS in the env file")
        }
        return (subnets.split(separator: ",").map(String.init), group.split(separator: ",").map(String.init))
    }

    private func usable(_ stack: CloudFormation.Stack, _ purpose: String) throws {
        let status = stack.stackStatus
        // An update under way leaves the stack usable.
        guard status.isSettled || status.rawValue.hasPrefix("UPDATE_") else {
            throw Failure(
                .failed, "\(purpose): stack \(stack.stackName) is \(status), not ready to be used",
                hint: "look at it with 'fgctl cf-status'")
        }
    }
}
