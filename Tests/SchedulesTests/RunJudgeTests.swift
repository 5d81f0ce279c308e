import AWSServices
import FoundationEssentials
import Schedules
import Support
import Testing
import Watch

/// How a schedule's last run is judged. Times are seconds since 1970; the run was due at 100,000.
struct RunJudgeTests {
    private static let due = 100_000
    private static let hours = 8 * 3600

    private static func judge(due: Int? = due) -> RunJudge {
        RunJudge(
            startedBy: "chronos-schedule/job", startedByHand: "fgctl/schedule-run/job", due: due, lateness: 3600)
    }

    private static func definition() throws -> ECS.TaskDefinition {
        try decode(
            """
            {"family":"nightly","containerDefinitions":[{"name":"nightly","logConfiguration":{"logDriver":"awslogs",
            "options":{"awslogs-group":"/ecs/nightly","awslogs-stream-prefix":"ecs"}}}]}
            """)
    }

    private static func decode<T: Decodable>(_ text: String) throws -> T {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        return try decoder.decode(T.self, from: Data(text.utf8))
    }

    private static func task(
        _ id: String, startedBy: String = "chronos-schedule/job", at time: Int = due + 5, exit: Int? = 0,
        status: String = "STOPPED", triggered: String? = nil, execution: Bool = false
    ) throws -> ECS.Task {
        var variables: [String] = []
        if let triggered { variables.append(#"{"name":"TASK_TRIGGERED_AT","value":"\#(triggered)"}"#) }
        if execution { variables.append(#"{"name":"SCHEDULE_EXECUTION_ID","value":"e1"}"#) }
        let code = exit.map { #","exitCode":\#($0)"# } ?? ""
        return try decode(
            """
            {"taskArn":"arn:aws:ecs:us-east-1:123456789012:task/nightly/\(id)","lastStatus":"\(status)",
            "startedBy":"\(startedBy)","createdAt":\(time),"startedAt":\(time + 3),"stoppedAt":\(time + 60),
            "overrides":{"containerOverrides":[{"name":"nightly","environment":[\(variables.joined(separator: ","))]}]},
            "containers":[{"name":"nightly","lastStatus":"STOPPED"\(code)}]}
            """)
    }

    private static func evidence(
        _ tasks: [ECS.Task]?, streams: [Int]? = [], schedules: Int = 1
    ) throws -> RunEvidence {
        var evidence = RunEvidence()
        evidence.tasks = tasks
        evidence.definition = try definition()
        evidence.streams = try streams?.enumerated().map { index, start in
            try decode(#"{"logStreamName":"ecs/nightly/s\#(index)","creationTime":\#(start * 1000)}"#)
        }
        evidence.hasMoreStreams = (streams?.count ?? 0) >= 50
        evidence.starters = ["chronos-schedule/job", "chronos-schedule/other"].suffix(schedules)
        return evidence
    }

    // MARK: Tasks

    @Test func aTaskThatEndedTellsAll() throws {
        let record = Self.judge().judge(try Self.evidence([try Self.task("a")]), now: Self.due + 300)
        #expect(record.status == .succeeded)
        #expect(record.exitCode == 0)
        #expect(record.due == "1970-01-02T03:46:40Z")
        #expect(record.startedAt == "1970-01-02T03:46:48Z")
        #expect(record.log == LogLocation(container: "nightly", group: "/ecs/nightly", stream: "ecs/nightly/a"))
        #expect(!record.isFailure)
    }

    @Test func anotherCodeIsAFailure() throws {
        let record = Self.judge().judge(try Self.evidence([try Self.task("a", exit: 3)]), now: Self.due + 300)
        #expect(record.status == .failed)
        #expect(record.exitCode == 3)
        #expect(record.isFailure)
    }

    @Test func aTaskThatRunsIsNoFailure() throws {
        let running = try Self.task("a", exit: nil, status: "RUNNING")
        let record = Self.judge().judge(try Self.evidence([running]), now: Self.due + 300)
        #expect(record.status == .running)
        #expect(!record.isFailure)
    }

    /// Who started the task, whether the schedule is the family's only one, whether the task bears an execution's id, and
    /// whether it is taken for the schedule's.
    static let owners: [(String, Int, Bool, Bool)] = [
        ("chronos-schedule/job", 2, false, true),
        ("fgctl/schedule-run/job", 2, false, true),
        ("chronos-schedule/job2", 1, true, false),
        ("chronos-schedule/other", 1, true, false),
        ("events-rule/nightly-job", 1, true, false),
        ("fgctl", 1, true, false),
        ("ecs-svc/1", 1, true, false),
        ("", 1, true, true),
        ("", 2, true, false),
        ("", 1, false, false),
        ("somebody", 1, false, false),
    ]

    @Test(arguments: owners) func knowsItsOwnTasks(_ starter: String, _ schedules: Int, _ execution: Bool, _ own: Bool)
        throws
    {
        let task = try Self.task("a", startedBy: starter, exit: 1, execution: execution)
        let record = Self.judge().judge(try Self.evidence([task], schedules: schedules), now: Self.due + 300)
        #expect(record.status == (own ? .failed : .missing))
    }

    /// ECS shows 36 characters; schedules whose names begin alike are told apart by what they give their tasks.
    @Test func cutOffStartersCount() throws {
        let name = "chronos-schedule/a-schedule-with-a-long-name"
        var judge = RunJudge(startedBy: name, startedByHand: nil, due: Self.due, lateness: 3600)
        var evidence = try Self.evidence([
            try Self.task("a", startedBy: String(name.prefix(36)), triggered: "1970-01-02T03:46:40Z")
        ])
        #expect(judge.judge(evidence, now: Self.due + 300).status == .succeeded)
        evidence.starters = [name, name + "-2"]
        #expect(judge.judge(evidence, now: Self.due + 300).status == .missing)
        for (variables, status) in [
            (#"{"name":"TASK_TRIGGERED_AT","value":"<aws.scheduler.scheduled-time>"}"#, RunRecord.Status.succeeded),
            (#"{"name":"MODE","value":"fast"}"#, .missing),
        ] {
            judge.overrides = try Self.decode(
                #"{"containerOverrides":[{"name":"nightly","environment":[\#(variables)]}]}"#)
            #expect(judge.judge(evidence, now: Self.due + 300).status == status)
        }
    }

    /// The time that the run was for counts, not that at which its task came to be.
    @Test func aLateDeliveryBelongsToItsTime() throws {
        let late = try Self.task("a", at: Self.due + 3000, triggered: "1970-01-02T03:46:40Z")
        #expect(Self.judge().judge(try Self.evidence([late]), now: Self.due + 3100).status == .succeeded)
        let before = try Self.task("b", at: Self.due - 3000, triggered: "1970-01-02T02:46:40Z")
        #expect(Self.judge().judge(try Self.evidence([before]), now: Self.due + 300).status == .missing)
    }

    @Test func aRepairByHandSettlesIt() throws {
        let tasks = [
            try Self.task("a", exit: 1),
            try Self.task("b", startedBy: "fgctl/schedule-run/job", at: Self.due + 900),
        ]
        #expect(Self.judge().judge(try Self.evidence(tasks), now: Self.due + 1200).status == .succeeded)
        #expect(Self.judge().judge(try Self.evidence(tasks.reversed()), now: Self.due + 1200).status == .succeeded)
    }

    @Test func oneOfSeveralThatFailedFailsTheRun() throws {
        let tasks = try [0, 2, 0].enumerated().map {
            try Self.task("t\($0)", exit: $1, triggered: "1970-01-02T03:46:40Z")
        }
        let record = Self.judge().judge(try Self.evidence(tasks), now: Self.due + 300)
        #expect(record.status == .failed)
        #expect(record.taskArn?.hasSuffix("/t1") == true)
    }

    @Test func withoutADueRunTheLatestIsShown() throws {
        let record = Self.judge(due: nil).judge(try Self.evidence([try Self.task("a", exit: 1)]), now: Self.due + 300)
        #expect(record.status == .failed)
        #expect(record.due == nil)
        #expect(Self.judge(due: nil).judge(try Self.evidence([]), now: Self.due).status == RunRecord.Status.none)
    }

    // MARK: No task

    /// Seconds since the run was due, tasks readable, when log streams began (relative to due; nil: unreadable), verdict.
    static let silences: [(Int, Bool, [Int]?, RunRecord.Status)] = [
        (60, true, [], .pending),
        (119, true, [], .pending),
        (120, true, [], .missing),
        (300, true, nil, .missing),
        (300, false, [], .unknown),
        // ECS would know: that stream is another task's.
        (300, true, [30], .missing),
        (300, false, [30], .unknown),
        // Hours later only the log can tell.
        (hours, true, [], .missing),
        (hours, true, nil, .unknown),
        (hours, true, [30], .unknown),
        (hours, true, [3000], .unknown),
        (hours, true, [-3000], .missing),
        (hours, true, [6 * 3600], .missing),
        (hours, true, Array(repeating: 6 * 3600, count: 50), .unknown),
        (hours, true, Array(repeating: 6 * 3600, count: 49) + [-60_000], .missing),
        // After a day the log may have been cleared.
        (6 * hours, true, [], .unknown),
        (6 * hours, true, [40_000], .unknown),
        (6 * hours, true, [-3000], .missing),
    ]

    @Test(arguments: silences) func judgesSilence(
        _ passed: Int, _ readable: Bool, _ streams: [Int]?, _ status: RunRecord.Status
    ) throws {
        let evidence = try Self.evidence(readable ? [] : nil, streams: streams?.map { Self.due + $0 })
        let record = Self.judge().judge(evidence, now: Self.due + passed)
        #expect(record.status == status)
        #expect(record.isFailure == (status == .missing))
        #expect(status == .pending || record.cause != nil)
    }

    @Test func aStreamTellsWhenItRan() throws {
        let evidence = try Self.evidence([], streams: [Self.due + 7000, Self.due + 40, Self.due - 9000])
        let record = Self.judge().judge(evidence, now: Self.due + Self.hours)
        #expect(record.startedAt == "1970-01-02T03:47:20Z")
        #expect(record.log?.stream == "ecs/nightly/s1")
        #expect(record.exitCode == nil)
    }

    @Test func aFlexibleWindowGivesTime() throws {
        var judge = Self.judge()
        judge.window = 900
        #expect(judge.judge(try Self.evidence([]), now: Self.due + 900).status == .pending)
        #expect(judge.judge(try Self.evidence([]), now: Self.due + 1100).status == .missing)
    }

    // MARK: Reports

    private func report(
        _ changes: [(String, String)] = [], now: String, evidence: RunEvidence = RunEvidence(), region: String? = nil
    ) throws -> ScheduleReport {
        var text = try Fixtures.stored()
        for (old, new) in changes { text = text.replacing(old, with: new) }
        let response: Scheduler.GetScheduleResponse = try Self.pascal(text)
        let stored = StoredSchedule(name: "job", group: "nightly", response: response)
        let time = try #require(CivilTime(now)).seconds
        return ListedSchedule(stored).report(evidence, now: Date(timeIntervalSince1970: Double(time)), region: region)
    }

    /// GetSchedule's answer, read without the wire: names begin small in the types.
    private static func pascal<T: Decodable>(_ text: String) throws -> T {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        decoder.keyDecodingStrategy = .custom { path in
            let key = path.last?.stringValue ?? ""
            return Key(stringValue: key.prefix(1).lowercased() + key.dropFirst())
        }
        return try decoder.decode(T.self, from: Data(text.utf8))
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static let open: [(String, String)] = [(#""StartDate":1790000000,"EndDate":1890000000,"#, "")]

    @Test(.enabled(if: ScheduleRunsTests.hasZones)) func tellsTheNextThreeRuns() throws {
        let report = try report(Self.open, now: "2026-10-24T12:00:00", region: "us-east-1")
        #expect(
            report.nextRuns == ["2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", "2026-10-27T00:00:00+01:00"])
        #expect(report.lastRun.due == "2026-10-23T22:00:00Z")
    }

    @Test(.enabled(if: ScheduleRunsTests.hasZones)) func knowsStartEndAndChanges() throws {
        // Start 2026-09-21, end 2029-11-22.
        #expect(try report(now: "2026-01-01T00:00:00").nextRuns.first == "2026-09-22T00:00:00+02:00")
        #expect(try report(now: "2030-01-01T00:00:00").nextRuns.isEmpty)
        // A run that was due before the schedule was changed is not asked for.
        let changed = ("\"LastModificationDate\":1700000001", "\"LastModificationDate\":1792839600")
        #expect(try report(Self.open + [changed], now: "2026-10-24T12:00:00").lastRun.status == RunRecord.Status.none)
        let disabled = try report(
            Self.open + [("ENABLED\",\"Start", "x"), ("\"State\":\"ENABLED\"", "\"State\":\"DISABLED\"")],
            now: "2026-10-24T12:00:00")
        #expect(disabled.nextRuns.isEmpty)
        #expect(disabled.lastRun.status == RunRecord.Status.none)
    }

    @Test func ratesCountFromCreation() throws {
        let rate = ("cron(0 0 * * ? *)", "rate(1 day)")
        let utc = ("Europe/Berlin", "UTC")
        // Created 2023-11-14T22:13:20.
        let report = try report(Self.open + [rate, utc], now: "2026-10-24T12:00:00")
        #expect(report.nextRuns.first == "2026-10-24T22:13:20Z")
        #expect(report.lastRun.due == "2026-10-23T22:13:20Z")
    }

    @Test func saysWhyItCanNotTellTheTimes() throws {
        let strange = try report(Self.open + [("cron(0 0 * * ? *)", "moon(full)")], now: "2026-10-24T12:00:00")
        #expect(strange.nextRuns.isEmpty)
        #expect(strange.note?.contains("moon(full)") == true)
        #expect(strange.lastRun.status == .unknown)
        #expect(strange.lines.contains { $0.hasPrefix("  note  ") })
    }

    @Test(arguments: [
        ("eu-west-1", "console.aws.amazon.com"), ("cn-north-1", "console.amazonaws.cn"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
    ])
    func linksToTheConsole(region: String, console: String) throws {
        let triggered = try Self.task("a", at: 1_792_792_800)
        let utc = ("Europe/Berlin", "UTC")
        let report = try report(
            Self.open + [utc], now: "2026-10-24T12:00:00", evidence: try Self.evidence([triggered]), region: region)
        #expect(report.lastRun.status == .missing)
        let fresh = try Self.task("b", at: 1_792_803_600)
        let found = try self.report(
            Self.open + [utc], now: "2026-10-24T12:00:00", evidence: try Self.evidence([fresh]), region: region)
        let link =
            "https://\(region).\(console)/cloudwatch/home?region=\(region)#logsV2:log-groups/log-group/"
            + "$252Fecs$252Fnightly/log-events/ecs$252Fnightly$252Fb"
        #expect(found.lastRun.logURL == link)
        #expect(found.lines.contains { $0.hasSuffix("log \(link)") })
    }
}
