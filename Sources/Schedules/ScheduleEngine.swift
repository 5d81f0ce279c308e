internal import AWS
internal import AWSServices
internal import Support

/// What starts tasks on schedule.
package enum ScheduleEngine: String, Sendable, Codable, CaseIterable {
    /// Amazon EventBridge Scheduler: time zones, at(…), retries of its own; the one to choose.
    case scheduler
    /// A rule of Amazon EventBridge, the older engine: UTC only, cron(…) and rate(…).
    case rule
}

/// Keeps one job from being started by both engines.
struct EngineGuard: Sendable {
    let scheduler: Scheduler
    let events: EventBridge

    /// The rule that stands for a TARGET_ID.
    static func ruleName(_ target: String, stack: String) -> String { "\(stack)-\(target)" }

    /// Whether there is a rule of the same TARGET_ID, for a hint only: what can't be found out is answered by no.
    func hasRule(_ target: String, stack: String) async -> Bool {
        let rule = Self.ruleName(target, stack: stack)
        guard rule.utf8.count <= 64 else { return false }
        do { return try await events.describeRule(rule) != nil } catch { return false }
    }

    /// Refuses when the rule of the same TARGET_ID is enabled.
    /// - Returns: a warning when it may not be looked into.
    /// - Throws: `Failure(.failed)`, `AWSError`.
    func refuseRule(_ target: String, stack: String) async throws -> String? {
        let rule = Self.ruleName(target, stack: stack)
        // A rule's name has at most 64 characters.
        guard rule.utf8.count <= 64 else { return nil }
        let found: EventBridge.DescribeRuleResponse?
        do {
            found = try await events.describeRule(rule)
        } catch let error as AWSError where error.isAccessDenied {
            return "could not look for a rule '\(rule)' that would run the job a second time: \(error)"
        }
        guard let found, let expression = found.scheduleExpression, !expression.isEmpty,
            found.state?.hasPrefix("ENABLED") ?? true
        else { return nil }
        throw Failure(
            .failed,
            "schedule \(target): EventBridge rule '\(rule)' (\(expression)) is enabled and would run the job a second time",
            hint:
                "disable it with 'fgctl schedule-disable \(target) --engine rule' (or 'aws events disable-rule --name "
                + "\(rule)'), or remove it with 'fgctl schedule-remove \(target) --engine rule'")
    }

    /// Refuses when the schedule of the same TARGET_ID at EventBridge Scheduler is enabled.
    /// - Returns: a warning when it may not be looked into.
    /// - Throws: `Failure(.failed)`, `AWSError`.
    func refuseSchedule(_ target: String, group: String) async throws -> String? {
        let found: Scheduler.GetScheduleResponse?
        do {
            found = try await scheduler.getSchedule(target, group: group)
        } catch let error as AWSError where error.isAccessDenied {
            return "could not look for a schedule '\(group)/\(target)' that would run the job a second time: \(error)"
        }
        guard let found, found.state ?? "ENABLED" == "ENABLED" else { return nil }
        throw Failure(
            .failed,
            "rule \(target): schedule '\(group)/\(target)' (\(found.scheduleExpression ?? "")) of EventBridge Scheduler is "
                + "enabled and would run the job a second time",
            hint:
                "disable it with 'fgctl schedule-disable \(target)', or remove it with 'fgctl schedule-remove \(target)'"
        )
    }
}
