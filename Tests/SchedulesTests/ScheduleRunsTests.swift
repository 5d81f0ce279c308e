import Schedules
import Support
import Testing

struct ScheduleRunsTests {
    static let hasZones = LocalFileSystem().isFile("/usr/share/zoneinfo/Europe/Berlin")

    private func seconds(_ text: String) throws -> Int { try #require(CivilTime(text)).seconds }

    private func runs(
        _ expression: String, zone: String = "UTC", after: String, count: Int, start: String? = nil, end: String? = nil
    ) throws -> [ScheduledRun] {
        let zone = try TimeZoneFile(named: zone)
        let runs = ScheduleRuns(
            try ScheduleExpression(expression), zone: zone, after: try seconds(after), start: try start.map(seconds),
            end: try end.map(seconds))
        return Array(runs.prefix(count))
    }

    /// Expression, after, and the next runs, all in UTC.
    static let table: [(String, String, [String])] = [
        ("0 0 * * ? *", "2026-11-21T00:00:00", ["2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"]),
        ("0 0 * * ? *", "2026-11-20T23:59:59", ["2026-11-21T00:00:00Z"]),
        ("59 23 31 12 ? *", "2026-12-31T23:59:00", ["2027-12-31T23:59:00Z"]),
        // The last day, so many before it, the last weekday.
        ("0 0 L 2 ? *", "2027-01-01T00:00:00", ["2027-02-28T00:00:00Z", "2028-02-29T00:00:00Z"]),
        ("0 0 L-3 * ? *", "2027-02-01T00:00:00", ["2027-02-25T00:00:00Z", "2027-03-28T00:00:00Z"]),
        ("0 0 L-28 2 ? *", "2027-01-01T00:00:00", ["2028-02-01T00:00:00Z", "2032-02-01T00:00:00Z"]),
        (
            "0 0 LW * ? *", "2027-01-01T00:00:00",
            ["2027-01-29T00:00:00Z", "2027-02-26T00:00:00Z", "2027-03-31T00:00:00Z"]
        ),
        // The nearest weekday stays in its month; months without the day have none.
        ("0 0 1W * ? *", "2027-04-30T00:00:00", ["2027-05-03T00:00:00Z", "2027-06-01T00:00:00Z"]),
        ("0 0 1W 8 ? *", "2027-07-01T00:00:00", ["2027-08-02T00:00:00Z"]),
        ("0 0 15W 5,8 ? *", "2027-05-01T00:00:00", ["2027-05-14T00:00:00Z", "2027-08-16T00:00:00Z"]),
        ("0 0 31W 1,7 ? *", "2027-01-01T00:00:00", ["2027-01-29T00:00:00Z", "2027-07-30T00:00:00Z"]),
        ("0 0 31W * ? *", "2027-01-30T00:00:00", ["2027-03-31T00:00:00Z"]),
        ("0 0 30W * ? *", "2027-01-30T00:00:00", ["2027-03-30T00:00:00Z"]),
        // Days of the week.
        ("0 0 ? * 6L *", "2026-11-21T00:00:00", ["2026-11-27T00:00:00Z", "2026-12-25T00:00:00Z"]),
        ("0 0 ? * L *", "2026-11-21T00:00:00", ["2026-11-28T00:00:00Z"]),
        ("0 9 ? * 2#1 *", "2027-02-01T09:00:00", ["2027-03-01T09:00:00Z", "2027-04-05T09:00:00Z"]),
        ("0 9 ? 2 1#5 *", "2026-01-01T00:00:00", ["2032-02-29T09:00:00Z", "2060-02-29T09:00:00Z"]),
        ("0 0 ? * FRI-MON *", "2026-11-19T00:00:00", ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"]),
        // Leap years, and the years' end.
        ("0 0 29 2 ? *", "2096-01-01T00:00:00", ["2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"]),
        ("59 23 31 12 ? *", "2198-12-31T23:59:00", ["2199-12-31T23:59:00Z"]),
        ("0 0 1 1 ? 2027", "2027-01-01T00:00:00", []),
        ("at(2027-01-01T12:34:56)", "2026-11-21T00:00:00", ["2027-01-01T12:34:56Z"]),
        ("at(2027-01-01T12:34:56)", "2027-01-01T12:34:56", []),
    ]

    @Test(arguments: table) func givesTheNextRuns(_ expression: String, _ after: String, _ expected: [String]) throws {
        #expect(try runs(expression, after: after, count: max(1, expected.count)).map(\.text) == expected)
    }

    @Test func ratesCountFromTheirStart() throws {
        let after = "2026-11-21T08:36:54"
        #expect(
            try runs("rate(1 hour)", after: after, count: 2).map(\.text) == [
                "2026-11-21T09:36:54Z", "2026-11-21T10:36:54Z",
            ])
        #expect(
            try runs("rate(7 days)", after: after, count: 2, start: "2026-01-01T01:00:00").map(\.text)
                == ["2026-11-26T01:00:00Z", "2026-12-03T01:00:00Z"])
        // Before its start: the start itself is the first run.
        #expect(
            try runs("rate(1 day)", after: after, count: 1, start: "2027-01-01T00:00:00").map(\.text)
                == ["2027-01-01T00:00:00Z"])
        #expect(try runs("rate(999999999999999999 days)", after: after, count: 1).isEmpty)
    }

    @Test func startAndEndBound() throws {
        let found = try runs(
            "0 0 * * ? *", after: "2026-01-01T00:00:00", count: 9, start: "2026-11-21T00:00:00",
            end: "2026-11-22T00:00:00")
        #expect(found.map(\.text) == ["2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"])
    }

    // MARK: When the clock is changed

    static let changes: [(String, String, String, [String], [ScheduledRun.Mark?])] = [
        (
            "30 2 * * ? *", "Europe/Berlin", "2027-03-26T12:00:00",
            ["2027-03-27T02:30:00+01:00", "2027-03-29T02:30:00+02:00"], [nil, .gap]
        ),
        (
            "30 2 * * ? *", "Europe/Berlin", "2026-10-24T12:00:00",
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"], [.double, nil]
        ),
        // Within the second of the two hours: its times have been.
        (
            "*/30 * * * ? *", "Europe/Berlin", "2026-10-25T01:10:00",
            ["2026-10-25T03:00:00+01:00", "2026-10-25T03:30:00+01:00"], [nil, nil]
        ),
        (
            "0 0 * * ? *", "America/Havana", "2026-03-07T12:00:00",
            ["2026-03-09T00:00:00-04:00", "2026-03-10T00:00:00-04:00"], [.gap, nil]
        ),
        // Real hours, whatever the clock does.
        (
            "rate(1 day)", "Europe/Berlin", "2027-03-27T12:00:00",
            ["2027-03-28T14:00:00+02:00", "2027-03-29T14:00:00+02:00"], [nil, nil]
        ),
        ("at(2026-10-25T02:30:00)", "Europe/Berlin", "2026-10-01T00:00:00", ["2026-10-25T02:30:00+02:00"], [.double]),
        ("at(2027-03-28T02:30:00)", "Europe/Berlin", "2026-10-01T00:00:00", [], []),
    ]

    @Test(.enabled(if: hasZones), arguments: changes) func marksChangesOfTheClock(
        _ expression: String, _ zone: String, _ after: String, _ expected: [String], _ marks: [ScheduledRun.Mark?]
    ) throws {
        let found = try runs(expression, zone: zone, after: after, count: 2)
        #expect(found.map(\.text) == expected)
        #expect(found.map(\.mark) == marks)
    }

    @Test(.enabled(if: hasZones)) func saysThatARunNeverComes() throws {
        let berlin = try TimeZoneFile(named: "Europe/Berlin")
        let after = try seconds("2026-11-21T00:00:00")
        let never = RunForecast(try ScheduleExpression("30 2 ? 3 1L *"), zone: berlin, after: after, count: 3)
        #expect(never.runs.isEmpty)
        #expect(never.note?.contains("it never runs: at 2027-03-28T02:30:00") == true)
        let once = RunForecast(try ScheduleExpression("at(2027-01-01T00:00:00)"), zone: berlin, after: after, count: 3)
        #expect(once.runs.map(\.utc) == ["2026-12-31T23:00:00Z"])
        #expect(once.note == "it runs only once")
    }

    // MARK: The last run

    static let lastRuns: [(String, String, String?, String?)] = [
        ("0 0 * * ? *", "2026-11-21T08:36:54", nil, "2026-11-21T00:00:00Z"),
        ("0 0 * * ? *", "2026-11-21T00:00:00", nil, "2026-11-21T00:00:00Z"),
        ("* * * * ? *", "2026-11-21T08:36:54", nil, "2026-11-21T08:36:00Z"),
        ("0 9 ? 2 1#5 *", "2031-01-01T00:00:00", nil, "2004-02-29T09:00:00Z"),
        ("0 0 29 2 ? *", "2026-11-21T00:00:00", "2025-01-01T00:00:00", nil),
        ("rate(1 hour)", "2026-11-21T08:36:54", "2026-11-21T00:10:00", "2026-11-21T08:10:00Z"),
        ("rate(1 hour)", "2026-11-21T00:10:00", "2026-11-21T00:10:00", "2026-11-21T00:10:00Z"),
        ("rate(1 hour)", "2026-11-21T00:09:59", "2026-11-21T00:10:00", nil),
        ("rate(1 hour)", "2026-11-21T00:09:59", nil, nil),
        ("at(2026-11-20T00:00:00)", "2026-11-21T00:09:59", nil, "2026-11-20T00:00:00Z"),
        ("at(2026-11-22T00:00:00)", "2026-11-21T00:09:59", nil, nil),
    ]

    @Test(arguments: lastRuns) func findsTheLastRun(
        _ expression: String, _ until: String, _ start: String?, _ expected: String?
    ) throws {
        let run = ScheduleRuns.last(
            of: try ScheduleExpression(expression), zone: .utc, until: try seconds(until), start: try start.map(seconds)
        )
        #expect(run?.text == expected)
    }
}
