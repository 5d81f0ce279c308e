package import AWSServices
internal import FoundationEssentials
internal import Support
internal import Watch

/// What ECS and the log group still know of a task family.
///
/// ECS forgets stopped tasks after about an hour. What stays longer are log streams, which tell that a task ran and when, but
/// neither its exit code nor who started it.
package struct RunEvidence: Sendable {
    /// `nil`: they may not be looked into.
    package var tasks: [ECS.Task]?
    package var definition: ECS.TaskDefinition?
    /// The latest streams of the first container, newest first; `nil`: there is no log, or it may not be looked into.
    package var streams: [CloudWatchLogs.LogStream]?
    /// Whether the group has older streams that were not looked at.
    package var hasMoreStreams = false
    /// ECS's `startedBy` for each of the schedules that start this family.
    package var starters: [String] = []

    package init() {}

    /// How many streams are looked at.
    static let mostStreams = 50
}

/// Judges a schedule's last run from what is still known; pure.
package struct RunJudge: Sendable {
    /// What starts the schedule's tasks, as ECS's `startedBy` has it.
    package var startedBy: String
    /// By which `schedule-run` starts the same by hand.
    package var startedByHand: String?
    /// When the last run was due, seconds since 1970; `nil`: none was.
    package var due: Int?
    /// How much later than due it may start at most, in seconds.
    package var lateness: Int
    /// The schedule's flexible time window, in seconds.
    package var window = 0
    /// What the schedule gives its tasks as overrides, context attributes not yet replaced; `nil`: nothing, or not readable.
    package var overrides: ECS.TaskOverride?

    package init(startedBy: String, startedByHand: String?, due: Int?, lateness: Int) {
        self.startedBy = startedBy
        self.startedByHand = startedByHand
        self.due = due
        self.lateness = lateness
    }

    /// Schedules start within a minute of their time, and ECS takes a moment to show the task.
    private static let patience = 120
    /// Between a task's creation and its first log line: placing it, fetching the image.
    private static let startUp = 900
    /// Within this time ECS surely knows a stopped task; documented is an hour.
    private static let memory = 3000
    /// The clock of the one that notes a time is not the clock of the other.
    private static let slack = 60

    /// - Parameter now: seconds since 1970.
    package func judge(_ evidence: RunEvidence, now: Int) -> RunRecord {
        var record = fromTasks(evidence) ?? fromSilence(evidence, now: now)
        record.due = due.map { CivilTime(seconds: $0).text(offset: 0) }
        return record
    }

    // MARK: Tasks

    private func fromTasks(_ evidence: RunEvidence) -> RunRecord? {
        let own = (evidence.tasks ?? []).filter { isOwn($0, among: evidence.starters) }
        let times = own.map { (task: $0, time: Self.time($0)) }
        guard let latest = times.map(\.time).max(), latest >= (due ?? .min + Self.slack) - Self.slack else {
            return nil
        }
        // One run may be several tasks: a count above 1, or a delivery that came twice.
        let run = times.filter { $0.time == latest }.map(\.task)
        let records = run.map { self.record($0, time: latest, evidence.definition) }
        return records.first { $0.status == .failed } ?? records.first { $0.status == .running } ?? records.first
    }

    /// AWS cuts `startedBy` off after so many characters.
    private static let shown = 36

    private func isOwn(_ task: ECS.Task, among starters: [String]) -> Bool {
        let starter = task.startedBy ?? ""
        if starter == startedBy || starter == startedByHand { return true }
        if starter.utf8.count == Self.shown, startedBy.hasPrefix(starter) {
            // Others whose names begin alike may also have been removed by now.
            let twins = starters.count { $0.hasPrefix(starter) }
            return twins < 2 && overrides == nil || isLikeOwn(task)
        }
        let isOfOther = ["chronos-schedule/", "events-rule/", "fgctl", "ecs-svc/"].contains { starter.hasPrefix($0) }
        return starters.count < 2 && !isOfOther && Self.variable("SCHEDULE_EXECUTION_ID", of: task) != nil
    }

    /// Whether a task has the command and the variables that this schedule gives: tells schedules apart whose names begin
    /// alike.
    private func isLikeOwn(_ task: ECS.Task) -> Bool {
        func essence(_ override: ECS.TaskOverride?, _ kept: Set<String>) -> [String: [String]] {
            (override?.containerOverrides ?? []).reduce(into: [:]) { found, container in
                let variables = (container.environment ?? []).filter { kept.contains($0.name ?? "") }
                    .map { "\($0.name ?? "")=\($0.value ?? "")" }
                found[container.name ?? ""] = (container.command ?? []) + [""] + variables.sorted()
            }
        }
        let variables = (overrides?.containerOverrides ?? []).flatMap { $0.environment ?? [] }
        // Those that differ from run to run tell nothing.
        let kept = Set(variables.filter { $0.value?.contains("<aws.scheduler.") != true }.compactMap(\.name))
        return essence(task.overrides, kept) == essence(overrides, kept)
    }

    private static func variable(_ name: String, of task: ECS.Task) -> String? {
        for container in task.overrides?.containerOverrides ?? [] {
            if let found = container.environment?.first(where: { $0.name == name })?.value { return found }
        }
        return nil
    }

    /// The time the run was for, else that at which its task was made.
    private static func time(_ task: ECS.Task) -> Int {
        if let text = variable("TASK_TRIGGERED_AT", of: task), text.hasSuffix("Z"),
            let time = CivilTime(text.dropLast())
        {
            return time.seconds
        }
        return task.createdAt.map { Int($0.timeIntervalSince1970) } ?? 0
    }

    private func record(_ task: ECS.Task, time: Int, _ definition: ECS.TaskDefinition?) -> RunRecord {
        let isStopped = task.lastStatus == "STOPPED"
        let verdict = isStopped ? definition.map { TaskVerdict(task, definition: $0) } : nil
        let status: RunRecord.Status =
            !isStopped ? .running : verdict.map { $0.outcome == .succeeded ? .succeeded : .failed } ?? .unknown
        var record = RunRecord(status)
        record.triggeredAt = CivilTime(seconds: time).text(offset: 0)
        record.startedAt = task.startedAt.map(Self.text)
        record.stoppedAt = task.stoppedAt.map(Self.text)
        record.taskArn = task.taskArn
        record.exitCode = verdict?.exitCode
        record.cause = verdict?.cause
        record.log = definition.flatMap { LogLocation.all(of: $0, taskID: TaskWatch.id(task.taskArn)).first }
        return record
    }

    private static func text(_ date: Date) -> String {
        CivilTime(seconds: Int(date.timeIntervalSince1970.rounded(.down))).text(offset: 0)
    }

    // MARK: No task

    private func fromSilence(_ evidence: RunEvidence, now: Int) -> RunRecord {
        guard let due else { return RunRecord(.none) }
        // ECS would still know the task: a stream of that time is another's.
        let isFresh = now - due < Self.memory && evidence.tasks != nil
        if !isFresh, let found = fromLog(evidence, due: due) { return found }
        if now - due < Self.patience + window { return RunRecord(.pending) }
        let doubt = isFresh ? nil : doubt(evidence, due: due, now: now)
        var record = RunRecord(doubt == nil ? .missing : .unknown)
        record.cause = doubt ?? "nothing tells of that run: neither a task nor a log stream"
        return record
    }

    /// Why silence need not mean that nothing ran; `nil` when it does.
    private func doubt(_ evidence: RunEvidence, due: Int, now: Int) -> String? {
        if evidence.tasks == nil { return "the tasks of the cluster may not be looked into" }
        guard let streams = evidence.streams else {
            return "ECS has forgotten it by now, and there is no log to look into"
        }
        let oldest = Int((streams.compactMap(\.creationTime).min() ?? .max) / 1000)
        if evidence.hasMoreStreams, oldest > due {
            return "ECS has forgotten it by now, and the log holds too many later ones"
        }
        // The shortest retention of a log is a day.
        if now - due > 86_400, oldest > due {
            return "ECS has forgotten it by now, and the log may not reach back so far"
        }
        return nil
    }

    /// A stream that began when the run's task must have.
    private func fromLog(_ evidence: RunEvidence, due: Int) -> RunRecord? {
        let limit = due + lateness + window + Self.startUp
        let fits = (evidence.streams ?? []).compactMap { stream -> (start: Int, name: String)? in
            guard let name = stream.logStreamName, let created = stream.creationTime else { return nil }
            let start = Int(created / 1000)
            return start >= due - Self.slack && start <= limit ? (start, name) : nil
        }
        guard let first = fits.min(by: { $0.start < $1.start }) else { return nil }
        var record = RunRecord(.unknown)
        record.startedAt = CivilTime(seconds: first.start).text(offset: 0)
        record.cause = "by its log a task ran then; ECS has forgotten its exit code"
        let id = String(first.name.split(separator: "/").last ?? "")
        record.log = evidence.definition.flatMap {
            LogLocation.all(of: $0, taskID: id).first { $0.stream == first.name }
        }
        return record
    }
}
