/// `rate(VALUE UNIT)`: a fixed distance between two runs.
package struct RateExpression: Sendable, Hashable {
    package enum Unit: String, Sendable, CaseIterable {
        case minute, hour, day
    }

    /// At least 1.
    package let value: Int
    package let unit: Unit

    init(_ words: [ScheduleSource.Word], in source: ScheduleSource, end: Int) throws {
        guard let number = words.first else {
            throw source.failure("value", at: end, "is missing", hint: Self.hint)
        }
        guard number.text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(number.text) else {
            throw source.failure("value", at: number.column, "'\(number.text)' is not a whole number", hint: Self.hint)
        }
        guard value >= 1 else { throw source.failure("value", at: number.column, "must be at least 1") }
        guard words.count > 1 else { throw source.failure("unit", at: end, "is missing", hint: Self.hint) }
        let word = words[1]
        let plural = word.text.hasSuffix("s")
        guard let unit = Unit(rawValue: String(plural ? word.text.dropLast() : word.text[...])) else {
            throw source.failure(
                "unit", at: word.column, "'\(word.text)' is none of minute, minutes, hour, hours, day, days",
                hint: "weeks are multiples of days; a calendar month is 'cron(0 0 1 * ? *)'")
        }
        if plural != (value > 1) {
            let right = value > 1 ? "\(unit.rawValue)s" : unit.rawValue
            throw source.failure("unit", at: word.column, "must be '\(right)' after \(value)")
        }
        if words.count > 2 {
            throw source.failure(at: words[2].column, "'\(words[2].text)' follows the unit", hint: Self.hint)
        }
        self.value = value
        self.unit = unit
    }

    private static let hint = "such as 'rate(15 minutes)', 'rate(1 hour)' or 'rate(2 days)'"
}

extension RateExpression: CustomStringConvertible {
    package var description: String { "rate(\(value) \(unit.rawValue)\(value > 1 ? "s" : ""))" }
}
