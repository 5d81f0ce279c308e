internal import AWSServices
internal import Support

/// An existing schedule, turned into the request that would write it back unchanged, and then changed field by field.
struct ScheduleMerge {
    private(set) var request: Scheduler.ScheduleRequest
    private(set) var changes: [ScheduleChange] = []
    private let label: String

    /// - Throws: `Failure(.failed)` when the schedule starts something else than an ECS task.
    init(_ existing: Scheduler.GetScheduleResponse, name: String, group: String) throws {
        label = "\(group)/\(name)"
        guard let target = existing.target, target.ecsParameters != nil else {
            throw Failure(
                .failed,
                "schedule \(group)/\(name) is there already and starts \(existing.target?.arn ?? "something"), no ECS task",
                hint: "choose another TARGET_ID, or remove that schedule first")
        }
        request = Self.request(existing, target, name: name, group: group)
    }

    /// - Parameters:
    ///   - request: what would write the schedule back unchanged.
    ///   - label: of the schedule, for messages.
    init(_ request: Scheduler.ScheduleRequest, label: String) {
        self.request = request
        self.label = label
    }

    /// The request that writes a schedule back unchanged, whatever it starts.
    static func request(
        _ existing: Scheduler.GetScheduleResponse, _ target: Scheduler.Target, name: String, group: String
    ) -> Scheduler.ScheduleRequest {
        var request = Scheduler.ScheduleRequest(
            name: name, groupName: group, scheduleExpression: existing.scheduleExpression ?? "", target: target)
        request.scheduleExpressionTimezone = existing.scheduleExpressionTimezone
        request.startDate = existing.startDate
        request.endDate = existing.endDate
        request.description = existing.description
        request.state = existing.state
        request.kmsKeyArn = existing.kmsKeyArn
        request.actionAfterCompletion = existing.actionAfterCompletion
        if let window = existing.flexibleTimeWindow { request.flexibleTimeWindow = window }
        return request
    }

    mutating func apply(_ desired: ScheduleDesired, _ stack: StackFacts) throws {
        if !means(request.scheduleExpression, desired.expression) {
            set(\.scheduleExpression, to: desired.expression.text, "expression")
        }
        if let timezone = desired.timezone, timezone != request.scheduleExpressionTimezone ?? "UTC" {
            set(\.scheduleExpressionTimezone, to: timezone, "time zone")
        }
        if let state = desired.state, state.rawValue != request.state ?? "ENABLED" {
            set(\.state, to: state.rawValue, "state")
        }
        set(\.target.arn, to: stack.clusterARN, "cluster")
        set(\.target.roleArn, to: stack.roleARN, "role")
        applyDelivery(desired)
        applyTask(desired, stack)
        var input = try TaskOverrideInput(request.target.input, schedule: label, engine: desired.engine)
        input.set(container: stack.containerName, command: desired.command, environment: desired.environment)
        if !input.changes.isEmpty {
            request.target.input = try input.text()
            changes += input.changes
        }
    }

    /// Brings what is stored of the stack by value in line with the stack as it is; nothing else.
    mutating func point(at stack: StackFacts) throws {
        set(\.target.arn, to: stack.clusterARN, "cluster")
        set(\.target.roleArn, to: stack.roleARN, "role")
        applyStack(stack)
        var input = try TaskOverrideInput(request.target.input, schedule: label)
        input.rename(to: stack.containerName)
        if !input.changes.isEmpty {
            request.target.input = try input.text()
            changes += input.changes
        }
    }

    private mutating func applyDelivery(_ desired: ScheduleDesired) {
        var policy =
            request.target.retryPolicy
            ?? Scheduler.RetryPolicy(maximumEventAgeInSeconds: nil, maximumRetryAttempts: nil)
        if let retries = desired.retries, retries != policy.maximumRetryAttempts {
            note("retries", policy.maximumRetryAttempts.map(String.init), "\(retries)")
            policy.maximumRetryAttempts = retries
        }
        if let age = desired.maximumAge, age != policy.maximumEventAgeInSeconds {
            note("maximum age", policy.maximumEventAgeInSeconds.map { "\($0) s" }, "\(age) s")
            policy.maximumEventAgeInSeconds = age
        }
        if request.target.retryPolicy != nil || desired.retries != nil || desired.maximumAge != nil {
            request.target.retryPolicy = policy
        }
        if let queue = desired.deadLetterARN, queue != request.target.deadLetterConfig?.arn {
            note("dead-letter queue", request.target.deadLetterConfig?.arn, queue)
            request.target.deadLetterConfig = Scheduler.DeadLetterConfig(arn: queue)
        }
    }

    private mutating func applyTask(_ desired: ScheduleDesired, _ stack: StackFacts) {
        let old = request.target.ecsParameters?.networkConfiguration?.awsvpcConfiguration
        applyStack(stack)
        guard var ecs = request.target.ecsParameters, var vpc = ecs.networkConfiguration?.awsvpcConfiguration
        else { return }
        let publicIP = desired.assignPublicIP.map { $0 ? "ENABLED" : "DISABLED" } ?? (old == nil ? "ENABLED" : nil)
        if let publicIP, publicIP != vpc.assignPublicIp ?? (old == nil ? "" : "DISABLED") {
            note("public IP", old == nil ? nil : vpc.assignPublicIp ?? "DISABLED", publicIP)
            vpc.assignPublicIp = publicIP
        }
        ecs.networkConfiguration = Scheduler.NetworkConfiguration(awsvpcConfiguration: vpc)
        request.target.ecsParameters = ecs
    }

    /// The task definition and the network of the stack.
    private mutating func applyStack(_ stack: StackFacts) {
        guard var ecs = request.target.ecsParameters else { return }
        if ecs.taskDefinitionArn != stack.taskDefinitionARN {
            note("task definition", ecs.taskDefinitionArn, stack.taskDefinitionARN)
            ecs.taskDefinitionArn = stack.taskDefinitionARN
        }
        let old = ecs.networkConfiguration?.awsvpcConfiguration
        var vpc =
            old ?? Scheduler.AwsVpcConfiguration(subnets: [], securityGroups: nil, assignPublicIp: nil)
        // The order of subnets and groups means nothing.
        if Set(vpc.subnets) != Set(stack.subnets) {
            note("subnets", old?.subnets.joined(separator: ","), stack.subnets.joined(separator: ","))
            vpc.subnets = stack.subnets
        }
        if !stack.securityGroups.isEmpty, Set(vpc.securityGroups ?? []) != Set(stack.securityGroups) {
            note(
                "security groups", vpc.securityGroups?.joined(separator: ","),
                stack.securityGroups.joined(separator: ","))
            vpc.securityGroups = stack.securityGroups
        }
        ecs.networkConfiguration = Scheduler.NetworkConfiguration(awsvpcConfiguration: vpc)
        request.target.ecsParameters = ecs
    }

    /// Whether a stored expression means what is desired, however it is written.
    private func means(_ stored: String, _ desired: ScheduleExpression) -> Bool {
        guard let parsed = try? ScheduleExpression(stored) else { return stored == desired.text }
        return parsed == desired
    }

    private mutating func set(
        _ member: WritableKeyPath<Scheduler.ScheduleRequest, String>, to value: String, _ field: String
    ) {
        guard request[keyPath: member] != value else { return }
        note(field, request[keyPath: member], value)
        request[keyPath: member] = value
    }

    private mutating func set(
        _ member: WritableKeyPath<Scheduler.ScheduleRequest, String?>, to value: String, _ field: String
    ) {
        note(field, request[keyPath: member], value)
        request[keyPath: member] = value
    }

    private mutating func note(_ field: String, _ from: String?, _ to: String?) {
        changes.append(ScheduleChange(field: field, from: from, to: to))
    }
}
