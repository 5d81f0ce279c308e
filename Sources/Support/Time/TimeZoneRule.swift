/// A POSIX rule for standard and daylight-saving time: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html (TZ), with RFC 9636's extension of the hours
/// of a change to -167…167.
struct TimeZoneRule: Sendable {
    /// The day of a year on which the clock is changed.
    private enum Day: Sendable {
        /// `Jn`: 1 to 365, the 29th of February never counted.
        case julian(Int)
        /// `n`: 0 to 365, the 29th of February counted.
        case ordinal(Int)
        /// `Mm.w.d`: weekday `d` (0 = Sunday) of week `w` (5 = last) of month `m`.
        case week(month: Int, week: Int, weekday: Int)
    }

    private struct Change: Sendable {
        let day: Day
        /// Seconds from local midnight.
        let time: Int
    }

    private struct Daylight: Sendable {
        let offset: Int
        let start: Change
        let end: Change
    }

    /// Seconds ahead of UTC.
    private let standard: Int
    private let daylight: Daylight?

    /// - Returns: `nil` when the text is no rule.
    init?(_ text: String) {
        var reader = Reader(rest: Array(text.utf8)[...])
        guard reader.name(), let west = reader.time(limit: 24) else { return nil }
        standard = -west
        if reader.rest.isEmpty {
            daylight = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = standard + 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let west = reader.time(limit: 24) else { return nil }
            offset = -west
        }
        guard let start = reader.change(), let end = reader.change(), reader.rest.isEmpty else { return nil }
        daylight = Daylight(offset: offset, start: start, end: end)
    }

    /// Seconds ahead of UTC at an instant.
    func offset(at instant: Int) -> Int {
        guard daylight != nil else { return standard }
        let year = CivilTime(seconds: instant + standard).year
        let changes = ((year - 1)...(year + 1)).flatMap(transitions(in:))
        return changes.last { $0.instant <= instant }?.offset ?? standard
    }

    /// The changes of a year, in order; none where the clock is never changed.
    func transitions(in year: Int) -> [ZoneTransition] {
        guard let daylight else { return [] }
        let start = ZoneTransition(instant: seconds(daylight.start, year) - standard, offset: daylight.offset)
        let end = ZoneTransition(instant: seconds(daylight.end, year) - daylight.offset, offset: standard)
        return start.instant <= end.instant ? [start, end] : [end, start]
    }

    /// Local seconds of a change.
    private func seconds(_ change: Change, _ year: Int) -> Int {
        let day: Int
        switch change.day {
        case .julian(let number):
            let leap = GregorianCalendar.isLeap(year) && number >= 60
            day = GregorianCalendar.daysSince1970(year: year, month: 1, day: 1) + number - (leap ? 0 : 1)
        case .ordinal(let number):
            day = GregorianCalendar.daysSince1970(year: year, month: 1, day: 1) + number
        case .week(let month, let week, let weekday):
            let first = GregorianCalendar.weekday(year: year, month: month, day: 1)
            var date = 1 + (weekday - first + 7) % 7 + (week - 1) * 7
            if date > GregorianCalendar.days(inMonth: month, of: year) { date -= 7 }
            day = GregorianCalendar.daysSince1970(year: year, month: month, day: date)
        }
        return day * 86_400 + change.time
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Character) -> Bool {
            guard let first = rest.first, first == character.asciiValue else { return false }
            rest.removeFirst()
            return true
        }

        /// Three letters or more, or anything within angle brackets.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (0x41...0x5A).contains($0 & 0xDF) }.count
            rest = rest.dropFirst(letters)
            return letters >= 3
        }

        mutating func number() -> Int? {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...3).contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }

        /// `[+-]h[:m[:s]]` in seconds.
        mutating func time(limit: Int) -> Int? {
            let sign = take("-") ? -1 : 1
            if sign == 1 { _ = take("+") }
            guard let hours = number(), hours <= limit else { return nil }
            var seconds = hours * 3600
            for unit in [60, 1] where take(":") {
                guard let part = number(), part < 60 else { return nil }
                seconds += part * unit
            }
            return sign * seconds
        }

        /// `,day[/time]`
        mutating func change() -> Change? {
            guard take(","), let day = day() else { return nil }
            guard take("/") else { return Change(day: day, time: 7200) }
            return time(limit: 167).map { Change(day: day, time: $0) }
        }

        private mutating func day() -> Day? {
            if take("J") {
                guard let day = number(), (1...365).contains(day) else { return nil }
                return .julian(day)
            }
            guard take("M") else {
                guard let day = number(), day <= 365 else { return nil }
                return .ordinal(day)
            }
            guard let month = number(), (1...12).contains(month), take("."), let week = number(),
                (1...5).contains(week),
                take("."), let weekday = number(), weekday <= 6
            else { return nil }
            return .week(month: month, week: week, weekday: weekday)
        }
    }
}
