internal import AWS
internal import Environment
internal import Schedules

/// Gathers the stack's schedules of both engines with what is known of their runs.
struct ScheduleReports {
    private let session: Session

    init(_ session: Session) { self.session = session }

    /// Schedules of EventBridge Scheduler by name, then rules by name.
    func all() async throws -> [ScheduleReport] {
        let names = Names(session.settings)
        let group = try names.scheduleGroup
        var listed = try await ScheduleService(session.client).stored(group: group)
            .map { ListedSchedule(StoredSchedule(name: $0.name, group: group, response: $0.schedule)) }
        listed += try await rules(stack: try names.stack, family: try names.taskFamily)
        let region = session.settings[.endpointURL] == nil ? try await session.client.region : nil
        let now = session.context.now()
        let evidence = try await evidence(for: listed)
        return listed.map { schedule in
            schedule.report(schedule.job.flatMap { evidence[$0] } ?? RunEvidence(), now: now, region: region)
        }
    }

    /// The rules of the older engine. They are none of most people's business: where they may not be read it says so.
    private func rules(stack: String, family: String) async throws -> [ListedSchedule] {
        do {
            return try await RuleService(session.client).list(stack: stack, family: family).map(ListedSchedule.init)
        } catch let error as AWSError where error.isAccessDenied {
            session.warn("can't look for rules of the older engine: \(error)")
            return []
        }
    }

    /// Each task family is looked into once, however many schedules start it.
    private func evidence(for listed: [ListedSchedule]) async throws -> [ScheduledJob: RunEvidence] {
        let history = RunHistory(session.client)
        var known: [ScheduledJob: RunEvidence] = [:]
        for job in Set(listed.compactMap(\.job)) {
            var evidence = try await history.evidence(cluster: job.cluster, family: job.family) { session.warn($0) }
            evidence.starters = listed.filter { $0.job == job }.map(\.startedBy)
            known[job] = evidence
        }
        return known
    }
}

extension ScheduleSummary {
    /// One line for people.
    var line: String { "\(name)  \(expression)  \(timezone)  \(state)  \(taskFamily ?? "not a task")" }
}
