package import Support

/// One run of a schedule to come, or that was due.
package struct ScheduledRun: Sendable, Hashable {
    /// What a change of the clock has to do with a run.
    package enum Mark: String, Sendable, Codable {
        /// Before this run there were others that can't be: the clock is put forward over their times.
        case gap
        /// The clock shows this time twice; the run is at the first.
        case double
    }

    /// Seconds since 1970.
    package let instant: Int
    /// How far the zone's clock is ahead of UTC then, in seconds.
    package let offset: Int
    /// Whether the clock shows this time twice.
    package let isDouble: Bool
    /// The times between the run before and this one that fall into a gap of the clock and are skipped.
    package let skipped: [CivilTime]

    package var local: CivilTime { CivilTime(seconds: instant + offset) }
    package var mark: Mark? { isDouble ? .double : skipped.isEmpty ? nil : .gap }
    /// ISO 8601 in the zone: `2026-10-25T02:30:00+02:00`.
    package var text: String { local.text(offset: offset) }
}

/// The runs of a schedule in order, as EventBridge Scheduler makes them.
///
/// Cron times are times of the zone's clock. Where the clock is put forward a run that falls into the gap is skipped; where it
/// is put back a time that comes twice makes one run (AWS does not say which of the two; this takes the first). A rate counts
/// real hours, so a day of it is 24 hours also when the clock is changed.
///
/// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (Daylight savings time)
package struct ScheduleRuns: Sequence, IteratorProtocol, Sendable {
    private let form: ScheduleExpression.Form
    private let zone: TimeZoneFile
    private let origin: Int
    private let end: Int?
    /// Runs are later than this.
    private var last: Int
    /// The next time of the clock to look at; `nil` at the end.
    private var clock: CivilTime?
    /// Times in gaps that no run has taken along yet. After the end: those behind the last run.
    package private(set) var skipped: [CivilTime] = []

    /// - Parameters:
    ///   - instant: runs later than this are given; seconds since 1970.
    ///   - start: no run is before it, and a rate counts from it; without it a rate counts from `instant`, and its first run
    ///     is one period later.
    ///   - end: no run is after it.
    package init(
        _ expression: ScheduleExpression, zone: TimeZoneFile, after instant: Int, start: Int? = nil, end: Int? = nil
    ) {
        form = expression.form
        self.zone = zone
        origin = start ?? instant
        self.end = end
        last = Swift.max(instant, (start ?? .min + 1) - 1)
        switch form {
        case .cron:
            // The first full minute from here on, on the zone's clock.
            let local = last + zone.offset(at: last)
            clock = CivilTime(seconds: local - (local % 60 + 60) % 60 + (local % 60 == 0 ? 0 : 60))
        case .at(let moment): clock = moment.local
        case .rate: clock = nil
        }
    }

    package mutating func next() -> ScheduledRun? {
        if case .rate(let rate) = form { return next(rate) }
        while let time = clock {
            switch form {
            case .cron(let cron):
                guard let found = cron.first(from: time) else {
                    clock = nil
                    return nil
                }
                clock = CivilTime(seconds: found.seconds + 60)
                if let run = run(at: found) { return run }
            case .at, .rate:
                clock = nil
                return run(at: time)
            }
            if let end, last > end { clock = nil }
        }
        return nil
    }

    private mutating func run(at local: CivilTime) -> ScheduledRun? {
        let instants = zone.instants(of: local)
        guard let instant = instants.first else {
            // Only a gap that is still to come.
            if local.seconds - zone.offset(at: last) > last { skipped.append(local) }
            return nil
        }
        guard instant > last else { return nil }
        last = instant
        if let end, instant > end { return nil }
        defer { skipped = [] }
        return ScheduledRun(
            instant: instant, offset: local.seconds - instant, isDouble: instants.count > 1, skipped: skipped)
    }

    private mutating func next(_ rate: RateExpression) -> ScheduledRun? {
        let period = rate.seconds
        let count = last < origin ? 0 : (last - origin) / period + 1
        let (distance, overflow) = count.multipliedReportingOverflow(by: period)
        let (instant, tooFar) = origin.addingReportingOverflow(distance)
        guard !overflow, !tooFar, instant < Self.horizon, instant <= end ?? .max else { return nil }
        last = instant
        return ScheduledRun(instant: instant, offset: zone.offset(at: instant), isDouble: false, skipped: [])
    }

    /// 2200-01-01: cron's years end before.
    private static let horizon = GregorianCalendar.daysSince1970(year: 2200, month: 1, day: 1) * 86_400
}

extension ScheduleRuns {
    /// The last run at or before an instant; `nil` when there was none (since `start`).
    ///
    /// It looks from ever earlier on, so that frequent schedules are not counted through from their beginning.
    package static func last(
        of expression: ScheduleExpression, zone: TimeZoneFile, until instant: Int, start: Int? = nil, end: Int? = nil
    ) -> ScheduledRun? {
        if case .rate(let rate) = expression.form {
            guard let start, instant >= start else { return nil }
            let bound = Swift.min(instant, end ?? instant)
            let before = bound - (bound - start) % rate.seconds - 1
            var runs = ScheduleRuns(expression, zone: zone, after: before, start: start, end: bound)
            return runs.next()
        }
        let day = 86_400
        // The longest distance between two runs of a cron expression: 40 years (the 29th of February on a given weekday, over
        // 1900, 2100 and the like); the last step covers all.
        for reach in [3600, day, 8 * day, 32 * day, 367 * day, 9 * 366 * day, 300 * 366 * day] {
            let bound = Swift.min(instant, end ?? instant)
            var found: ScheduledRun?
            for run in ScheduleRuns(expression, zone: zone, after: bound - reach, start: start, end: bound) {
                found = run
            }
            if let found { return found }
        }
        return nil
    }
}

extension RateExpression {
    /// The distance between two runs in seconds; days have 24 hours.
    package var seconds: Int {
        let unit =
            switch unit {
            case .minute: 60
            case .hour: 3600
            case .day: 86_400
            }
        let (product, overflow) = value.multipliedReportingOverflow(by: unit)
        return overflow ? .max : product
    }
}
