package import AWS
internal import AWSServices
package import FoundationEssentials
internal import Support

/// Reads the lines of a log group across its streams, and goes on with what comes.
package actor LogTail {
    /// Which lines are wanted.
    package struct Selection: Sendable {
        package var group: String
        /// At most 100; `nil`: of all streams.
        package var streams: [String]?
        /// In CloudWatch Logs' own pattern language.
        package var pattern: String?
        package var since: Date
        package init(group: String, since: Date) {
            self.group = group
            self.since = since
        }
    }

    /// The pattern for what a user types: a pattern of CloudWatch Logs as it is, plain words as the phrase that they are.
    ///
    /// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    package static func pattern(_ text: String) -> String {
        if let first = text.first, "\"{[%?-".contains(first) { return text }
        // One word of letters, digits and '_' needs no quotes; every other sign does.
        if text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
    }

    package struct Line: Codable, Sendable, Hashable {
        package let time: Date
        package let stream: String
        package let message: String
    }

    /// CloudWatch Logs makes events readable out of order, by some seconds; this much is read again on every look.
    private static let overlap: Int64 = 10_000

    private let logs: CloudWatchLogs
    private let selection: Selection
    private let intervals: [Duration]
    private let sleep: @Sendable (Duration) async throws -> Void
    /// Where the next look begins, in milliseconds since 1970.
    private var from: Int64
    private var newest: Int64
    /// Events of the overlap that were shown, by time.
    private var shown: [String: Int64] = [:]

    package init(
        _ client: AWSClient, _ selection: Selection,
        intervals: [Duration] = [.milliseconds(2500), .milliseconds(2500), .seconds(3), .seconds(4), .seconds(5)],
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        logs = CloudWatchLogs(client)
        self.selection = selection
        self.intervals = intervals
        self.sleep = sleep
        from = max(0, Int64(selection.since.timeIntervalSince1970 * 1000))
        newest = from
    }

    /// Hands over the lines that are there and were not handed over before, oldest first; all pages.
    ///
    /// - Returns: their number.
    /// - Throws: `AWSError`; a group that does not exist is `ResourceNotFoundException`.
    @discardableResult
    package func readNew(_ show: @Sendable (Line) throws -> Void) async throws -> Int {
        var request = CloudWatchLogs.FilterLogEventsRequest(logGroupName: selection.group)
        request.logStreamNames = selection.streams
        request.filterPattern = selection.pattern
        request.startTime = from
        var count = 0
        var twins: [String: Int] = [:]
        repeat {
            try Task.checkCancellation()
            let page = try await logs.filterLogEvents(request)
            for event in page.events ?? [] {
                let time = event.timestamp ?? 0
                let id = event.eventId ?? unnamed(event, &twins)
                guard shown.updateValue(time, forKey: id) == nil else { continue }
                newest = max(newest, time)
                count += 1
                try show(
                    Line(
                        time: Date(timeIntervalSince1970: Double(time) / 1000), stream: event.logStreamName ?? "",
                        message: event.message ?? ""))
            }
            guard page.nextToken != request.nextToken else { break }
            request.nextToken = page.nextToken
        } while request.nextToken != nil
        from = max(from, newest - Self.overlap)
        let edge = from
        shown = shown.filter { $0.value >= edge }
        return count
    }

    /// Stands for the id of an event without one. Equal lines of one moment are told apart by their number; every look reads
    /// all lines of a moment, so they count alike each time.
    private func unnamed(_ event: CloudWatchLogs.FilteredLogEvent, _ twins: inout [String: Int]) -> String {
        let text = "\(event.logStreamName ?? "") \(event.timestamp ?? 0) \(event.message ?? "")"
        twins[text, default: 0] += 1
        return "\(text) \(twins[text, default: 1])"
    }

    /// Goes on reading until the task is cancelled; asks less often while nothing comes.
    package func follow(
        trouble: @Sendable (String) -> Void, _ show: @Sendable (Line) throws -> Void
    ) async throws {
        var quiet = 0
        var outage = Outage(limit: .seconds(300))
        while true {
            do {
                quiet = try await readNew(show) == 0 ? quiet + 1 : 0
                outage.end()
            } catch {
                if let line = try outage.bear(error, lookingAt: "log group \(selection.group)") { trouble(line) }
            }
            try await sleep(intervals[min(quiet, intervals.count - 1)])
        }
    }
}
