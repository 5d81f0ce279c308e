package import AWSServices
internal import Support

/// One difference between a schedule as it is and as it will be.
package struct ScheduleChange: Sendable, Hashable, Codable {
    package let field: String
    /// `nil`: not set before.
    package let from: String?
    /// `nil`: not set any more.
    package let to: String?

    package init(field: String, from: String?, to: String?) {
        self.field = field
        self.from = from
        self.to = to
    }
}

extension ScheduleChange: CustomStringConvertible {
    /// `state: ENABLED -> DISABLED`
    package var description: String { "\(field): \(from ?? "(none)") -> \(to ?? "(none)")" }
}

/// What has to be sent so that a schedule is as desired.
///
/// UpdateSchedule replaces a schedule whole, so an update carries over all that the user did not name.
package enum SchedulePlan: Sendable {
    case create(Scheduler.ScheduleRequest)
    case update(Scheduler.ScheduleRequest, changes: [ScheduleChange])
    case unchanged(Scheduler.ScheduleRequest)

    /// The schedule as it will be. The client token is made when the request is sent.
    package var request: Scheduler.ScheduleRequest {
        switch self {
        case .create(let request), .update(let request, _), .unchanged(let request): request
        }
    }

    package var changes: [ScheduleChange] { if case .update(_, let changes) = self { changes } else { [] } }

    /// - Throws: `Failure` when the existing schedule starts something other than an ECS task.
    package static func make(
        existing: Scheduler.GetScheduleResponse?, desired: ScheduleDesired, stack: StackFacts
    ) throws -> SchedulePlan {
        guard let existing else { return .create(try created(desired, stack)) }
        var merge = try ScheduleMerge(existing, name: desired.name, group: stack.group)
        try merge.apply(desired, stack)
        return merge.changes.isEmpty
            ? .unchanged(merge.request) : .update(merge.request, changes: merge.changes)
    }

    static func created(
        _ desired: ScheduleDesired, _ stack: StackFacts
    ) throws -> Scheduler.ScheduleRequest {
        var ecs = Scheduler.EcsParameters(taskDefinitionArn: stack.taskDefinitionARN)
        ecs.taskCount = 1
        ecs.launchType = "FARGATE"
        ecs.propagateTags = "TASK_DEFINITION"
        ecs.networkConfiguration = Scheduler.NetworkConfiguration(
            awsvpcConfiguration: Scheduler.AwsVpcConfiguration(
                subnets: stack.subnets, securityGroups: stack.securityGroups.isEmpty ? nil : stack.securityGroups,
                assignPublicIp: desired.assignPublicIP == false ? "DISABLED" : "ENABLED"))
        var input = try TaskOverrideInput(nil, schedule: desired.name, engine: desired.engine)
        input.set(container: stack.containerName, command: desired.command, environment: desired.environment)
        var target = Scheduler.Target(arn: stack.clusterARN, roleArn: stack.roleARN)
        target.ecsParameters = ecs
        target.input = try input.text()
        target.deadLetterConfig = desired.deadLetterARN.map { Scheduler.DeadLetterConfig(arn: $0) }
        target.retryPolicy = Scheduler.RetryPolicy(
            maximumEventAgeInSeconds: desired.maximumAge ?? ScheduleDesired.defaultAge,
            maximumRetryAttempts: desired.retries ?? ScheduleDesired.defaultRetries)
        var request = Scheduler.ScheduleRequest(
            name: desired.name, groupName: stack.group, scheduleExpression: desired.expression.text, target: target)
        request.scheduleExpressionTimezone = desired.timezone ?? "UTC"
        request.state = (desired.state ?? .enabled).rawValue
        return request
    }
}
