internal import FoundationEssentials
package import Support

/// The next runs of a schedule, for text and JSON output.
package struct RunForecast: Sendable, Hashable, Codable {
    package struct Run: Sendable, Hashable, Codable {
        /// ISO 8601 in the zone.
        package let at: String
        /// ISO 8601 in UTC.
        package let utc: String
        /// `gap` or `double`; absent when no change of the clock is near.
        package let mark: ScheduledRun.Mark?
        /// Times of the zone's clock that don't exist, ISO 8601 without a zone; absent without `gap`.
        package let skipped: [String]?

        init(_ run: ScheduledRun) {
            at = run.text
            utc = CivilTime(seconds: run.instant).text(offset: 0)
            mark = run.mark
            skipped = run.skipped.isEmpty ? nil : run.skipped.map(\.description)
        }

        /// One line: the time, then the mark.
        package var line: String {
            switch mark {
            case nil: at
            case .double: "\(at)  double"
            case .gap:
                "\(at)  gap: \(skipped?.first ?? "") is skipped"
                    + ((skipped?.count ?? 0) > 1 ? " and \((skipped?.count ?? 0) - 1) more" : "")
            }
        }
    }

    package let expression: String
    package let timezone: String
    package let runs: [Run]
    /// Why there are fewer runs than were asked for; absent when there are not.
    package let note: String?

    /// - Parameters:
    ///   - instant: seconds since 1970.
    ///   - count: how many runs at most.
    package init(_ expression: ScheduleExpression, zone: TimeZoneFile, after instant: Int, count: Int) {
        var coming = ScheduleRuns(expression, zone: zone, after: instant)
        var runs: [Run] = []
        while runs.count < count, let run = coming.next() { runs.append(Run(run)) }
        self.expression = expression.text
        timezone = zone.name
        self.runs = runs
        note = runs.count < count ? Self.note(expression, zone, isEmpty: runs.isEmpty, skipped: coming.skipped) : nil
    }

    private static func note(
        _ expression: ScheduleExpression, _ zone: TimeZoneFile, isEmpty: Bool, skipped: [CivilTime]
    ) -> String {
        if let first = skipped.first, isEmpty {
            return "it never runs: at \(first) the clock of \(zone.name) is put forward over that time"
                + (skipped.count > 1 ? ", and so each time up to the year 2199" : "")
        }
        if case .at = expression.form {
            return isEmpty ? "it does not run any more: its time is past" : "it runs only once"
        }
        return isEmpty ? "it never runs (any more) up to the year 2199" : "there are no more runs up to the year 2199"
    }
}
