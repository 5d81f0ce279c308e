/// A date and time on a clock's face, in no particular zone: Gregorian, years 0 to 9999.
package struct CivilTime: Sendable, Hashable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// - Parameter seconds: from 1970 on, counted as if the clock showed UTC.
    package init(seconds: Int) {
        let days = GregorianCalendar.floor(seconds, 86_400)
        let rest = seconds - days * 86_400
        let date = GregorianCalendar.date(daysSince1970: days)
        self.init(
            year: date.year, month: date.month, day: date.day, hour: rest / 3600, minute: rest / 60 % 60,
            second: rest % 60)
    }

    /// Seconds from 1970 to this time as if the clock showed UTC.
    package var seconds: Int {
        GregorianCalendar.daysSince1970(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60
            + second
    }
}

extension CivilTime: CustomStringConvertible {
    /// ISO 8601 without a zone: `2026-03-29T02:30:00`.
    package var description: String {
        "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(hour, 2)):\(pad(minute, 2)):\(pad(second, 2))"
    }

    /// ISO 8601 with the distance of the zone's clock from UTC: `…Z` for none, else `…+02:00`.
    /// - Parameter offset: in seconds, east of Greenwich positive; parts of a minute are not shown.
    package func text(offset: Int) -> String {
        if offset == 0 { return "\(self)Z" }
        let minutes = abs(offset) / 60
        return "\(self)\(offset < 0 ? "-" : "+")\(pad(minutes / 60, 2)):\(pad(minutes % 60, 2))"
    }

    /// Reads ISO 8601 without a zone, as `description` writes it.
    /// - Returns: `nil` for anything else, dates that don't exist included.
    package init?(_ text: some StringProtocol) {
        let digits = Array(text.utf8)
        let pattern = Array("0000-00-00T00:00:00".utf8)
        guard digits.count == pattern.count else { return nil }
        for (byte, expected) in zip(digits, pattern) {
            let fits = expected == UInt8(ascii: "0") ? (0x30...0x39).contains(byte) : byte == expected
            guard fits else { return nil }
        }
        func number(_ start: Int, _ length: Int) -> Int {
            digits[start..<(start + length)].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
        guard (1...12).contains(month), day >= 1, day <= GregorianCalendar.days(inMonth: month, of: year), hour < 24,
            minute < 60, second < 60
        else { return nil }
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    private func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// The arithmetic of Gregorian dates.
package enum GregorianCalendar {
    package static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    package static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    package static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        // Years counted from March, so that the leap day is the last of its year; in cycles of 400 years.
        let shifted = month <= 2 ? year - 1 : year
        let cycle = floor(shifted, 400)
        let yearOfCycle = shifted - cycle * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
    }

    package static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let cycle = floor(days + 719_468, 146_097)
        let dayOfCycle = days + 719_468 - cycle * 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// The day of the week, 0 = Sunday to 6 = Saturday.
    package static func weekday(year: Int, month: Int, day: Int) -> Int {
        let days = daysSince1970(year: year, month: month, day: day) + 4
        return days - floor(days, 7) * 7
    }

    /// Division that rounds down, also below zero.
    static func floor(_ value: Int, _ divisor: Int) -> Int {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
