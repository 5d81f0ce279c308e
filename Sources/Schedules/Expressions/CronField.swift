/// One of the six fields of a cron expression: its name, its values and what may be written in it.
///
/// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
enum CronField: Int, CaseIterable {
    case minutes, hours, dayOfMonth, month, dayOfWeek, year

    var name: String {
        switch self {
        case .minutes: "minutes"
        case .hours: "hours"
        case .dayOfMonth: "day-of-month"
        case .month: "month"
        case .dayOfWeek: "day-of-week"
        case .year: "year"
        }
    }

    var range: ClosedRange<Int> {
        switch self {
        case .minutes: 0...59
        case .hours: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 1...7
        case .year: 1970...2199
        }
    }

    /// Names of the values, beginning with the first.
    var names: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        default: []
        }
    }

    /// The largest step. AWS refuses those that leave the field at once, as in `*/60` minutes.
    var longestStep: Int { range.upperBound - (self == .year ? range.lowerBound : 0) }

    /// What the values are, for messages.
    var allowed: String {
        guard let first = names.first, let last = names.last else {
            return "a number from \(range.lowerBound) to \(range.upperBound)"
        }
        return "\(range.lowerBound) to \(range.upperBound) or \(first) to \(last)"
    }

    /// The value of a number or a name in any case; `nil` when it is neither or out of range.
    func value(_ text: String) -> Int? {
        if let index = names.firstIndex(of: text.uppercased()) { return range.lowerBound + index }
        let digits = self == .year ? 4...4 : 1...2
        guard digits.contains(text.count), text.allSatisfy(\.isASCIIDigit), let number = Int(text),
            range.contains(number)
        else { return nil }
        return number
    }
}

/// Reads what may stand in every field: lists of values, ranges, `*` and steps.
struct CronFieldReader {
    let field: CronField
    let source: ScheduleSource

    func failure(_ word: ScheduleSource.Word, _ why: String, hint: String? = nil) -> any Error {
        source.failure(field.name, at: word.column, why, hint: hint)
    }

    /// The values of a field, in order, each once.
    func values(_ word: ScheduleSource.Word) throws -> [Int] {
        var found: Set<Int> = []
        for part in word.split(",") { found.formUnion(try values(ofPart: part)) }
        return found.sorted()
    }

    private func values(ofPart word: ScheduleSource.Word) throws -> [Int] {
        if word.text.isEmpty { throw failure(word, "a value is missing beside ','") }
        let stepped = word.split("/")
        if stepped.count > 2 { throw failure(stepped[2], "a second '/'") }
        let base = stepped[0]
        let step = stepped.count == 2 ? try self.step(stepped[1], slashAt: base) : nil
        let values: [Int]
        if base.text == "*" {
            values = Array(field.range)
        } else if base.text.contains("-") {
            values = try range(base)
        } else {
            let start = try value(base)
            // `5/15` runs from 5 to the end of the field.
            values = step == nil ? [start] : Array(start...field.range.upperBound)
        }
        guard let step else { return values }
        return stride(from: 0, to: values.count, by: step).map { values[$0] }
    }

    private func range(_ word: ScheduleSource.Word) throws -> [Int] {
        let ends = word.split("-")
        if ends.count > 2 { throw failure(ends[2], "a second '-' in a range") }
        let (first, last) = (try value(ends[0]), try value(ends[1]))
        if first <= last { return Array(first...last) }
        // MON-SUN and 22-6 run over the end of the week or the day; years don't come round.
        if field == .year { throw failure(word, "the range \(word.text) ends before it begins") }
        return Array(first...field.range.upperBound) + Array(field.range.lowerBound...last)
    }

    private func step(_ word: ScheduleSource.Word, slashAt base: ScheduleSource.Word) throws -> Int {
        if field == .dayOfWeek {
            throw failure(base, "'/' is not allowed in day-of-week", hint: "list the days: MON,WED,FRI")
        }
        guard !word.text.isEmpty, word.text.count <= 4, word.text.allSatisfy(\.isASCIIDigit), let step = Int(word.text),
            (1...field.longestStep).contains(step)
        else {
            throw failure(word, "the step '\(word.text)' after '/' is not a number from 1 to \(field.longestStep)")
        }
        return step
    }

    func value(_ word: ScheduleSource.Word) throws -> Int {
        if let value = field.value(word.text) { return value }
        switch word.text.uppercased() {
        case "": throw failure(word, "a value is missing")
        case "?": throw failure(word, "'?' stands alone, and only in day-of-month or day-of-week")
        case "*": throw failure(word, "'*' can't be part of a range or list")
        case let text where text.contains("L") && text.allSatisfy({ "L0123456789-".contains($0) }):
            throw failure(word, "'L' stands alone, and only in day-of-month or day-of-week")
        case let text where text.hasSuffix("W") && text.dropLast().allSatisfy(\.isASCIIDigit):
            throw failure(word, "'W' follows one day, and only in day-of-month")
        case let text where text.contains("#"):
            throw failure(word, "'#' stands alone, and only in day-of-week")
        case "0" where field == .dayOfWeek:
            throw failure(word, "'0' is not \(field.allowed)", hint: "days count from 1 = SUN to 7 = SAT")
        default: throw failure(word, "'\(word.text)' is not \(field.allowed)")
        }
    }
}
