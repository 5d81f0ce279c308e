import FoundationEssentials
import Schedules
import Support
import Testing

struct ScheduleExpressionTests {
    /// As written, and as AWS is sent it.
    static let valid: [(String, String)] = [
        ("0 0 * * ? *", "cron(0 0 * * ? *)"),
        ("cron(0 0 * * ? *)", "cron(0 0 * * ? *)"),
        ("  0  0\t* * ?   * ", "cron(0 0 * * ? *)"),
        ("cron( 15 10 ? * 6L 2022-2030 )", "cron(15 10 ? * 6L 2022-2030)"),
        ("0 10 * * ? *", "cron(0 10 * * ? *)"),
        ("15 12 * * ? *", "cron(15 12 * * ? *)"),
        ("0 18 ? * MON-FRI *", "cron(0 18 ? * MON-FRI *)"),
        ("0 8 1 * ? *", "cron(0 8 1 * ? *)"),
        ("0/15 * * * ? *", "cron(0/15 * * * ? *)"),
        ("*/5 * * * ? *", "cron(*/5 * * * ? *)"),
        ("0/10 * ? * MON-FRI *", "cron(0/10 * ? * MON-FRI *)"),
        ("0/5 8-17 ? * MON-FRI *", "cron(0/5 8-17 ? * MON-FRI *)"),
        ("0 9 ? * 2#1 *", "cron(0 9 ? * 2#1 *)"),
        ("0 9 ? * FRI#5 *", "cron(0 9 ? * FRI#5 *)"),
        ("0 0 L * ? *", "cron(0 0 L * ? *)"),
        ("0 0 LW * ? *", "cron(0 0 LW * ? *)"),
        ("0 0 L-3 * ? *", "cron(0 0 L-3 * ? *)"),
        ("0 0 3W * ? *", "cron(0 0 3W * ? *)"),
        ("0 0 31W * ? *", "cron(0 0 31W * ? *)"),
        ("0 0 ? * L *", "cron(0 0 ? * L *)"),
        ("0 0 ? * FRIL *", "cron(0 0 ? * FRIL *)"),
        ("0 0 ? JAN,FEB,MAR mOn *", "cron(0 0 ? JAN,FEB,MAR mOn *)"),
        ("0 0 1 jan-DEC/3 ? *", "cron(0 0 1 jan-DEC/3 ? *)"),
        ("0 0 ? * MON-SUN *", "cron(0 0 ? * MON-SUN *)"),
        ("0 0 ? * SAT-SUN *", "cron(0 0 ? * SAT-SUN *)"),
        ("0 22-6 * * ? *", "cron(0 22-6 * * ? *)"),
        ("0-15/1 8-8 ? * 2,3,4,5,6,7 *", "cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)"),
        ("30-30 13-13 ? * 2,4,6 *", "cron(30-30 13-13 ? * 2,4,6 *)"),
        ("0 0 1-31/30 * ? *", "cron(0 0 1-31/30 * ? *)"),
        ("00 04 * * ? *", "cron(00 04 * * ? *)"),
        ("0,30 0,12 1,15 1,7 ? 2026,2028", "cron(0,30 0,12 1,15 1,7 ? 2026,2028)"),
        ("59 23 31 12 ? 2199", "cron(59 23 31 12 ? 2199)"),
        ("0 0 29 2 ? *", "cron(0 0 29 2 ? *)"),
        ("0 0 29 FEB ? 2028", "cron(0 0 29 FEB ? 2028)"),
        ("0 0 31 APR,MAY ? *", "cron(0 0 31 APR,MAY ? *)"),
        ("0 0 1 1 ? 2026/2", "cron(0 0 1 1 ? 2026/2)"),
        ("0 11-23/4 ? * 2-6 *", "cron(0 11-23/4 ? * 2-6 *)"),
        ("* * * * ? *", "cron(* * * * ? *)"),
        ("0 0 ? * * *", "cron(0 0 ? * * *)"),
        ("5/59 0/23 1/31 1/12 ? 1970-2199/7", "cron(5/59 0/23 1/31 1/12 ? 1970-2199/7)"),
        ("rate(1 minute)", "rate(1 minute)"),
        ("rate( 15  minutes )", "rate(15 minutes)"),
        ("rate(1 hour)", "rate(1 hour)"),
        ("rate(2 hours)", "rate(2 hours)"),
        ("rate(1 day)", "rate(1 day)"),
        ("rate(365 days)", "rate(365 days)"),
        ("at(2026-12-01T02:00:00)", "at(2026-12-01T02:00:00)"),
        ("at( 2028-02-29T23:59:59 )", "at(2028-02-29T23:59:59)"),
    ]

    @Test(arguments: valid) func accepts(_ written: String, _ sent: String) throws {
        #expect(try ScheduleExpression(written).text == sent)
        // What is sent reads back as the same.
        #expect(try ScheduleExpression(sent) == ScheduleExpression(written))
    }

    /// As written, the place named, and words of the reason.
    static let invalid: [(String, String, String)] = [
        ("0 0 * * * *", "day-of-week (column 9)", "one of day-of-month and day-of-week must be '?'"),
        ("cron(0 0 * * * *)", "day-of-week (column 14)", "one of day-of-month and day-of-week must be '?'"),
        ("0 9 15 * MON *", "day-of-week (column 10)", "must be '?'"),
        ("0 0 ? * ? *", "day-of-week (column 9)", "only one of"),
        ("0 0 * * *", "column 10", "six fields are needed"),
        ("0 0 0 * * ? *", "column 13", "there are 7"),
        ("cron()", "column 6", "there are 0"),
        ("", "column 1", "is empty"),
        ("   ", "column 1", "is empty"),
        ("@daily", "column 1", "not known to AWS"),
        ("60 0 * * ? *", "minutes (column 1)", "'60' is not a number from 0 to 59"),
        ("100 9 * * ? 2025", "minutes (column 1)", "'100' is not"),
        ("0 24 * * ? *", "hours (column 3)", "from 0 to 23"),
        ("0 0 0 * ? *", "day-of-month (column 5)", "from 1 to 31"),
        ("0 0 32 * ? *", "day-of-month (column 5)", "'32'"),
        ("0 0 * 13 ? *", "month (column 7)", "1 to 12 or JAN to DEC"),
        ("0 0 * 0 ? *", "month (column 7)", "'0'"),
        ("0 0 * JANUARY ? *", "month (column 7)", "'JANUARY'"),
        ("0 0 ? * 0 *", "day-of-week (column 9)", "1 to 7 or SUN to SAT"),
        ("0 0 ? * 8 *", "day-of-week (column 9)", "'8'"),
        ("0 0 ? * MON,FUN *", "day-of-week (column 13)", "'FUN'"),
        ("0 0 * * ? 1969", "year (column 11)", "from 1970 to 2199"),
        ("0 0 * * ? 2200", "year (column 11)", "'2200'"),
        ("0 0 * * ? 26", "year (column 11)", "'26'"),
        ("0 0 * * ? ?", "year (column 11)", "'?' stands alone"),
        ("0 0 * * ? L", "year (column 11)", "'L' stands alone"),
        ("0 0 * * ? 2030-2026", "year (column 11)", "ends before it begins"),
        ("? 0 * * ? *", "minutes (column 1)", "'?'"),
        ("*/60 * * * ? *", "minutes (column 3)", "the step '60'"),
        ("0/0 * * * ? *", "minutes (column 3)", "the step '0'"),
        ("0/ * * * ? *", "minutes (column 3)", "the step ''"),
        ("1/2/3 * * * ? *", "minutes (column 5)", "a second '/'"),
        ("1-2-3 * * * ? *", "minutes (column 5)", "a second '-'"),
        ("-5 0 * * ? *", "minutes (column 1)", "a value is missing"),
        ("5- 0 * * ? *", "minutes (column 3)", "a value is missing"),
        ("*-5 0 * * ? *", "minutes (column 1)", "'*'"),
        ("0,,5 0 * * ? *", "minutes (column 3)", "a value is missing"),
        ("0, 0 * * ? *", "minutes (column 3)", "a value is missing"),
        ("1.5 0 * * ? *", "minutes (column 1)", "'1.5'"),
        ("0 8/24 * * ? *", "hours (column 5)", "the step '24'"),
        ("0 0 W * ? *", "day-of-month (column 5)", "'W' follows a day"),
        ("0 0 32W * ? *", "day-of-month (column 5)", "'32'"),
        ("0 0 1W,15W * ? *", "day-of-month (column 5)", "'W' follows one day"),
        ("0 0 L,15 * ? *", "day-of-month (column 5)", "'L' stands alone"),
        ("0 0 L-31 * ? *", "day-of-month (column 5)", "from 1 to 30"),
        ("0 0 6#3 * ? *", "day-of-month (column 5)", "only in day-of-week"),
        ("0 0 31 FEB ? *", "day-of-month (column 5)", "none of the months"),
        ("0 0 31 4,6,9,11 ? *", "day-of-month (column 5)", "none of the months"),
        ("0 0 29 2 ? 2027", "day-of-month (column 5)", "none of the months"),
        ("0 0 ? * 3#1,6#3 *", "day-of-week (column 9)", "no list"),
        ("0 0 ? * 6#6 *", "day-of-week (column 11)", "from 1 to 5"),
        ("0 0 ? * 6# *", "day-of-week (column 11)", "from 1 to 5"),
        ("0 0 ? * 2/2 *", "day-of-week (column 9)", "'/' is not allowed"),
        ("0 0 ? * 3W *", "day-of-week (column 9)", "'W'"),
        ("0 0 ? * MON-5L *", "day-of-week (column 13)", "'L'"),
        ("rate(1 days)", "unit (column 8)", "must be 'day' after 1"),
        ("rate(5 minute)", "unit (column 8)", "must be 'minutes' after 5"),
        ("rate(0 days)", "value (column 6)", "at least 1"),
        ("rate(-1 days)", "value (column 6)", "not a whole number"),
        ("rate(1.5 hours)", "value (column 6)", "not a whole number"),
        ("rate(5)", "unit (column 7)", "is missing"),
        ("rate()", "value (column 6)", "is missing"),
        ("rate(1 week)", "unit (column 8)", "'week'"),
        ("rate(5 Minutes)", "unit (column 8)", "'Minutes'"),
        ("rate(5 minutes please)", "column 16", "follows the unit"),
        ("at(2026-12-01T02:00:00Z)", "time (column 23)", "no zone"),
        ("at(2026-12-01 02:00:00)", "column 15", "follows the time"),
        ("at(2026-12-01T02:00)", "time (column 20)", "ends early"),
        ("at(2026-13-01T02:00:00)", "month (column 9)", "13 is not from 1 to 12"),
        ("at(2026-02-29T02:00:00)", "day (column 12)", "29 is not from 1 to 28"),
        ("at(2026-12-01T24:00:00)", "hours (column 15)", "24"),
        ("at(2026-12-01T02:60:00)", "minutes (column 18)", "60"),
        ("at(26-12-01T02:00:00)", "time (column 6)", "'-' stands where a digit must"),
        ("at()", "time (column 4)", "is missing"),
        ("2026-12-01T02:00:00", "column 1", "at(…)"),
        ("CRON(0 0 * * ? *)", "column 1", "none of cron(…)"),
        ("every(1 day)", "column 1", "'every(…)'"),
        ("cron(0 0 * * ? *", "column 17", "')' is missing"),
        ("cron(0 0 * * ? *) x", "column 19", "'x' follows"),
        ("cron(0 0 * * ? *))", "column 18", "')' follows"),
    ]

    @Test(arguments: invalid) func refuses(_ written: String, _ place: String, _ reason: String) throws {
        let failure = #expect(throws: Failure.self) { try ScheduleExpression(written) }
        #expect(failure?.kind == .badInput)
        let message = failure?.message ?? ""
        #expect(message.hasPrefix("schedule expression '\(written)': \(place): "), "\(message)")
        #expect(message.contains(reason), "\(message)")
    }

    @Test(arguments: [
        ("0 0 * * *", "0 0 * * ? *"), ("0 9 * * 1-5", "0 9 ? * MON-FRI *"), ("0 9 * * 0", "0 9 ? * SUN *"),
        ("0 9 * * 7", "0 9 ? * SUN *"), ("0 0 1 * *", "0 0 1 * ? *"), ("0 0 * * * *", "0 0 * * ? *"),
        ("0 9 * * MON-FRI *", "0 9 ? * MON-FRI *"), ("0 9 1 * * *", "0 9 1 * ? *"), ("@daily", "0 0 * * ? *"),
        ("2030-12-01T02:00:00", "at(2030-12-01T02:00:00)"),
    ])
    func hintsAtTheRightForm(_ written: String, _ meant: String) throws {
        let failure = #expect(throws: Failure.self) { try ScheduleExpression(written) }
        #expect(failure?.hint?.contains("'\(meant)'") == true, "\(failure?.hint ?? "no hint")")
        #expect(throws: Never.self) { try ScheduleExpression(meant) }
    }

    @Test func twoDayFieldsHintAtTwoSchedules() throws {
        for written in ["0 9 15 * MON *", "0 9 15 * 1"] {
            let failure = #expect(throws: Failure.self) { try ScheduleExpression(written) }
            #expect(failure?.hint?.contains("two schedules") == true)
        }
    }

    @Test func parsesIntoValues() throws {
        guard case .cron(let cron) = try ScheduleExpression("50/5,3 22-1 ? NOV-JAN 6#3 2026-2030/2").form else {
            Issue.record("no cron")
            return
        }
        #expect(cron.minutes == [3, 50, 55])
        #expect(cron.hours == [0, 1, 22, 23])
        #expect(cron.months == [1, 11, 12])
        #expect(cron.dayOfMonth == .unspecified)
        #expect(cron.dayOfWeek == .nth(day: 6, week: 3))
        #expect(cron.years == [2026, 2028, 2030])
        guard case .rate(let rate) = try ScheduleExpression("rate(7 days)").form else {
            Issue.record("no rate")
            return
        }
        #expect(rate.value == 7)
        #expect(rate.unit == .day)
    }

    @Test(arguments: [
        ("0 0 ? * MON *", "00 0 ? * 2 *"), ("0/30 0 * * ? *", "0,30 00 */1 JAN-DEC ? 1970-2199"),
        ("0 0 ? * L *", "0 0 ? * SAT *"),
    ])
    func equalMeaningIsEqual(_ left: String, _ right: String) throws {
        #expect(try ScheduleExpression(left) == ScheduleExpression(right))
    }

    @Test func refusesMoreThanAWSTakes() throws {
        let list = Array(repeating: "59", count: 90).joined(separator: ",")
        let failure = #expect(throws: Failure.self) { try ScheduleExpression("\(list) 0 * * ? *") }
        #expect(failure?.message.contains("256") == true)
    }

    @Test func refusesWhatIsOver() throws {
        // 2026-12-01T02:00:00Z
        let now = Date(timeIntervalSince1970: 1_796_090_400)
        for over in ["at(2026-11-30T13:59:59)", "0 0 1 1 ? 2020-2025", "at(1970-01-01T00:00:00)"] {
            let failure = #expect(throws: Failure.self) { try ScheduleExpression(over).checkNotOver(now: now) }
            #expect(failure?.kind == .badInput)
        }
        // Somewhere west of here it is still November.
        for ahead in [
            "at(2026-11-30T14:00:00)", "0 0 1 1 ? 2026", "rate(1 day)", "0 0 * * ? *", "at(2199-12-31T23:59:59)",
        ] {
            #expect(throws: Never.self) { try ScheduleExpression(ahead).checkNotOver(now: now) }
        }
    }
}
