internal import FoundationEssentials

/// Timestamps of the wire protocols, written and read without locale or time zone data.
enum Timestamp {
    /// `20150830T123600Z`, as signatures have it.
    static func basic(_ date: Date) -> String {
        let (time, _) = split(date, unit: 1)
        let fields = [
            max(0, time.year) / 100 % 100, max(0, time.year) % 100, time.month, time.day, time.hour, time.minute,
            time.second,
        ]
        // Over bytes: each signature has one.
        return String(unsafeUninitializedCapacity: 16) { text in
            var end = 0
            for (index, field) in fields.enumerated() {
                if index == 4 {
                    text[end] = UInt8(ascii: "T")
                    end += 1
                }
                text[end] = 0x30 + UInt8(field / 10)
                text[end + 1] = 0x30 + UInt8(field % 10)
                end += 2
            }
            text[end] = UInt8(ascii: "Z")
            return end + 1
        }
    }

    static func text(_ date: Date, _ format: TimestampFormat) -> String {
        switch format {
        case .epochSeconds:
            let (_, milliseconds) = split(date, unit: 1000)
            let total = Int64((date.timeIntervalSince1970 * 1000).rounded())
            return milliseconds == 0 ? "\(total / 1000)" : "\(Double(total) / 1000)"
        case .iso8601:
            let (time, milliseconds) = split(date, unit: 1000)
            let fraction = milliseconds == 0 ? "" : ".\(pad(milliseconds, 3))"
            return "\(pad(time.year, 4))-\(pad(time.month, 2))-\(pad(time.day, 2))T"
                + "\(pad(time.hour, 2)):\(pad(time.minute, 2)):\(pad(time.second, 2))\(fraction)Z"
        case .httpDate:
            let (time, _) = split(date, unit: 1)
            return "\(weekdays[time.weekday]), \(pad(time.day, 2)) \(months[time.month - 1]) \(pad(time.year, 4)) "
                + "\(pad(time.hour, 2)):\(pad(time.minute, 2)):\(pad(time.second, 2)) GMT"
        }
    }

    /// Any of the formats above, in a text; also ISO 8601 with an offset.
    static func parse(_ text: String) -> Date? {
        if let seconds = Double(text), seconds.isFinite { return Date(timeIntervalSince1970: seconds) }
        return parseISO8601(text) ?? parseHTTPDate(text)
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private struct Parts {
        var year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, weekday: Int
    }

    /// Calendar fields in UTC, and the rest in parts of a second (`unit` of them make one).
    private static func split(_ date: Date, unit: Int) -> (Parts, Int) {
        let total = Int((date.timeIntervalSince1970 * Double(unit)).rounded(unit == 1 ? .down : .toNearestOrEven))
        let (seconds, rest) = floorDivide(total, unit)
        let (days, second) = floorDivide(seconds, 86_400)
        let (year, month, day) = civil(days)
        let parts = Parts(
            year: year, month: month, day: day, hour: second / 3600, minute: second / 60 % 60, second: second % 60,
            weekday: floorDivide(days + 4, 7).rest)
        return (parts, rest)
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> (quotient: Int, rest: Int) {
        let rest = ((value % divisor) + divisor) % divisor
        return ((value - rest) / divisor, rest)
    }

    /// Days since 1970-01-01 to a date of the Gregorian calendar, counting years from March in cycles of 400.
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// The reverse of `civil`.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ parts: Parts, fraction: Double = 0, offset: Int = 0) -> Date? {
        guard (0...9999).contains(parts.year), (1...12).contains(parts.month), (1...31).contains(parts.day),
            (0...23).contains(parts.hour),
            (0...59).contains(parts.minute), (0...60).contains(parts.second)
        else { return nil }
        let day = days(year: parts.year, month: parts.month, day: parts.day)
        let seconds = day * 86_400 + parts.hour * 3600 + parts.minute * 60 + parts.second - offset
        return Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    private static func parseISO8601(_ text: String) -> Date? {
        let halves = text.split(separator: "T", maxSplits: 1)
        guard halves.count == 2 else { return nil }
        let day = halves[0].split(separator: "-").compactMap { Int($0) }
        var clock = halves[1]
        var offset = 0
        if clock.last == "Z" || clock.last == "z" {
            clock.removeLast()
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            let digits = clock[sign...].dropFirst().filter { $0 != ":" }
            guard digits.count == 4, let number = Int(digits) else { return nil }
            offset = (number / 100 * 3600 + number % 100 * 60) * (clock[sign] == "-" ? -1 : 1)
            clock = clock[..<sign]
        }
        let fields = clock.split(separator: ":")
        guard day.count == 3, fields.count == 3, let hour = Int(fields[0]), let minute = Int(fields[1]),
            let seconds = Double(fields[2]), seconds >= 0, seconds < 61
        else { return nil }
        let parts = Parts(
            year: day[0], month: day[1], day: day[2], hour: hour, minute: minute, second: Int(seconds), weekday: 0)
        return date(parts, fraction: seconds - Double(Int(seconds)), offset: offset)
    }

    private static func parseHTTPDate(_ text: String) -> Date? {
        let words = text.split { $0 == " " || $0 == "," }
        guard words.count == 6, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3]), words[5] == "GMT" || words[5] == "UTC"
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3 else { return nil }
        return date(
            Parts(
                year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: clock[2], weekday: 0))
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
