internal import AWS
internal import AWSServices
internal import Environment
internal import Services
internal import Support
internal import Tasks
internal import Templates

/// Resolves a launch completely: what the user asks for, with what the stack, a service or the settings know.
struct TaskResolver: Sendable {
    let session: Session
    let launch: LaunchOptions

    /// A launch that only needs to be sent.
    struct Resolved: Sendable {
        let request: ECS.RunTaskRequest
        let definition: ECS.TaskDefinition
    }

    func resolve(_ given: TaskOptions, token: String) async throws -> Resolved {
        var options = given
        let stack = try await ProjectStacks(session).task(for: "run task")
        let ecs = ECS(session.client)
        let definition = try await ecs.describeTaskDefinition(
            options.extras?.text("taskDefinition") ?? stack.output("TaskDefinitionArn") ?? stack.stackName)
        if launch.cpu != nil || launch.memory != nil {
            let size = try FargateSize.validate(
                cpu: launch.cpu ?? definition.cpu ?? "", memory: launch.memory ?? definition.memory ?? "")
            (options.cpu, options.memory) = (String(size.cpu), String(size.memory))
        }
        let cluster =
            try options.extras?.text("cluster")
            ?? (session.settings[.cluster] == nil ? nil : Names(session.settings).cluster)
            ?? stack.output("ClusterName") ?? stack.stackName
        let (network, capacity) = try await placement(cluster, stack)
        var facts = TaskFacts(
            cluster: cluster, definition: definition, ownContainer: stack.output("ContainerName"), network: network)
        facts.capacity = capacity
        let request = try TaskLaunch.request(
            options, facts: facts, triggeredAt: session.context.now(), token: token)
        return Resolved(request: request, definition: definition)
    }

    /// Where the task runs: as a service does, else as ECS_NETWORK_CONFIG says, else in the project's network.
    private func placement(
        _ cluster: String, _ stack: CloudFormation.Stack
    ) async throws -> (ECS.AwsVpcConfiguration, TaskCapacity) {
        if let name = launch.likeService {
            let service = try await ServiceRedeployment(session.client).find(name, cluster: cluster)
            guard let network = service.networkConfiguration?.awsvpcConfiguration else {
                throw Failure(
                    .failed, "--like-service \(name): the service has no awsvpc network configuration",
                    hint: "Fargate tasks need one; give SUBNETS and SECURITY_GROUPS")
            }
            return (withAddress(network), TaskCapacity(like: service))
        }
        if let given = session.settings[.networkConfig] {
            return (withAddress(try TaskNetwork.decode(given.value, origin: given.origin)), TaskCapacity())
        }
        let network = try await ProjectStacks(session).network(publicIP: launch.publicIP, of: stack, for: "run task")
        return (network, TaskCapacity())
    }

    /// `--public-ip` wins over what was found.
    private func withAddress(_ network: ECS.AwsVpcConfiguration) -> ECS.AwsVpcConfiguration {
        guard let publicIP = launch.publicIP else { return network }
        var network = network
        network.assignPublicIp = publicIP ? "ENABLED" : "DISABLED"
        return network
    }
}
