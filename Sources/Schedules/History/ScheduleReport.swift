internal import AWSServices
package import FoundationEssentials
internal import Support

/// A schedule of either engine as `schedule-list` shows it; its JSON form is stable.
package struct ScheduleReport: Sendable, Codable {
    package let engine: ScheduleEngine
    package let name: String
    /// The schedule group, or the name of the rule.
    package let group: String
    package let expression: String
    package let timezone: String
    /// ENABLED or DISABLED.
    package let state: String
    package let taskFamily: String?
    package let arn: String
    /// The next three, ISO 8601 in the schedule's zone; none while it is disabled.
    package let nextRuns: [String]
    package let lastRun: RunRecord

    /// The lines for people: the schedule, its next runs, its last one.
    package var lines: [String] {
        let what = taskFamily ?? "not a task"
        let head = "\(name)  \(expression)  \(timezone)  \(state)  \(what)" + (engine == .rule ? "  rule \(group)" : "")
        return [head] + (nextRuns.isEmpty ? [] : ["  next  " + nextRuns.joined(separator: "  ")])
            + (taskFamily == nil ? [] : ["  last  " + lastRun.line])
    }
}

/// What schedules start: the tasks of a family, in a cluster.
package struct ScheduledJob: Sendable, Hashable {
    package let cluster: String
    package let family: String
}

/// A schedule of either engine with all that its report is made from.
package struct ListedSchedule: Sendable {
    package let engine: ScheduleEngine
    package let summary: ScheduleSummary
    /// What it starts; `nil` when that is no ECS task.
    package let job: ScheduledJob?
    private let start: Date?
    private let end: Date?
    /// Since when it stands as it does.
    private let since: Date?
    /// What a rate without a start counts from.
    private let created: Date?
    private let lateness: Int
    private let window: Int

    package init(_ stored: StoredSchedule) {
        let response = stored.response
        engine = .scheduler
        summary = stored.summary
        job = (response.target?.ecsParameters).map {
            ScheduledJob(cluster: response.target?.arn ?? "", family: StackFacts.family(of: $0.taskDefinitionArn))
        }
        start = response.startDate
        end = response.endDate
        since = [response.creationDate, response.lastModificationDate].compactMap { $0 }.max()
        created = response.creationDate
        lateness = response.target?.retryPolicy?.maximumEventAgeInSeconds ?? 86_400
        window = (response.flexibleTimeWindow?.maximumWindowInMinutes ?? 0) * 60
    }

    package init(_ stored: RuleService.Stored) {
        engine = .rule
        let plain = stored.summary
        summary = ScheduleSummary(
            name: plain.name, group: stored.rule.name ?? "", expression: plain.expression, timezone: "UTC",
            state: plain.state, taskFamily: plain.taskFamily, arn: plain.arn)
        let target = stored.targets.first { $0.ecsParameters != nil }
        job = (target?.ecsParameters).map {
            ScheduledJob(cluster: target?.arn ?? "", family: StackFacts.family(of: $0.taskDefinitionArn))
        }
        (start, end) = (nil, nil)
        since = stored.rule.description.flatMap(RuleNote.init).map {
            Date(timeIntervalSince1970: Double($0.since.seconds))
        }
        created = since
        lateness = stored.targets.first?.retryPolicy?.maximumEventAgeInSeconds ?? 86_400
        window = 0
    }

    /// - Parameters:
    ///   - zones: the folder of compiled zones.
    ///   - region: for the log's address in AWS's console; `nil` leaves it out.
    package func report(
        _ evidence: RunEvidence, now: Date, region: String?, zones: String = "/usr/share/zoneinfo"
    ) -> ScheduleReport {
        let now = Self.seconds(now)
        let isEnabled = summary.state == ScheduleDesired.State.enabled.rawValue
        var next: [String] = []
        var due: Int?
        // What this can't read (AWS may come to know more) has no times to show.
        if isEnabled, let expression = try? ScheduleExpression(summary.expression),
            let zone = try? TimeZoneFile(named: summary.timezone, root: zones)
        {
            var origin = start.map(Self.seconds)
            var isKnown = true
            if case .rate = expression.form {
                origin = origin ?? created.map(Self.seconds)
                isKnown = origin != nil
            }
            let end = end.map(Self.seconds)
            if isKnown {
                next = ScheduleRuns(expression, zone: zone, after: now, start: origin, end: end).prefix(3).map(\.text)
            }
            due = ScheduleRuns.last(of: expression, zone: zone, until: now, start: origin, end: end)?.instant
            if let at = due, let since, at <= Self.seconds(since) { due = nil }
        }
        let starter = engine == .scheduler ? "chronos-schedule/\(summary.name)" : "events-rule/\(summary.group)"
        var judge = RunJudge(
            startedBy: starter, startedByHand: engine == .scheduler ? StoredSchedule.startedBy(summary.name) : nil,
            due: due, lateness: lateness)
        judge.window = window
        var last = judge.judge(evidence, now: now)
        if let region, let log = last.log { last.logURL = LogLink.url(log, region: region) }
        return ScheduleReport(
            engine: engine, name: summary.name, group: summary.group, expression: summary.expression,
            timezone: summary.timezone, state: summary.state, taskFamily: summary.taskFamily, arn: summary.arn,
            nextRuns: next, lastRun: last)
    }

    private static func seconds(_ date: Date) -> Int { Int(date.timeIntervalSince1970.rounded(.down)) }
}
