internal import Support
package import Watch

/// What is known of a schedule's last run; its JSON form is stable.
package struct RunRecord: Sendable, Hashable, Codable {
    package enum Status: String, Sendable, Codable {
        /// Its task ended well.
        case succeeded
        /// Its task ended otherwise, was stopped, or never started.
        case failed
        case running
        /// It left traces, or there was no way to look; how it ended is not known.
        case unknown
        /// A run was due, and nothing tells of it.
        case missing
        /// A run is due at this very moment.
        case pending
        /// No run was due since the schedule stands as it does.
        case none
    }

    package let status: Status
    /// When the last run was due, ISO 8601 in UTC; absent when none was, or when the schedule is disabled.
    package var due: String?
    /// ISO 8601 in UTC, as the next ones.
    package var triggeredAt: String?
    package var startedAt: String?
    package var stoppedAt: String?
    package var taskArn: String?
    package var exitCode: Int?
    /// Why, in one line.
    package var cause: String?
    package var log: LogLocation?
    /// The log in AWS's console.
    package var logURL: String?

    package init(_ status: Status) { self.status = status }

    /// Whether the answer to 'did the last run go well?' is no.
    package var isFailure: Bool { status == .failed || status == .missing }

    /// One line for people.
    package var line: String {
        var words = [status == .none ? "no run was due yet" : status.rawValue]
        if let due { words.append("due \(due)") }
        if let time = startedAt ?? triggeredAt { words.append("started \(time)") }
        if let exitCode { words.append("exit \(exitCode)") }
        if let cause { words.append(cause) }
        if let log { words.append("log \(logURL ?? "\(log.group):\(log.stream)")") }
        return words.joined(separator: "  ")
    }
}

/// The address of a log stream in AWS's console.
enum LogLink {
    /// The console wants names escaped twice, with '$' for '%' in the second round.
    static func url(_ log: LogLocation, region: String) -> String {
        let console =
            if region.hasPrefix("cn-") {
                "console.amazonaws.cn"
            } else if region.hasPrefix("us-gov-") {
                "console.amazonaws-us-gov.com"
            } else {
                "console.aws.amazon.com"
            }
        return "https://\(region).\(console)/cloudwatch/home?region=\(region)#logsV2:log-groups/log-group/"
            + "\(escaped(log.group))/log-events/\(escaped(log.stream))"
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte -> String in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-_.".utf8.contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "$25" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
