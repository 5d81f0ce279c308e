package import AWSServices
package import FoundationEssentials
internal import Support

/// A schedule as EventBridge Scheduler holds it.
package struct StoredSchedule: Sendable {
    package let name: String
    package let group: String
    package let response: Scheduler.GetScheduleResponse

    package init(name: String, group: String, response: Scheduler.GetScheduleResponse) {
        self.name = name
        self.group = group
        self.response = response
    }

    package var summary: ScheduleSummary { ScheduleSummary(response, name: name, group: group) }

    /// The request for RunTask that the schedule itself would send now.
    /// - Throws: see `ScheduledTask`.
    package func launch(now: Date, execution: String, token: String) throws -> ECS.RunTaskRequest {
        let task = ScheduledTask(
            label: "schedule \(group)/\(name)", target: response.target, startedBy: ScheduledTask.startedBy(name),
            attributes: [
                "schedule-arn": response.arn ?? "", "scheduled-time": now.formatted(.iso8601),
                "execution-id": execution, "attempt-number": "1",
            ])
        return try task.launch(token: token)
    }
}
