internal import AWS
package import AWSServices
package import FoundationEssentials
internal import Support

/// What the user asks of a one-off task.
package struct TaskOptions: Sendable {
    /// Words of the command that replaces the image's CMD; empty keeps it.
    package var command: [String] = []
    /// Further environment of the container, in order; later ones win.
    package var environment: [(name: String, value: String)] = []
    /// CPU units and MiB of the task, already normalised; `nil` keeps the task definition's.
    package var cpu: String?
    package var memory: String?
    /// 1 to 10.
    package var count = 1
    /// The container that the overrides are for and whose code counts; `nil`: the stack's own, else the only one.
    package var container: String?
    /// Fields of RunTask that are merged over the request at last.
    package var extras: TaskExtras?
    /// What ListTasks finds the tasks by; at most 128 letters, digits, `-`, `_` and `/`.
    package var startedBy = "fgctl"

    package init() {}
}

/// What is known of the stack that a task runs in.
package struct TaskFacts: Sendable {
    package let cluster: String
    package let definition: ECS.TaskDefinition
    /// The container that the stack names as its own; `nil` when it names none.
    package let ownContainer: String?
    package let network: ECS.AwsVpcConfiguration
    package var capacity = TaskCapacity()

    package init(
        cluster: String, definition: ECS.TaskDefinition, ownContainer: String?, network: ECS.AwsVpcConfiguration
    ) {
        self.cluster = cluster
        self.definition = definition
        self.ownContainer = ownContainer
        self.network = network
    }
}

/// Resolves a launch completely: the request is made once and resent byte for byte.
package enum TaskLaunch {
    /// The characters that all overrides together may have as JSON (RunTask's page).
    static let overrideLimit = 8192

    /// The request for RunTask.
    ///
    /// - Parameters:
    ///   - triggeredAt: becomes `TASK_TRIGGERED_AT`, ISO 8601 in UTC, unless the user sets that name.
    ///   - token: at most 64 characters.
    /// - Throws: `Failure` of kind `usage` when the options don't fit the task definition or the API's limits.
    package static func request(
        _ options: TaskOptions, facts: TaskFacts, triggeredAt: Date, token: String
    ) throws -> ECS.RunTaskRequest {
        guard (1...10).contains(options.count) else {
            throw Failure(.usage, "--count \(options.count): ECS starts 1 to 10 tasks at once")
        }
        guard let definition = facts.definition.taskDefinitionArn else {
            throw Failure(.failed, "run task: the task definition has no ARN")
        }
        var request = ECS.RunTaskRequest(taskDefinition: definition, clientToken: token)
        request.cluster = facts.cluster
        request.count = options.count
        request.launchType = facts.capacity.launchType
        request.capacityProviderStrategy = facts.capacity.strategy
        request.platformVersion = facts.capacity.platformVersion
        request.startedBy = options.startedBy
        request.propagateTags = "TASK_DEFINITION"
        request.networkConfiguration = ECS.NetworkConfiguration(awsvpcConfiguration: facts.network)
        request.overrides = try overrides(options, facts: facts, triggeredAt: triggeredAt)
        if let extras = options.extras {
            request = try extras.merged(into: request, container: try container(options, facts))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let size = try encoder.encode(request.overrides).count
        guard size <= overrideLimit else {
            throw Failure(
                .usage, "run task: command and environment make \(size) characters, more than ECS's \(overrideLimit)",
                hint: "put large values into the bucket or the parameter store and pass their names")
        }
        return request
    }

    private static func overrides(
        _ options: TaskOptions, facts: TaskFacts, triggeredAt: Date
    ) throws -> ECS.TaskOverride {
        var environment = [(name: "TASK_TRIGGERED_AT", value: triggeredAt.formatted(.iso8601))]
        environment += options.environment
        var last: [String: String] = [:]
        var order: [String] = []
        for (name, value) in environment {
            if last.updateValue(value, forKey: name) == nil { order.append(name) }
        }
        var container = ECS.ContainerOverride(name: try self.container(options, facts))
        container.environment = order.map { ECS.KeyValuePair(name: $0, value: last[$0] ?? "") }
        if !options.command.isEmpty { container.command = options.command }
        var overrides = ECS.TaskOverride()
        overrides.containerOverrides = [container]
        overrides.cpu = options.cpu
        overrides.memory = options.memory
        return overrides
    }

    /// The container that is meant.
    package static func container(_ options: TaskOptions, _ facts: TaskFacts) throws -> String {
        let names = (facts.definition.containerDefinitions ?? []).compactMap(\.name)
        let family = facts.definition.family ?? "?"
        if let wanted = options.container {
            guard names.contains(wanted) else {
                throw Failure(
                    .usage, "--container \(wanted): task definition \(family) has no such container",
                    hint: "it has: \(names.joined(separator: ", "))")
            }
            return wanted
        }
        if let own = facts.ownContainer, names.contains(own) { return own }
        if names.contains(family) { return family }
        guard names.count == 1, let only = names.first else {
            throw Failure(
                .usage, "task definition \(family) has several containers: \(names.joined(separator: ", "))",
                hint: "say which one is meant with --container NAME")
        }
        return only
    }
}
