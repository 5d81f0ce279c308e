package import AWS
package import AWSServices
package import FoundationEssentials
internal import Synchronization

/// Looks at tasks that failed: reasons, exit codes and last log lines. Reads only.
package struct TaskInvestigator: Sendable {
    /// How many tasks are looked at closely, the newest ones.
    static let mostTasks = 3
    private static let mostLines = 50

    private let ecs: ECS
    private let logs: CloudWatchLogs
    private let definitions = Definitions()

    package init(client: AWSClient) {
        ecs = ECS(client)
        logs = CloudWatchLogs(client)
    }

    /// Task definitions never change: each is asked for once.
    private final class Definitions: Sendable {
        let known = Mutex<[String: ECS.TaskDefinition]>([:])
    }

    /// The newest stopped tasks of a service that did not end well.
    ///
    /// - Parameters:
    ///   - service: its ARN: `arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`.
    ///   - counts: whether a task belongs to what is looked into; ECS goes on naming tasks of earlier deployments for an hour.
    package func failedTasks(
        ofService service: String, where counts: (ECS.Task) -> Bool = { _ in true }
    ) async throws -> [FailedTask] {
        guard let (cluster, name) = Self.place(ofService: service) else { return [] }
        let stopped = try await stoppedTasks(ofServices: [name], cluster: cluster, knowing: [])
        return try await newest(stopped.filter(counts))
    }

    /// The same of several services, those of a cluster by one list, whatever their number.
    package func failedTasks(
        ofServices services: [String], where counts: (ECS.Task) -> Bool
    ) async throws -> [FailedTask] {
        var clusters: [String: [String]] = [:]
        for (cluster, name) in services.compactMap({ Self.place(ofService: $0) }) {
            clusters[cluster, default: []].append(name)
        }
        var found: [FailedTask] = []
        for (cluster, names) in clusters.sorted(by: { $0.key < $1.key }) {
            let stopped = try await stoppedTasks(ofServices: names, cluster: cluster, knowing: [])
            for name in names.sorted() {
                found += try await newest(
                    stopped.filter { ($0.group.map { $0 == "service:\(name)" } ?? (names.count == 1)) && counts($0) })
            }
        }
        return found
    }

    /// Whether ECS has deleted a service: it shows it as DRAINING, later INACTIVE, then not at all.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    ///
    /// - Parameter service: its ARN.
    package func isDeleted(service: String) async throws -> Bool {
        guard let (cluster, name) = Self.place(ofService: service) else { return false }
        return try await !ecs.describeServices([name], cluster: cluster).contains { $0.status == "ACTIVE" }
    }

    /// Cluster and name out of a service's ARN, the older form without a cluster included.
    private static func place(ofService arn: String) -> (cluster: String, name: String)? {
        let parts = arn.split(separator: "/").map(String.init)
        guard parts.count >= 2, let name = parts.last else { return nil }
        return (parts.count > 2 ? parts[parts.count - 2] : "default", name)
    }

    /// The newest stopped tasks of a cluster that did not end well, of those that were made since a time.
    package func failedTasks(cluster: String, since time: Date?) async throws -> [FailedTask] {
        try await newest(
            try await stoppedTasks(ofServices: [], cluster: cluster, knowing: []).filter { $0.wasMade(since: time) })
    }

    private func newest(_ tasks: [ECS.Task]) async throws -> [FailedTask] {
        var found: [FailedTask] = []
        for task in tasks where found.count < Self.mostTasks {
            if let failed = try await examine(task) { found.append(failed) }
        }
        return found
    }

    /// The tasks that have stopped, newest first, in two calls: several services are asked for by one list of the cluster.
    ///
    /// - Parameters:
    ///   - services: names; with none all tasks of the cluster count.
    ///   - known: ARNs of tasks that are not asked for (again).
    func stoppedTasks(
        ofServices services: [String], cluster: String, knowing known: Set<String>
    ) async throws -> [ECS.Task] {
        var request = ECS.ListTasksRequest(cluster: cluster)
        if services.count == 1 { request.serviceName = services[0] }
        request.desiredStatus = "STOPPED"
        let arns = try await ecs.listTasks(request).filter { !known.contains($0) }
        guard !arns.isEmpty else { return [] }
        let described = try await ecs.describeTasks(cluster: cluster, tasks: Array(arns.prefix(100))).tasks ?? []
        return described.filter { $0.lastStatus == "STOPPED" }
            .sorted { ($0.stoppedAt ?? .distantPast) > ($1.stoppedAt ?? .distantPast) }
    }

    /// A stopped task with its reasons; `nil` when it did not fail.
    ///
    /// - Parameter withLogs: whether its last lines are fetched, a call for each container that ended badly.
    func examine(_ task: ECS.Task, withLogs: Bool = true) async throws -> FailedTask? {
        guard !task.madeRoom, let name = task.taskDefinitionArn else { return nil }
        let definition: ECS.TaskDefinition
        if let known = definitions.known.withLock({ $0[name] }) {
            definition = known
        } else {
            definition = try await ecs.describeTaskDefinition(name)
            definitions.known.withLock { $0[name] = definition }
        }
        let verdict = TaskVerdict(task, definition: definition)
        guard verdict.outcome != .succeeded, verdict.outcome != .stopped || task.wasUnfit else { return nil }
        return FailedTask(
            task, definition: definition, logs: withLogs ? await lastLines(verdict, definition) : [])
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

extension ECS.Task {
    /// Whether its service's scheduler stopped it since it failed health checks.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
    var wasUnfit: Bool {
        stopCode == "ServiceSchedulerInitiated" && stoppedReason?.lowercased().contains("failed") == true
    }

    /// Whether it was made at that time or later; where ECS does not say when, it may have been.
    package func wasMade(since time: Date?) -> Bool {
        guard let time, let made = createdAt else { return true }
        return made >= time
    }

    /// Whether its service's scheduler stopped it for another, which says nothing of it.
    package var madeRoom: Bool { stopCode == "ServiceSchedulerInitiated" && !wasUnfit }
}
