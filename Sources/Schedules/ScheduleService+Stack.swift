internal import AWS
internal import AWSServices
internal import Support

/// What happens to the schedules of a stack when the stack changes or goes.
extension ScheduleService {
    /// What was done to one schedule.
    package struct Pointing: Sendable, Hashable, Codable {
        package let schedule: String
        /// Empty: it was right already.
        package let changes: [ScheduleChange]
        /// Why it was left as it is; `nil` when it was not.
        package let skipped: String?
    }

    /// Compares every schedule of the stack's group with the stack and rewrites those that name something else: cluster,
    /// role, subnets, security groups and container are stored in schedules by value.
    ///
    /// - Parameters:
    ///   - oldSubnets: re-point only those that run there now; `nil`: all.
    ///   - writes: `false` looks only.
    package func pointAgain(
        at stack: StackFacts, oldSubnets: Set<String>? = nil, writes: Bool = true,
        onWait: @Sendable (String) -> Void = { _ in }
    ) async throws -> [Pointing] {
        var done: [Pointing] = []
        for name in try await names(group: stack.group) {
            guard let existing = try await scheduler.getSchedule(name, group: stack.group) else { continue }
            let label = "\(stack.group)/\(name)"
            guard let ecs = existing.target?.ecsParameters,
                StackFacts.family(of: ecs.taskDefinitionArn) == StackFacts.family(of: stack.taskDefinitionARN)
            else {
                done.append(
                    Pointing(schedule: name, changes: [], skipped: "it starts something else than the stack's task"))
                continue
            }
            let subnets = Set(ecs.networkConfiguration?.awsvpcConfiguration?.subnets ?? [])
            if let oldSubnets, oldSubnets != subnets { continue }
            var merge = try ScheduleMerge(existing, name: name, group: stack.group)
            try merge.point(at: stack)
            if writes, !merge.changes.isEmpty {
                _ = try await write(merge.request, "update schedule \(label)", onWait) {
                    _ = try await scheduler.updateSchedule($0)
                }
            }
            done.append(Pointing(schedule: name, changes: merge.changes, skipped: nil))
        }
        return done
    }

    /// Disables every schedule of a group, so that none starts a task while the stack goes.
    ///
    /// - Returns: the names of those that were enabled.
    package func disableAll(group: String) async throws -> [String] {
        var disabled: [String] = []
        for name in try await names(group: group) {
            guard let existing = try await scheduler.getSchedule(name, group: group), existing.state != "DISABLED",
                var request = Scheduler.ScheduleRequest(existing, name: name, group: group)
            else { continue }
            request.state = "DISABLED"
            _ = try await write(request, "disable schedule \(group)/\(name)", { _ in }) {
                _ = try await scheduler.updateSchedule($0)
            }
            disabled.append(name)
        }
        return disabled
    }

    /// The names of a group's schedules; none when there is no such group.
    package func names(group: String) async throws -> [String] {
        do {
            return try await scheduler.listSchedules(group: group).compactMap(\.name).sorted()
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return []
        }
    }
}

extension Scheduler.ScheduleRequest {
    /// The request that would write an existing schedule back unchanged; `nil` for one without a target.
    init?(_ existing: Scheduler.GetScheduleResponse, name: String, group: String) {
        guard let target = existing.target else { return nil }
        self.init(
            name: name, groupName: group, scheduleExpression: existing.scheduleExpression ?? "", target: target)
        scheduleExpressionTimezone = existing.scheduleExpressionTimezone
        startDate = existing.startDate
        endDate = existing.endDate
        description = existing.description
        state = existing.state
        kmsKeyArn = existing.kmsKeyArn
        actionAfterCompletion = existing.actionAfterCompletion
        if let window = existing.flexibleTimeWindow { flexibleTimeWindow = window }
    }
}
