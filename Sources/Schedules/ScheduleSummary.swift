internal import AWSServices

/// A schedule as it stands at AWS, for text and JSON output.
package struct ScheduleSummary: Sendable, Hashable, Codable {
    package let name: String
    package let group: String
    package let expression: String
    package let timezone: String
    /// ENABLED or DISABLED.
    package let state: String
    /// The family of the task that it starts; `nil` when it starts something else.
    package let taskFamily: String?
    package let arn: String

    package init(
        name: String, group: String, expression: String, timezone: String, state: String, taskFamily: String?,
        arn: String
    ) {
        self.name = name
        self.group = group
        self.expression = expression
        self.timezone = timezone
        self.state = state
        self.taskFamily = taskFamily
        self.arn = arn
    }

    /// - Parameters:
    ///   - name: taken where the answer holds none.
    ///   - group: likewise.
    init(_ schedule: Scheduler.GetScheduleResponse, name: String, group: String) {
        self.name = schedule.name ?? name
        self.group = schedule.groupName ?? group
        expression = schedule.scheduleExpression ?? ""
        timezone = schedule.scheduleExpressionTimezone ?? "UTC"
        state = schedule.state ?? "ENABLED"
        taskFamily = (schedule.target?.ecsParameters?.taskDefinitionArn).map(StackFacts.family)
        arn = schedule.arn ?? ""
    }
}

/// What became of a wish for a schedule.
package struct ScheduleOutcome: Sendable, Hashable, Codable {
    package enum Action: String, Sendable, Codable {
        case created, updated, unchanged
    }

    package let action: Action
    package let changes: [ScheduleChange]
    /// What the user should know though it stopped nothing.
    package let warnings: [String]
    /// As read back from AWS.
    package let schedule: ScheduleSummary
}
