internal import Support

extension CronExpression {
    /// The first time that fits, from `start` on, on a clock that is never changed; `nil` when there is none up to the
    /// year 2199. It jumps from field to field, never minute by minute.
    /// - Parameter start: with its seconds at zero.
    func first(from start: CivilTime) -> CivilTime? {
        for year in years where year >= start.year {
            let sameYear = year == start.year
            for month in months where !sameYear || month >= start.month {
                let sameMonth = sameYear && month == start.month
                for day in days(month: month, year: year) where !sameMonth || day >= start.day {
                    let sameDay = sameMonth && day == start.day
                    for hour in hours where !sameDay || hour >= start.hour {
                        let sameHour = sameDay && hour == start.hour
                        guard let minute = minutes.first(where: { !sameHour || $0 >= start.minute }) else { continue }
                        return CivilTime(year: year, month: month, day: day, hour: hour, minute: minute)
                    }
                }
            }
        }
        return nil
    }

    /// The days of a month that fit, in order.
    func days(month: Int, year: Int) -> [Int] {
        let length = GregorianCalendar.days(inMonth: month, of: year)
        /// 1 = Sunday to 7 = Saturday.
        func weekday(_ day: Int) -> Int { GregorianCalendar.weekday(year: year, month: month, day: day) + 1 }
        switch dayOfMonth {
        case .unspecified: break
        case .days(let days): return days.filter { $0 <= length }
        case .last(let before): return before < length ? [length - before] : []
        case .lastWeekday: return [nearestWeekday(to: length, length: length, weekday)]
        case .nearestWeekday(let day): return day <= length ? [nearestWeekday(to: day, length: length, weekday)] : []
        }
        switch dayOfWeek {
        case .unspecified: return Array(1...length)
        case .days(let days): return (1...length).filter { days.contains(weekday($0)) }
        case .last(let day): return [((length - 6)...length).last { weekday($0) == day }].compactMap { $0 }
        case .nth(let day, let week):
            let first = 1 + (day - weekday(1) + 7) % 7
            return [first + (week - 1) * 7].filter { $0 <= length }
        }
    }

    /// The day from Monday to Friday that is nearest to a day, within the same month.
    private func nearestWeekday(to day: Int, length: Int, _ weekday: (Int) -> Int) -> Int {
        switch weekday(day) {
        case 7: day > 1 ? day - 1 : day + 2
        case 1: day < length ? day + 1 : day - 2
        default: day
        }
    }
}
