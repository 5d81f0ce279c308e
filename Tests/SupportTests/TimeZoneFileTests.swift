import Testing

@testable import Support

struct TimeZoneFileTests {
    private func seconds(_ text: String) throws -> Int { try #require(CivilTime(text)).seconds }

    // MARK: The rule behind the table

    /// The rule, an instant in UTC, and what the zone's clock is ahead of UTC then, in seconds.
    static let rules: [(String, String, Int)] = [
        ("UTC0", "2500-01-01T00:00:00", 0),
        ("<-05>5", "2026-07-01T00:00:00", -18000),
        ("<+0545>-5:45", "2026-07-01T00:00:00", 20700),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T00:59:59", 3600),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2050-03-27T01:00:00", 7200),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T00:59:59", 7200),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2050-10-30T01:00:00", 3600),
        ("EST5EDT,M3.2.0,M11.1.0", "2050-03-13T06:59:59", -18000),
        ("EST5EDT,M3.2.0,M11.1.0", "2050-03-13T07:00:00", -14400),
        // The southern half: summer time over the new year.
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2050-01-01T00:00:00", 39600),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2050-07-01T00:00:00", 36000),
        // Half an hour of it.
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2050-01-01T00:00:00", 39600),
        // A change on the evening before the day that is named.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-03-27T00:59:59", -7200),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-03-27T01:00:00", -3600),
        // Daylight saving as the negative of winter time (Dublin), and all year round.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2050-01-01T00:00:00", 0),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", "2050-07-01T00:00:00", 3600),
        ("EST5EDT,0/0,J365/25", "2050-01-01T05:00:00", -14400),
        ("EST5EDT,0/0,J365/25", "2050-12-31T23:00:00", -14400),
        // Julian days never count the 29th of February, the others do.
        ("AAA0BBB,J60/0,J300/0", "2052-02-29T12:00:00", 0),
        ("AAA0BBB,J60/0,J300/0", "2052-03-01T00:00:00", 3600),
        ("AAA0BBB,59/0,300/0", "2052-02-29T00:00:00", 3600),
    ]

    @Test(arguments: rules) func followsTheRule(_ rule: String, _ instant: String, _ offset: Int) throws {
        let rule = try #require(TimeZoneRule(rule))
        #expect(rule.offset(at: try seconds(instant)) == offset)
    }

    @Test(arguments: [
        "", "U", "UTC", "<+05", "UTC25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,J0,J1",
        "CET-1CEST,M3.5.0,M10.5.0x", "CET-1:60",
    ])
    func refusesWhatIsNoRule(_ text: String) { #expect(TimeZoneRule(text) == nil) }

    // MARK: Files

    /// A file of version 2 with one change, at `instant`, from UTC+1 to UTC+2, and a footer.
    static func file(instant: Int = 1_000_000, footer: String = "") -> [UInt8] {
        func number(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        func header(_ times: Int, _ types: Int, _ letters: Int) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
                + [0, 0, 0, times, types, letters].flatMap { number($0, 4) }
        }
        let types = number(3600, 4) + [0, 0] + number(7200, 4) + [1, 4]
        return header(0, 1, 4) + number(0, 4) + [0, 0] + Array("UTC\0".utf8)
            + header(1, 2, 8) + number(instant, 8) + [1] + types + Array("CET\0CEST".utf8)
            + Array("\n\(footer)\n".utf8)
    }

    @Test func readsTableAndFooter() throws {
        let zone = try TimeZoneFile(name: "Test", bytes: Self.file(footer: "CST6"))
        #expect(zone.offset(at: 999_999) == 3600)
        #expect(zone.offset(at: 1_000_000) == -21600)
        #expect(zone.local(1_000_000).description == "1970-01-12T07:46:40")
    }

    @Test func keepsTheLastOffsetWithoutFooter() throws {
        let zone = try TimeZoneFile(name: "Test", bytes: Self.file())
        #expect([999_999, 1_000_000, 9_999_999_999].map(zone.offset(at:)) == [3600, 7200, 7200])
    }

    @Test func refusesDamagedFiles() throws {
        let file = Self.file(footer: "CST6")
        for length in 0..<file.count {
            #expect(throws: Failure.self, "\(length) bytes") {
                try TimeZoneFile(name: "Test", bytes: Array(file[..<length]))
            }
        }
        #expect(throws: Failure.self) { try TimeZoneFile(name: "Test", bytes: Self.file(footer: "nonsense")) }
    }

    /// Any single byte changed either reads as some zone or is refused; nothing traps.
    @Test func standsDamage() {
        let file = Self.file(footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        for index in file.indices {
            for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
                var broken = file
                broken[index] = value
                guard let zone = try? TimeZoneFile(name: "Test", bytes: broken) else { continue }
                for instant in [-1, 1_000_000, 4_000_000_000] { #expect(abs(zone.offset(at: instant)) < 26 * 3600) }
            }
        }
    }

    @Test(arguments: ["../etc/passwd", "/etc/passwd", "Europe/../UTC", "", "Europe/", ".", "Mars/Olympus", "Europe"])
    func readsNothingElse(_ name: String) {
        let failure = #expect(throws: Failure.self) { try TimeZoneFile(named: name) }
        #expect(failure?.kind == .badInput)
    }

    @Test func knowsUTCWithoutFiles() throws {
        #expect(try TimeZoneFile(named: "UTC", root: "/nowhere").offset(at: 0) == 0)
    }

    // MARK: Local times, in the zones of this machine

    static let locals: [(String, String, [String])] = [
        ("Europe/Berlin", "2026-03-29T01:59:59", ["2026-03-29T00:59:59"]),
        ("Europe/Berlin", "2026-03-29T02:30:00", []),
        ("Europe/Berlin", "2026-03-29T03:00:00", ["2026-03-29T01:00:00"]),
        ("Europe/Berlin", "2026-10-25T02:00:00", ["2026-10-25T00:00:00", "2026-10-25T01:00:00"]),
        ("Europe/Berlin", "2026-10-25T03:00:00", ["2026-10-25T02:00:00"]),
        // Long after the table.
        ("Europe/Berlin", "2150-03-29T02:30:00", []),
        ("America/New_York", "2150-11-01T01:30:00", ["2150-11-01T05:30:00", "2150-11-01T06:30:00"]),
        // Half an hour; midnight; a day that was left out whole.
        ("Australia/Lord_Howe", "2026-10-04T02:15:00", []),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", ["2026-04-04T14:45:00", "2026-04-04T15:15:00"]),
        ("America/Havana", "2026-03-08T00:30:00", []),
        ("Pacific/Apia", "2011-12-30T12:00:00", []),
        ("Asia/Kolkata", "2026-01-01T05:30:00", ["2026-01-01T00:00:00"]),
        ("Etc/GMT+5", "2026-01-01T00:00:00", ["2026-01-01T05:00:00"]),
    ]

    @Test(.enabled(if: LocalFileSystem().isFile("/usr/share/zoneinfo/Europe/Berlin")), arguments: locals)
    func findsTheInstants(_ zone: String, _ local: String, _ instants: [String]) throws {
        let zone = try TimeZoneFile(named: zone)
        #expect(zone.instants(of: try #require(CivilTime(local))) == (try instants.map(seconds)))
    }

    // MARK: Dates

    @Test func countsDaysThereAndBack() {
        var day = GregorianCalendar.daysSince1970(year: 1899, month: 12, day: 31)
        var wrong: [Int] = []
        for year in 1900...2200 {
            for month in 1...12 {
                for date in 1...GregorianCalendar.days(inMonth: month, of: year) {
                    day += 1
                    let back = GregorianCalendar.date(daysSince1970: day)
                    if GregorianCalendar.daysSince1970(year: year, month: month, day: date) != day
                        || back != (year, month, date)
                    {
                        wrong.append(day)
                    }
                }
            }
        }
        #expect(wrong.isEmpty)
        #expect(GregorianCalendar.weekday(year: 1970, month: 1, day: 1) == 4)
        #expect(GregorianCalendar.weekday(year: 1900, month: 1, day: 1) == 1)
    }

    @Test(arguments: [(-7200, "-02:00"), (0, "Z"), (20700, "+05:45")]) func writesOffsets(_ offset: Int, _ text: String)
        throws
    {
        let time = try #require(CivilTime("2026-02-28T23:59:58"))
        #expect(CivilTime(seconds: time.seconds) == time)
        #expect(time.text(offset: offset) == "2026-02-28T23:59:58" + text)
    }

    @Test(arguments: ["2026-02-29T00:00:00", "2026-01-01 00:00:00", "2026-01-01T24:00:00", "2026-1-1T00:00:00", ""])
    func refusesWhatIsNoTime(_ text: String) { #expect(CivilTime(text) == nil) }
}
