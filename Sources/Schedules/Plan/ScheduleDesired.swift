package import FoundationEssentials
internal import Support

/// The schedule as the user asks for it; what is `nil` stays as it is, or takes its default in a new schedule.
package struct ScheduleDesired: Sendable {
    package enum State: String, Sendable {
        case enabled = "ENABLED"
        case disabled = "DISABLED"
    }

    /// The TARGET_ID.
    package var name: String
    package var expression: ScheduleExpression
    package var engine: ScheduleEngine
    /// IANA name; default `UTC`.
    package var timezone: String?
    /// Default: enabled.
    package var state: State?
    /// How often AWS tries again to start a task, 0 to 185; default 185, as many as fit into `maximumAge`.
    package var retries: Int?
    /// How late a run may start, in seconds, 60 to 86,400; default one hour, so that a midnight job that could not be
    /// started does not run in the afternoon.
    package var maximumAge: Int?
    /// Of a standard SQS queue for runs that could not be started.
    package var deadLetterARN: String?
    /// Instead of the image's command.
    package var command: [String]?
    /// Set over those already there; the others stay.
    package var environment: [(name: String, value: String)] = []
    /// Default: on, since the network's subnets are public ones without NAT.
    package var assignPublicIP: Bool?

    package init(name: String, expression: ScheduleExpression, engine: ScheduleEngine = .scheduler) {
        self.name = name
        self.expression = expression
        self.engine = engine
    }

    package static let retryLimits = 0...185
    package static let ageLimits = 60...86400
    static let defaultRetries = 185
    static let defaultAge = 3600

    /// Checks everything that can be checked before the first call.
    /// - Throws: `Failure(.badInput)` or `Failure(.usage)` naming what is wrong.
    package func check(zones: ZoneDatabase = ZoneDatabase(), now: Date) throws {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            throw Failure(
                .usage, "TARGET_ID '\(name)': it must be 1 to 64 letters, digits, '-', '_' or '.'",
                hint: "left out, the stack's name is taken")
        }
        try expression.checkNotOver(now: now)
        if engine == .rule { try checkForRule() }
        if let timezone { try zones.check(timezone) }
        if let retries, !Self.retryLimits.contains(retries) {
            throw Failure(.usage, "--retries \(retries): it must be from 0 to 185")
        }
        if let maximumAge, !Self.ageLimits.contains(maximumAge) {
            throw Failure(.usage, "--max-age: \(maximumAge) s is not from 1 minute to 24 hours")
        }
        if let deadLetterARN, !Self.isQueue(deadLetterARN) {
            throw Failure(
                .usage, "--dead-letter '\(deadLetterARN)' is not the ARN of a standard SQS queue",
                hint: "such as arn:aws:sqs:eu-west-1:123456789012:nightly-failed")
        }
        for variable in environment where variable.name.isEmpty || variable.name.contains("=") {
            throw Failure(.usage, "--set-env: '\(variable.name)' is not a variable's name")
        }
    }

    private func checkForRule() throws {
        if case .at = expression.form {
            throw Failure(
                .usage, "'\(expression.text)' with --engine rule: rules know no at(…)",
                hint: "leave --engine out: EventBridge Scheduler runs it once")
        }
        if let timezone, timezone != "UTC" {
            throw Failure(
                .usage, "time zone \(timezone) with --engine rule: rules know no time zone but UTC",
                hint: "leave --engine out: EventBridge Scheduler knows them all")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-_.".utf8.contains(byte)
    }

    /// `arn:aws:sqs:REGION:ACCOUNT:QUEUE`; Scheduler takes no FIFO queues here.
    private static func isQueue(_ text: String) -> Bool {
        guard let arn = ARN(text) else { return false }
        return arn.service == "sqs" && !arn.region.isEmpty && arn.account.utf8.count == 12 && !arn.resource.isEmpty
            && arn.resource.utf8.allSatisfy { Self.isNameByte($0) && $0 != UInt8(ascii: ".") }
    }
}
