package import AWS
internal import AWSServices
internal import Support
internal import Watch

/// Reads what ECS and CloudWatch Logs still know of task families.
package struct RunHistory: Sendable {
    private let ecs: ECS
    private let logs: CloudWatchLogs

    package init(_ client: AWSClient) {
        ecs = ECS(client)
        logs = CloudWatchLogs(client)
    }

    /// - Parameters:
    ///   - cluster: name or ARN.
    ///   - warn: told of what may not be looked into.
    /// - Throws: `AWSError` but for access that is denied, and things that don't exist (any more).
    package func evidence(
        cluster: String, family: String, warn: @Sendable (String) -> Void
    ) async throws -> RunEvidence {
        var evidence = RunEvidence()
        evidence.tasks = try await reading("the tasks of cluster \(cluster)", gone: [], warn) {
            var arns: [String] = []
            for status in ["RUNNING", "STOPPED"] {
                var request = ECS.ListTasksRequest(cluster: cluster)
                request.family = family
                request.desiredStatus = status
                arns += try await ecs.listTasks(request)
            }
            var tasks: [ECS.Task] = []
            // DescribeTasks takes 100 at once.
            for start in stride(from: 0, to: arns.count, by: 100) {
                let some = Array(arns[start..<min(start + 100, arns.count)])
                tasks += try await ecs.describeTasks(cluster: cluster, tasks: some).tasks ?? []
            }
            return tasks
        }
        evidence.definition = try await reading("task definition \(family)", gone: nil, warn) {
            try await ecs.describeTaskDefinition(family)
        }
        guard let place = evidence.definition.flatMap({ LogLocation.all(of: $0, taskID: "").first }) else {
            return evidence
        }
        let latest = try await reading("log group \(place.group)", gone: [], warn) {
            try await logs.latestStreams(of: place.group, limit: RunEvidence.mostStreams)
        }
        evidence.streams = latest?.filter { $0.logStreamName?.hasPrefix(place.stream) == true }
        evidence.hasMoreStreams = (latest?.count ?? 0) >= RunEvidence.mostStreams
        return evidence
    }

    private func reading<T>(
        _ what: String, gone: T?, _ warn: @Sendable (String) -> Void, _ read: () async throws -> T
    ) async throws -> T? {
        do {
            return try await read()
        } catch let error as AWSError where error.isAccessDenied {
            warn("can't look into \(what): \(error)")
            return nil
        } catch let error as AWSError
            where ["ClusterNotFoundException", "ResourceNotFoundException", "ClientException"].contains(error.code)
        {
            return gone
        }
    }
}
