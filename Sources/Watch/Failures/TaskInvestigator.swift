package import AWS
internal import AWSServices
internal import FoundationEssentials

/// Looks at tasks that failed: reasons, exit codes and last log lines. Reads only.
package struct TaskInvestigator: Sendable {
    /// How many tasks are looked at closely, the newest ones.
    private static let mostTasks = 3
    private static let mostLines = 50

    private let ecs: ECS
    private let logs: CloudWatchLogs

    package init(client: AWSClient) {
        ecs = ECS(client)
        logs = CloudWatchLogs(client)
    }

    /// The newest stopped tasks of a service that did not end well.
    ///
    /// - Parameter service: its ARN: `arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`.
    package func failedTasks(ofService service: String) async throws -> [FailedTask] {
        let parts = service.split(separator: "/").map(String.init)
        guard parts.count >= 2, let name = parts.last else { return [] }
        return try await failedTasks(
            ofService: name, cluster: parts.count > 2 ? parts[parts.count - 2] : "default", knowing: [])
    }

    /// The same by name.
    ///
    /// - Parameter known: ARNs of tasks that are not looked at (again).
    package func failedTasks(
        ofService name: String, cluster: String, knowing known: Set<String>
    ) async throws -> [FailedTask] {
        var request = ECS.ListTasksRequest(cluster: cluster)
        request.serviceName = name
        return try await failedTasks(request, known: known)
    }

    /// The newest stopped tasks of a cluster that did not end well.
    package func failedTasks(cluster: String) async throws -> [FailedTask] {
        try await failedTasks(ECS.ListTasksRequest(cluster: cluster), known: [])
    }

    private func failedTasks(_ request: ECS.ListTasksRequest, known: Set<String>) async throws -> [FailedTask] {
        var request = request
        request.desiredStatus = "STOPPED"
        let cluster = request.cluster ?? "default"
        let arns = try await ecs.listTasks(request).filter { !known.contains($0) }
        guard !arns.isEmpty else { return [] }
        let described = try await ecs.describeTasks(cluster: cluster, tasks: Array(arns.prefix(100))).tasks ?? []
        let stopped = described.filter { $0.lastStatus == "STOPPED" && $0.stopCode != "ServiceSchedulerInitiated" }
            .sorted { ($0.stoppedAt ?? .distantPast) > ($1.stoppedAt ?? .distantPast) }
        var found: [FailedTask] = []
        var definitions: [String: ECS.TaskDefinition] = [:]
        for task in stopped where found.count < Self.mostTasks {
            guard let name = task.taskDefinitionArn else { continue }
            if definitions[name] == nil { definitions[name] = try await ecs.describeTaskDefinition(name) }
            guard let definition = definitions[name] else { continue }
            let verdict = TaskVerdict(task, definition: definition)
            guard verdict.outcome != .succeeded, verdict.outcome != .stopped else { continue }
            found.append(FailedTask(task, definition: definition, logs: await lastLines(verdict, definition)))
        }
        return found
    }

    /// The last lines of the containers that did not end with 0; a stream that can't be read has none.
    private func lastLines(_ verdict: TaskVerdict, _ definition: ECS.TaskDefinition) async -> [FailedTask.Log] {
        let bad = Set(verdict.containers.filter { $0.exitCode != 0 }.map(\.name))
        let id = TaskWatch.id(verdict.taskArn)
        var found: [FailedTask.Log] = []
        for place in LogLocation.all(of: definition, taskID: id) where bad.contains(place.container) {
            var request = CloudWatchLogs.GetLogEventsRequest(logGroupName: place.group, logStreamName: place.stream)
            request.limit = Self.mostLines
            request.startFromHead = false
            // A container that never started has no stream.
            guard let page = try? await logs.getLogEvents(request) else { continue }
            found.append(
                FailedTask.Log(
                    container: place.container, group: place.group, stream: place.stream,
                    lines: (page.events ?? []).map { $0.message ?? "" }))
        }
        return found
    }
}
