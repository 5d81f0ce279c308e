internal import Support

/// What a schedule has to know of the stacks that it serves; all of it is stored in the schedule by value.
package struct StackFacts: Sendable {
    /// The task stack's name.
    package var stack: String
    /// The schedule group that the task stack owns.
    package var group: String
    /// The role that EventBridge Scheduler takes to start tasks.
    package var roleARN: String
    package var clusterARN: String
    /// Without revision: each run takes the family's latest.
    package var taskDefinitionARN: String
    package var containerName: String
    package var subnets: [String]
    package var securityGroups: [String]

    /// - Parameters:
    ///   - outputs: of the task stack.
    ///   - subnets: where the task runs, 1 to 16.
    ///   - securityGroups: at most 5; none: the default group of the VPC.
    /// - Throws: `Failure(.failed)` that names the outputs that the stack does not have; `.usage` without subnets.
    package init(stack: String, outputs: [String: String], subnets: [String], securityGroups: [String]) throws {
        let needed = ["ScheduleGroupName", "ScheduleRoleArn", "ClusterArn", "TaskDefinitionArn", "ContainerName"]
        let missing = needed.filter { outputs[$0, default: ""].isEmpty }
        guard missing.isEmpty else {
            throw Failure(
                .failed,
                "stack \(stack) has no output \(missing.joined(separator: ", ")): "
                    + (missing.contains("ScheduleGroupName")
                        ? "it has no schedule group of its own to hold schedules" : "schedules can't be pointed at it"),
                hint: "bring it to fgctl's task template with 'fgctl cf-update-stack', or give a template these outputs"
            )
        }
        guard !subnets.isEmpty else {
            throw Failure(
                .usage, "no subnets are known for the tasks of stack \(stack)",
                hint: "set SUBNETS, or create the network with 'fgctl cf-create-vpc'")
        }
        self.stack = stack
        group = outputs["ScheduleGroupName", default: ""]
        roleARN = outputs["ScheduleRoleArn", default: ""]
        clusterARN = outputs["ClusterArn", default: ""]
        taskDefinitionARN = Self.withoutRevision(outputs["TaskDefinitionArn", default: ""])
        containerName = outputs["ContainerName", default: ""]
        self.subnets = subnets
        self.securityGroups = securityGroups
    }

    /// `…:task-definition/nightly:7` gives `…:task-definition/nightly`.
    static func withoutRevision(_ arn: String) -> String {
        guard let slash = arn.lastIndex(of: "/"), let colon = arn[slash...].lastIndex(of: ":") else { return arn }
        let revision = arn[arn.index(after: colon)...]
        return !revision.isEmpty && revision.allSatisfy(\.isASCIIDigit) ? String(arn[..<colon]) : arn
    }

    /// The family of a task definition's ARN.
    static func family(of arn: String) -> String {
        let plain = withoutRevision(arn)
        return plain.lastIndex(of: "/").map { String(plain[plain.index(after: $0)...]) } ?? plain
    }
}
