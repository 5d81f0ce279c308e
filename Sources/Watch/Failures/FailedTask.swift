package import AWSServices

/// A task that failed, with what it wrote last; its JSON form is stable.
package struct FailedTask: Codable, Sendable {
    /// The last lines of one container.
    package struct Log: Codable, Sendable, Hashable {
        package let container: String
        package let group: String
        package let stream: String
        package let lines: [String]

        package init(container: String, group: String, stream: String, lines: [String]) {
            self.container = container
            self.group = group
            self.stream = stream
            self.lines = lines
        }
    }

    package let verdict: TaskVerdict
    package let taskDefinition: String?
    /// The last lines of each container that did not end well, at most 50 each.
    package let logs: [Log]
    /// Of its network interfaces.
    package let subnets: [String]
    /// Of its containers, as the task definition names them.
    package let images: [String]
    /// ARNs.
    package let executionRole: String?
    package let taskRole: String?
    /// The service it belongs to.
    package let service: String?
    /// The deployment that started it (`ecs-svc/…`), or what RunTask was told.
    package let startedBy: String?

    package init(_ task: ECS.Task, definition: ECS.TaskDefinition, logs: [Log] = []) {
        var verdict = TaskVerdict(task, definition: definition)
        for log in logs { verdict.quote(log.lines, of: log.container) }
        self.verdict = verdict
        taskDefinition = task.taskDefinitionArn
        self.logs = logs
        subnets = task.subnets
        images = (definition.containerDefinitions ?? []).compactMap(\.image)
        executionRole = definition.executionRoleArn
        taskRole = definition.taskRoleArn
        startedBy = task.startedBy
        service = task.group.flatMap { $0.hasPrefix("service:") ? String($0.dropFirst("service:".count)) : nil }
    }

    /// Everything that AWS said of it.
    package var texts: [String] {
        [verdict.stoppedReason, verdict.cause].compactMap { $0 } + verdict.containers.compactMap(\.reason)
    }

    /// The report for people.
    package var lines: [String] {
        let id = TaskWatch.id(verdict.taskArn)
        var lines = ["  task \(id) \(verdict.outcome.rawValue): \(verdict.cause ?? "no cause given")"]
        for container in verdict.containers {
            let code = container.exitCode.map(String.init) ?? "none"
            lines.append(
                "    container \(container.name): exit code \(code)" + (container.reason.map { ", \($0)" } ?? ""))
        }
        for log in logs {
            lines.append("    last lines of \(log.container) (\(log.group) \(log.stream)):")
            lines += log.lines.isEmpty ? ["      (none)"] : log.lines.map { "      \($0)" }
        }
        return lines
    }
}

extension ECS.Task {
    /// The subnets of its network interfaces.
    var subnets: [String] {
        (attachments ?? []).flatMap { $0.details ?? [] }.filter { $0.name == "subnetId" }.compactMap(\.value)
    }
}
