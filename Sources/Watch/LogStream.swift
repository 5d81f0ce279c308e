internal import AWS
package import AWSServices
internal import Support

/// Where a container's log lines are.
package struct LogLocation: Codable, Sendable, Hashable {
    package let container: String
    package let group: String
    package let stream: String

    package init(container: String, group: String, stream: String) {
        self.container = container
        self.group = group
        self.stream = stream
    }

    /// The streams of a task's containers: `<prefix>/<container>/<task id>`; containers without awslogs have none.
    package static func all(of definition: ECS.TaskDefinition, taskID: String) -> [LogLocation] {
        (definition.containerDefinitions ?? []).compactMap { container in
            guard let name = container.name, let log = container.logConfiguration, log.logDriver == "awslogs",
                let group = log.options?["awslogs-group"], let prefix = log.options?["awslogs-stream-prefix"]
            else { return nil }
            return LogLocation(container: name, group: group, stream: "\(prefix)/\(name)/\(taskID)")
        }
    }
}

/// Reads one log stream from its beginning, keeping its place between reads.
package actor LogStream {
    package let location: LogLocation
    private let logs: CloudWatchLogs
    private var token: String?

    package init(_ location: LogLocation, _ logs: CloudWatchLogs) {
        self.location = location
        self.logs = logs
    }

    /// Hands over all lines that are there by now and were not handed over before, and returns their number.
    ///
    /// A stream that does not exist yet holds no lines: it appears with the container's first one.
    /// - Throws: `AWSError` for everything else.
    package func readNew(_ show: @Sendable (String) -> Void) async throws -> Int {
        var count = 0
        while true {
            var request = CloudWatchLogs.GetLogEventsRequest(
                logGroupName: location.group, logStreamName: location.stream)
            request.startFromHead = true
            request.nextToken = token
            let page: CloudWatchLogs.GetLogEventsResponse
            do {
                page = try await logs.getLogEvents(request)
            } catch let error as AWSError where error.code == "ResourceNotFoundException" {
                return count
            }
            for event in page.events ?? [] { show(event.message ?? "") }
            count += page.events?.count ?? 0
            // The service says "no more for now" by giving back the token it was sent; a page may be empty before that.
            guard let next = page.nextForwardToken, next != token else { return count }
            token = next
        }
    }
}
