package import FoundationEssentials
internal import Support

/// When a schedule runs: `cron(…)`, `rate(…)` or `at(…)` as Amazon EventBridge Scheduler takes them, checked and parsed.
///
/// Six bare fields (`0 0 * * ? *`) count as `cron(…)`. Two expressions are equal when they mean the same, however they are
/// written (`MON` and `2`).
///
/// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
package struct ScheduleExpression: Sendable {
    /// The parsed expression.
    package enum Form: Sendable, Hashable {
        case cron(CronExpression)
        case rate(RateExpression)
        case at(AtExpression)
    }

    package let form: Form
    /// The expression as AWS takes it: always with `cron(…)`, `rate(…)` or `at(…)`, fields parted by one blank.
    package let text: String

    /// AWS's limit of an expression, in characters.
    static let longest = 256

    /// - Throws: `Failure(.badInput)` that quotes the expression and names the field and its column, counted from 1 in the
    ///   text as it was given.
    package init(_ written: String) throws {
        let source = ScheduleSource(written)
        guard let first = source.words.first else {
            throw source.failure(
                at: 1, "is empty", hint: "such as '0 0 * * ? *', 'rate(1 day)' or 'at(2030-01-31T02:00:00)'")
        }
        guard let open = source.characters.firstIndex(of: "(") else {
            self.init(.cron(try CronExpression(bare: source)), Self.cronText(source.words))
            try checkLength(source)
            return
        }
        let kind = String(source.characters[(first.column - 1)..<open])
        guard ["cron", "rate", "at"].contains(kind) else {
            throw source.failure(
                at: first.column, "'\(kind)(…)' is none of cron(…), rate(…), at(…)",
                hint: ["cron", "rate", "at"].contains(kind.lowercased())
                    ? "write '\(kind.lowercased())' in lower case" : nil)
        }
        guard let close = source.characters.firstIndex(of: ")") else {
            throw source.failure(at: source.end, "')' is missing")
        }
        if let extra = source.words(in: (close + 1)..<source.characters.count).first {
            throw source.failure(at: extra.column, "'\(extra.text)' follows the closing ')'")
        }
        let words = source.words(in: (open + 1)..<close)
        switch kind {
        case "cron":
            self.init(.cron(try CronExpression(words, in: source, end: close + 1)), Self.cronText(words))
        case "rate":
            let rate = try RateExpression(words, in: source, end: close + 1)
            self.init(.rate(rate), rate.description)
        default:
            let moment = try AtExpression(words, in: source, end: close + 1)
            self.init(.at(moment), moment.description)
        }
        try checkLength(source)
    }

    /// The expression that `schedule-create` is given.
    ///
    /// - Parameter isAlone: whether no TARGET_ID stands before it; then a lone word more likely is that.
    /// - Throws: as `init`, and `Failure(.usage)` for such a word.
    package static func reading(_ text: String, isAlone: Bool) throws -> ScheduleExpression {
        let isName = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        if isAlone, isName, text.first?.isLetter == true {
            throw Failure(
                .usage, "schedule-create \(text): CRON is missing",
                hint: "as in: fgctl schedule-create \(text) '0 0 * * ? *'")
        }
        return try ScheduleExpression(text)
    }

    private init(_ form: Form, _ text: String) {
        self.form = form
        self.text = text
    }

    private func checkLength(_ source: ScheduleSource) throws {
        guard text.count > Self.longest else { return }
        throw source.failure(at: Self.longest + 1, "is longer than \(Self.longest) characters")
    }

    private static func cronText(_ words: [ScheduleSource.Word]) -> String {
        "cron(\(words.map(\.text).joined(separator: " ")))"
    }

    /// Refuses an expression whose last run is past, in whatever zone it is meant.
    /// - Throws: `Failure(.badInput)`.
    package func checkNotOver(now: Date) throws {
        let last: AtExpression
        switch form {
        case .rate: return
        case .at(let moment): last = moment
        case .cron(let cron):
            guard let year = cron.years.last else { return }
            last = AtExpression(year: year, month: 12, day: 31, hour: 23, minute: 59, second: 59)
        }
        // The last place on earth to see a local time is 12 hours behind UTC.
        let latest = last.local.seconds + 12 * 3600
        if Double(latest) < now.timeIntervalSince1970 {
            throw Failure(.badInput, "schedule expression '\(text)': it lies in the past, and would never run")
        }
    }
}

extension ScheduleExpression: Hashable, CustomStringConvertible {
    package static func == (left: ScheduleExpression, right: ScheduleExpression) -> Bool { left.form == right.form }
    package func hash(into hasher: inout Hasher) { hasher.combine(form) }
    package var description: String { text }
}
