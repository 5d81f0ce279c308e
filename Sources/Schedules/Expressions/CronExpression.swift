internal import Support

/// `cron(minutes hours day-of-month month day-of-week year)` in AWS's dialect, parsed into values.
///
/// Beyond the table of wildcards this follows what AWS's examples and its console take: `6L`, `LW`, names in any case,
/// ranges over the end of the week (`MON-SUN`), and Quartz's `L-3`.
package struct CronExpression: Sendable, Hashable {
    /// The days of a month that are meant.
    package enum DayOfMonth: Sendable, Hashable {
        /// `?`: day-of-week decides.
        case unspecified
        /// In order, 1 to 31.
        case days([Int])
        /// `L`: the last day, or so many days before it.
        case last(daysBefore: Int)
        /// `LW`: the last day from Monday to Friday.
        case lastWeekday
        /// `15W`: the day from Monday to Friday of the same month that is nearest.
        case nearestWeekday(Int)
    }

    /// The days of the week that are meant; 1 is Sunday, 7 is Saturday.
    package enum DayOfWeek: Sendable, Hashable {
        /// `?`: day-of-month decides.
        case unspecified
        /// In order.
        case days([Int])
        /// `6L`: the last Friday of the month.
        case last(Int)
        /// `6#3`: the third Friday of the month.
        case nth(day: Int, week: Int)
    }

    /// In order, 0 to 59.
    package let minutes: [Int]
    /// In order, 0 to 23.
    package let hours: [Int]
    package let dayOfMonth: DayOfMonth
    /// In order, 1 to 12.
    package let months: [Int]
    package let dayOfWeek: DayOfWeek
    /// In order, 1970 to 2199.
    package let years: [Int]

    init(bare source: ScheduleSource) throws {
        let words = source.words
        if let first = words.first, words.count == 1, let nickname = Self.nicknames[first.text.lowercased()] {
            throw source.failure(at: first.column, "'\(first.text)' is not known to AWS", hint: "write '\(nickname)'")
        }
        if let first = words.first, words.count == 1, first.text.contains("T"), first.text.first?.isASCIIDigit == true {
            throw source.failure(
                at: first.column, "a single time must stand in at(…)", hint: "write 'at(\(first.text))'")
        }
        try self.init(words, in: source, end: source.end)
    }

    private static let nicknames = [
        "@yearly": "0 0 1 1 ? *", "@annually": "0 0 1 1 ? *", "@monthly": "0 0 1 * ? *", "@weekly": "0 0 ? * SUN *",
        "@daily": "0 0 * * ? *", "@midnight": "0 0 * * ? *", "@hourly": "0 * * * ? *",
    ]

    init(_ words: [ScheduleSource.Word], in source: ScheduleSource, end: Int) throws {
        let count = CronField.allCases.count
        guard words.count == count else {
            throw source.failure(
                at: words.count > count ? words[count].column : end,
                "six fields are needed (minutes hours day-of-month month day-of-week year), "
                    + "there \(words.count == 1 ? "is" : "are") \(words.count)",
                hint: Self.hint(for: words.map(\.text)))
        }
        func reader(_ field: CronField) -> CronFieldReader { CronFieldReader(field: field, source: source) }
        func word(_ field: CronField) -> ScheduleSource.Word { words[field.rawValue] }

        minutes = try reader(.minutes).values(word(.minutes))
        hours = try reader(.hours).values(word(.hours))
        dayOfMonth = try Self.dayOfMonth(word(.dayOfMonth), reader(.dayOfMonth))
        months = try reader(.month).values(word(.month))
        dayOfWeek = try Self.dayOfWeek(word(.dayOfWeek), reader(.dayOfWeek))
        years = try reader(.year).values(word(.year))

        if (dayOfMonth == .unspecified) == (dayOfWeek == .unspecified) {
            let both = dayOfMonth == .unspecified
            throw source.failure(
                CronField.dayOfWeek.name, at: word(.dayOfWeek).column,
                both
                    ? "only one of day-of-month and day-of-week can be '?'"
                    : "one of day-of-month and day-of-week must be '?'",
                hint: Self.questionMarkHint(words.map(\.text), both: both))
        }
        if !occurs {
            throw source.failure(
                CronField.dayOfMonth.name, at: word(.dayOfMonth).column, "none of the months has such a day")
        }
    }

    private static func dayOfMonth(_ word: ScheduleSource.Word, _ reader: CronFieldReader) throws -> DayOfMonth {
        let text = word.text.uppercased()
        if text == "?" { return .unspecified }
        if text == "L" { return .last(daysBefore: 0) }
        if text == "LW" || text == "WL" {
            if text == "WL" { throw reader.failure(word, "the last weekday is written 'LW'") }
            return .lastWeekday
        }
        if text.hasPrefix("L-") {
            guard text.count <= 4, text.dropFirst(2).allSatisfy(\.isASCIIDigit), let days = Int(text.dropFirst(2)),
                (1...30).contains(days)
            else { throw reader.failure(word, "after 'L-' there must be a number from 1 to 30") }
            return .last(daysBefore: days)
        }
        if text.hasSuffix("W"), !text.contains(","), !text.contains("-"), !text.contains("/") {
            let day = ScheduleSource.Word(text: String(text.dropLast()), column: word.column)
            if day.text.isEmpty { throw reader.failure(word, "'W' follows a day, as in 15W") }
            return .nearestWeekday(try reader.value(day))
        }
        return .days(try reader.values(word))
    }

    private static func dayOfWeek(_ word: ScheduleSource.Word, _ reader: CronFieldReader) throws -> DayOfWeek {
        let text = word.text.uppercased()
        if text == "?" { return .unspecified }
        // The last day of the week.
        if text == "L" { return .days([7]) }
        if text.contains("#") {
            if text.contains(",") { throw reader.failure(word, "'#' allows one expression only, no list") }
            let parts = word.split("#")
            let day = try reader.value(parts[0])
            guard parts.count == 2, parts[1].text.count == 1, let week = Int(parts[1].text), (1...5).contains(week)
            else {
                throw reader.failure(parts[1], "after '#' there must be one number from 1 to 5")
            }
            return .nth(day: day, week: week)
        }
        if text.hasSuffix("L"), let day = CronField.dayOfWeek.value(String(text.dropLast())) { return .last(day) }
        return .days(try reader.values(word))
    }

    /// Whether at least one date fits.
    private var occurs: Bool {
        let earliest: Int
        switch dayOfMonth {
        case .unspecified, .lastWeekday: return true
        case .days(let days): earliest = days.first ?? 1
        case .nearestWeekday(let day): earliest = day
        case .last(let before): earliest = before + 1
        }
        return months.contains { month in
            years.contains { earliest <= GregorianCalendar.days(inMonth: month, of: $0) }
        }
    }
}

// Hints for what people type who know other dialects.
extension CronExpression {
    private static func hint(for fields: [String]) -> String? {
        switch fields.count {
        case 5: sixFields(fields) ?? "AWS has a sixth field, the year, and one of the two day fields is '?'"
        case 7: "AWS has no field for seconds"
        default: "such as '0 0 * * ? *' (each midnight)"
        }
    }

    /// The six-field form of a Unix expression; there days of the week count from 0 = Sunday.
    private static func sixFields(_ fields: [String]) -> String? {
        let (dayOfMonth, dayOfWeek) = (fields[2], fields[4])
        var days = ["?", "?"]
        if dayOfWeek == "*" || dayOfWeek == "?" {
            days[0] = dayOfMonth == "?" ? "*" : dayOfMonth
        } else if dayOfMonth == "*" || dayOfMonth == "?" {
            days[1] = named(dayOfWeek)
        } else {
            return "AWS can't combine day-of-month and day-of-week: make two schedules, each with '?' in one of them"
        }
        let words = [fields[0], fields[1], days[0], fields[3], days[1], "*"]
        let text = words.joined(separator: " ")
        do {
            _ = try ScheduleExpression(text)
        } catch {
            return nil
        }
        return "write '\(text)': AWS has a sixth field, the year, and one of the two day fields is '?'"
    }

    private static func named(_ days: String) -> String {
        let names = CronField.dayOfWeek.names
        return String(
            days.map { character -> String in
                guard character.isASCIIDigit, let day = Int(String(character)), day <= 7 else {
                    return String(character)
                }
                return names[day % 7]
            }.joined())
    }

    private static func questionMarkHint(_ fields: [String], both: Bool) -> String {
        var fixed = fields
        if both {
            fixed[2] = "*"
        } else if fields[4] == "*" || fields[2] != "*" {
            fixed[4] = "?"
        } else {
            fixed[2] = "?"
        }
        // With a value in both, neither can be given up without a change of meaning.
        if !both, fields[2] != "*", fields[4] != "*" { return "make two schedules, each with '?' in one of the fields" }
        return "write '\(fixed.joined(separator: " "))'"
    }
}
