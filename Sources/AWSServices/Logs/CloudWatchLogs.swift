package import AWS

/// Amazon CloudWatch Logs: reading what containers wrote.
package struct CloudWatchLogs: Sendable {
    package static let service = Service(
        .logs, apiVersion: "2014-03-28",
        wire: .json(version: "1.1", targetPrefix: "Logs_20140328"))

    private static let getLogEvents = Operation<GetLogEventsRequest, GetLogEventsResponse>(
        "GetLogEvents", of: service, .reads)

    private static let describeLogGroups = Operation<DescribeLogGroupsRequest, DescribeLogGroupsResponse>(
        "DescribeLogGroups", of: service, .reads)

    let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// One page of a stream's events, oldest first when `startFromHead` is set.
    ///
    /// The end is reached when the answer's forward token equals the one that was sent.
    package func getLogEvents(_ request: GetLogEventsRequest) async throws -> GetLogEventsResponse {
        try await client.send(Self.getLogEvents, request, on: "\(request.logGroupName):\(request.logStreamName)")
    }

    /// Whether there is a log group of exactly this name. (The name is the shortest with itself as prefix, and answers are
    /// sorted, so the first page tells.)
    package func hasLogGroup(_ name: String) async throws -> Bool {
        let request = DescribeLogGroupsRequest(logGroupNamePrefix: name)
        let answer = try await client.send(Self.describeLogGroups, request, on: name)
        return (answer.logGroups ?? []).contains { $0.logGroupName == name }
    }
}

extension CloudWatchLogs {
    package struct DescribeLogGroupsRequest: Codable, Sendable {
        package var logGroupNamePrefix: String
    }

    package struct DescribeLogGroupsResponse: Codable, Sendable {
        package let logGroups: [LogGroup]?
    }

    package struct LogGroup: Codable, Sendable {
        package let logGroupName: String?
    }

    package struct GetLogEventsRequest: Codable, Sendable {
        package var logGroupName: String
        package var logStreamName: String
        package var startFromHead: Bool?
        package var nextToken: String?
        /// Milliseconds since 1970.
        package var startTime: Int64?
        /// At most 10,000 events (or 1 MB) a page.
        package var limit: Int?
        package init(logGroupName: String, logStreamName: String) {
            self.logGroupName = logGroupName
            self.logStreamName = logStreamName
        }
    }

    package struct GetLogEventsResponse: Codable, Sendable {
        package let events: [OutputLogEvent]?
        package let nextForwardToken: String?
        package let nextBackwardToken: String?
    }

    package struct OutputLogEvent: Codable, Sendable {
        /// Milliseconds since 1970.
        package let timestamp: Int64?
        package let message: String?
        package let ingestionTime: Int64?
    }
}
