internal import Support

/// `at(yyyy-mm-ddThh:mm:ss)`: one run, at a local time of the schedule's zone.
package struct AtExpression: Sendable, Hashable {
    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    init(_ words: [ScheduleSource.Word], in source: ScheduleSource, end: Int) throws {
        guard let word = words.first else { throw source.failure("time", at: end, "is missing", hint: Self.hint) }
        if words.count > 1 {
            throw source.failure(at: words[1].column, "'\(words[1].text)' follows the time", hint: Self.hint)
        }
        // Digits where the pattern has a 0, the pattern's own character elsewhere.
        let pattern = Array("0000-00-00T00:00:00")
        let characters = Array(word.text)
        for (index, expected) in pattern.enumerated() {
            guard index < characters.count else {
                throw source.failure("time", at: word.column + index, "ends early", hint: Self.hint)
            }
            let fits = expected == "0" ? characters[index].isASCIIDigit : characters[index] == expected
            guard fits else {
                let wanted = expected == "0" ? "a digit" : "'\(expected)'"
                throw source.failure(
                    "time", at: word.column + index, "'\(characters[index])' stands where \(wanted) must",
                    hint: Self.hint)
            }
        }
        if characters.count > pattern.count {
            throw source.failure(
                "time", at: word.column + pattern.count,
                "'\(String(characters[pattern.count...]))' follows the seconds; the time has no zone and no fraction",
                hint: "give the zone by --timezone")
        }
        func number(_ start: Int, _ length: Int, _ field: String, _ range: ClosedRange<Int>) throws -> Int {
            let text = String(characters[start..<(start + length)])
            guard let value = Int(text), range.contains(value) else {
                throw source.failure(
                    field, at: word.column + start, "\(text) is not from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        year = try number(0, 4, "year", 1970...2199)
        month = try number(5, 2, "month", 1...12)
        day = try number(8, 2, "day", 1...GregorianCalendar.days(inMonth: month, of: year))
        hour = try number(11, 2, "hours", 0...23)
        minute = try number(14, 2, "minutes", 0...59)
        second = try number(17, 2, "seconds", 0...59)
    }

    private static let hint = "such as 'at(2030-01-31T02:00:00)'"

    /// What the clock of the schedule's zone shows then.
    var local: CivilTime {
        CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }
}

extension AtExpression: CustomStringConvertible {
    package var description: String { "at(\(local))" }
}

extension Character {
    var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
