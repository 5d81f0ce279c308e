internal import AWS

/// Reading across the streams of a log group.
extension CloudWatchLogs {
    private static let filterLogEvents = Operation<FilterLogEventsRequest, FilterLogEventsResponse>(
        "FilterLogEvents", of: service, .reads)
    private static let describeLogStreams = Operation<DescribeLogStreamsRequest, DescribeLogStreamsResponse>(
        "DescribeLogStreams", of: service, .reads)

    /// One page of the events of a group, oldest first. A page may be empty though more follow.
    package func filterLogEvents(_ request: FilterLogEventsRequest) async throws -> FilterLogEventsResponse {
        try await client.send(Self.filterLogEvents, request, on: request.logGroupName)
    }

    /// The streams that were written to last, newest first, at most 50.
    package func latestStreams(of group: String, limit: Int) async throws -> [LogStream] {
        let request = DescribeLogStreamsRequest(
            logGroupName: group, orderBy: "LastEventTime", descending: true, limit: min(50, limit))
        return try await client.send(Self.describeLogStreams, request, on: group).logStreams ?? []
    }

    /// The streams whose names begin so, by name, at most 50.
    package func streams(of group: String, prefix: String) async throws -> [LogStream] {
        let request = DescribeLogStreamsRequest(logGroupName: group, logStreamNamePrefix: prefix)
        return try await client.send(Self.describeLogStreams, request, on: group).logStreams ?? []
    }

    package struct FilterLogEventsRequest: Codable, Sendable {
        package var logGroupName: String
        /// At most 100 names; excludes `logStreamNamePrefix`.
        package var logStreamNames: [String]?
        package var logStreamNamePrefix: String?
        /// Milliseconds since 1970, inclusive.
        package var startTime: Int64?
        package var endTime: Int64?
        package var filterPattern: String?
        package var nextToken: String?
        package var limit: Int?
        package init(logGroupName: String) { self.logGroupName = logGroupName }
    }

    package struct FilterLogEventsResponse: Codable, Sendable {
        package let events: [FilteredLogEvent]?
        package let nextToken: String?
    }

    package struct FilteredLogEvent: Codable, Sendable {
        package let logStreamName: String?
        /// Milliseconds since 1970.
        package let timestamp: Int64?
        package let message: String?
        package let ingestionTime: Int64?
        package let eventId: String?
    }

    package struct DescribeLogStreamsRequest: Codable, Sendable {
        package var logGroupName: String
        /// Excludes an order by LastEventTime.
        package var logStreamNamePrefix: String?
        package var orderBy: String?
        package var descending: Bool?
        package var limit: Int?
    }

    package struct DescribeLogStreamsResponse: Codable, Sendable {
        package let logStreams: [LogStream]?
        package let nextToken: String?
    }

    package struct LogStream: Codable, Sendable {
        package let logStreamName: String?
        /// Milliseconds since 1970; eventually consistent.
        package let lastEventTimestamp: Int64?
        package let creationTime: Int64?
    }
}
