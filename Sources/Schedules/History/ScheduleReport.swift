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
    /// Why there are no next runs though it is enabled, when fgctl can't tell them; absent otherwise.
    package let note: String?

    /// The lines for people: the schedule, its next runs, its last one.
    package var lines: [String] {
        let what = taskFamily ?? "not a task"
        let head = "\(name)  \(expression)  \(timezone)  \(state)  \(what)" + (engine == .rule ? "  rule \(group)" : "")
        return [head] + (nextRuns.isEmpty ? [] : ["  next  " + nextRuns.joined(separator: "  ")])
            + (note.map { ["  note  " + $0] } ?? []) + (taskFamily == nil ? [] : ["  last  " + lastRun.line])
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
    /// What ECS calls the starter of its tasks (as seen in DescribeTasks; AWS documents it nowhere).
    package var startedBy: String {
        engine == .scheduler ? "chronos-schedule/\(summary.name)" : "events-rule/\(summary.group)"
    }
    private let input: String?
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
        input = response.target?.input
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
        input = target?.input
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
        var times = Times()
        if summary.state == ScheduleDesired.State.enabled.rawValue {
            do {
                times = try self.times(now: now, zones: zones)
            } catch {
                // AWS may come to know expressions and zones that this does not.
                times.note = (error as? Failure)?.message ?? "\(error)"
            }
        }
        var judge = RunJudge(
            startedBy: startedBy,
            startedByHand: ScheduledTask.startedBy(engine == .scheduler ? summary.name : summary.group),
            due: times.due, lateness: lateness)
        judge.window = window
        judge.overrides = try? JSONDecoder().decode(ECS.TaskOverride.self, from: Data((input ?? "").utf8))
        var last = judge.judge(evidence, now: now)
        if let note = times.note, last.status == .none {
            last = RunRecord(.unknown)
            last.cause = note
        }
        if let region, let log = last.log { last.logURL = LogLink.url(log, region: region) }
        return ScheduleReport(
            engine: engine, name: summary.name, group: summary.group, expression: summary.expression,
            timezone: summary.timezone, state: summary.state, taskFamily: summary.taskFamily, arn: summary.arn,
            nextRuns: times.next, lastRun: last, note: times.note)
    }

    private struct Times {
        var next: [String] = []
        var due: Int?
        var note: String?
    }

    /// The next three runs, and when the last one was due since the schedule stands as it does.
    private func times(now: Int, zones: String) throws -> Times {
        let expression = try ScheduleExpression(summary.expression)
        let zone = try TimeZoneFile(named: summary.timezone, root: zones)
        var times = Times()
        var origin = start.map(Self.seconds)
        if case .rate = expression.form {
            origin = origin ?? created.map(Self.seconds)
            guard origin != nil else {
                times.note = "a rate counts from when the rule was made, which AWS does not tell"
                return times
            }
        }
        let end = end.map(Self.seconds)
        times.next = ScheduleRuns(expression, zone: zone, after: now, start: origin, end: end).prefix(3).map(\.text)
        let due = ScheduleRuns.last(of: expression, zone: zone, until: now, start: origin, end: end)?.instant
        if let due, due > since.map(Self.seconds) ?? .min { times.due = due }
        return times
    }

    private static func seconds(_ date: Date) -> Int { Int(date.timeIntervalSince1970.rounded(.down)) }
}
