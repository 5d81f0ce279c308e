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

    /// Events in one page that make another look at once worth a call: there are likely more.
    private static let fullPage = 500

    /// Hands over the lines that were not handed over before.
    ///
    /// A stream that does not exist yet holds no lines: it appears with the container's first one.
    /// - Parameter toEnd: go on until the service says that there is no more; else a page that brings few lines ends the look
    ///   and the next look goes on from there.
    /// - Returns: how many lines there were, and whether the service said "no more for now".
    /// - Throws: `AWSError` for everything but a missing stream.
    package func readNew(toEnd: Bool = true, _ show: @Sendable (String) -> Void) async throws -> LogLook {
        var look = LogLook(lines: 0, isAtEnd: true)
        while true {
            var request = CloudWatchLogs.GetLogEventsRequest(
                logGroupName: location.group, logStreamName: location.stream)
            request.startFromHead = true
            request.nextToken = token
            let page: CloudWatchLogs.GetLogEventsResponse
            do {
                page = try await logs.getLogEvents(request)
            } catch let error as AWSError where error.code == "ResourceNotFoundException" {
                // The same code for group and stream; only the words tell them apart.
                look.lacksGroup = error.message.lowercased().contains("log group")
                return look
            }
            let count = page.events?.count ?? 0
            for event in page.events ?? [] { show(event.message ?? "") }
            look.lines += count
            // The service says "no more for now" by giving back the token it was sent; a page may be empty before that.
            guard let next = page.nextForwardToken, next != token else { return look }
            token = next
            if !toEnd, count < Self.fullPage {
                look.isAtEnd = false
                return look
            }
        }
    }
}

/// What one look at a log stream brought.
package struct LogLook: Sendable, Hashable {
    package var lines: Int
    /// Whether the service said that there is no more for now.
    package var isAtEnd: Bool
    /// Whether not even the log group exists.
    package var lacksGroup = false
    package init(lines: Int, isAtEnd: Bool) {
        self.lines = lines
        self.isAtEnd = isAtEnd
    }
}
