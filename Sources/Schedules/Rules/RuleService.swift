package import AWS
package import AWSServices
package import FoundationEssentials
internal import Support

/// Reads and writes rules of Amazon EventBridge that start the task on schedule.
package struct RuleService: Sendable {
    /// A rule with its targets.
    package struct Stored: Sendable {
        package let targetID: String
        package let rule: EventBridge.DescribeRuleResponse
        package let targets: [EventBridge.Target]

        package var summary: ScheduleSummary {
            let parameters = targets.first?.ecsParameters
            return ScheduleSummary(
                name: targetID, group: "", expression: rule.scheduleExpression ?? "", timezone: "UTC",
                state: rule.state ?? "ENABLED", taskFamily: (parameters?.taskDefinitionArn).map(StackFacts.family),
                arn: rule.arn ?? "")
        }

        /// The request for RunTask that the rule itself would send now.
        /// - Throws: `Failure(.failed)` when it does not start one ECS task with an input of its own.
        package func launch(token: String) throws -> ECS.RunTaskRequest {
            let name = rule.name ?? targetID
            guard targets.count == 1, let only = targets.first, only.inputPath == nil, only.inputTransformer == nil
            else {
                throw Failure(
                    .failed, "run rule \(name): it has \(targets.count) targets, or makes its input from the event",
                    hint: "fgctl runs rules that it made itself")
            }
            var target = Scheduler.Target(arn: only.arn, roleArn: only.roleArn ?? "")
            target.ecsParameters = only.ecsParameters
            target.input = only.input
            let task = ScheduledTask(
                label: "rule \(name)", target: target, startedBy: ScheduledTask.startedBy(name), attributes: [:])
            return try task.launch(token: token)
        }
    }

    let events: EventBridge
    private let engines: EngineGuard

    package init(_ client: AWSClient) {
        events = EventBridge(client)
        engines = EngineGuard(scheduler: Scheduler(client), events: events)
    }

    /// The name of a rule: `STACK-TARGET_ID`.
    /// - Throws: `Failure(.usage)` when it is longer than the 64 characters of a rule's name.
    package static func name(_ target: String, stack: String) throws -> String {
        let name = EngineGuard.ruleName(target, stack: stack)
        guard name.utf8.count <= 64 else {
            throw Failure(
                .usage, "rule '\(name)' would have \(name.utf8.count) characters, EventBridge allows 64",
                hint: "give a shorter TARGET_ID, or leave --engine out: schedules have TARGET_ID alone as their name")
        }
        return name
    }

    // MARK: Creating and changing

    /// Decides what has to be sent; changes nothing.
    /// - Throws: `Failure` when a schedule of the other engine would start the task a second time, `AWSError`.
    package func prepare(
        _ desired: ScheduleDesired, stack: StackFacts, now: Date
    ) async throws -> (plan: RulePlan, warnings: [String]) {
        let name = try Self.name(desired.name, stack: stack.stack)
        let existing = try await events.describeRule(name)
        let targets = existing == nil ? [] : try await events.listTargets(rule: name)
        let since = CivilTime(seconds: Int(now.timeIntervalSince1970))
        let plan = try RulePlan.make(
            name: name, existing: existing, targets: targets, desired: desired, stack: stack,
            note: RuleNote(stack: stack.stack, since: since).text)
        guard plan.state == "ENABLED" else {
            return (plan, desired.state == nil ? ["rule \(name) is disabled and stays so"] : [])
        }
        return (plan, [try await engines.refuseSchedule(desired.name, group: stack.group)].compactMap { $0 })
    }

    /// Sends what was decided and reads the rule back.
    package func apply(_ plan: RulePlan, _ desired: ScheduleDesired, stack: StackFacts) async throws -> ScheduleOutcome
    {
        let name = try Self.name(desired.name, stack: stack.stack)
        if let rule = plan.rule { try await events.putRule(rule) }
        if let target = plan.target {
            try check(try await events.putTargets([target], rule: name), "put target \(target.id) of rule \(name)")
        }
        let stored = try await stored(desired.name, stack: stack.stack, for: "create rule")
        let isChanged = plan.rule != nil || plan.target != nil
        return ScheduleOutcome(
            action: plan.isNew ? .created : isChanged ? .updated : .unchanged, changes: plan.changes, warnings: [],
            schedule: stored.summary)
    }

    /// PutTargets and RemoveTargets answer 200 though an entry failed.
    func check(_ failures: [EventBridge.FailedEntry], _ what: String) throws {
        guard let first = failures.first else { return }
        let why = [first.errorCode, first.errorMessage].compactMap { $0 }.joined(separator: ": ")
        throw Failure(
            .failed, "\(what): \(why.isEmpty ? "EventBridge gives no reason" : why)",
            hint: "the rule without its target does nothing; the same command again goes on from there")
    }

    // MARK: One rule

    /// - Throws: `Failure(.failed)` when there is no such rule.
    package func stored(_ target: String, stack: String, for purpose: String) async throws -> Stored {
        let name = try Self.name(target, stack: stack)
        guard let rule = try await events.describeRule(name) else {
            throw Failure(
                .failed, "\(purpose): there is no rule '\(name)'", hint: "'fgctl schedule-list' shows what there is")
        }
        return Stored(targetID: target, rule: rule, targets: try await events.listTargets(rule: name))
    }

    /// Enables or disables a rule.
    /// - Returns: whether something was written, and warnings.
    package func set(
        _ state: ScheduleDesired.State, of target: String, group: String, stack: String
    ) async throws -> (isChanged: Bool, warnings: [String]) {
        let name = try Self.name(target, stack: stack)
        let purpose = state == .enabled ? "enable rule" : "disable rule"
        let rule = try await stored(target, stack: stack, for: purpose).rule
        guard rule.state ?? ScheduleDesired.State.enabled.rawValue != state.rawValue else { return (false, []) }
        guard state == .enabled else {
            try await events.disableRule(name)
            return (true, [])
        }
        let warning = try await engines.refuseSchedule(target, group: group)
        try await events.enableRule(name)
        return (true, [warning].compactMap { $0 })
    }

    /// Removes a rule with its targets.
    /// - Parameter family: the stack's task; a rule that starts anything else is left alone.
    /// - Throws: `Failure(.failed)` when there is no such rule, or it is none of the stack's.
    package func remove(_ target: String, stack: String, family: String) async throws {
        let found = try await stored(target, stack: stack, for: "remove rule")
        let name = try Self.name(target, stack: stack)
        for other in found.targets
        where (other.ecsParameters?.taskDefinitionArn).map(StackFacts.family) != family || found.rule.managedBy != nil {
            throw Failure(
                .failed, "remove rule \(name): it starts \(other.arn), not the task of stack \(stack)",
                hint: "remove it with 'aws events remove-targets' and 'aws events delete-rule' if that is meant")
        }
        if !found.targets.isEmpty {
            try check(
                try await events.removeTargets(found.targets.map(\.id), rule: name),
                "remove the targets of rule \(name)")
        }
        try await events.deleteRule(name)
    }

    /// The rules with a schedule that start the stack's task, by name.
    package func list(stack: String, family: String) async throws -> [Stored] {
        var found: [Stored] = []
        for rule in try await events.listRules(prefix: "\(stack)-") {
            guard let name = rule.name, rule.scheduleExpression?.isEmpty == false else { continue }
            let targets = try await events.listTargets(rule: name)
            // Another stack's name may begin with this one's.
            let own = targets.contains { ($0.ecsParameters?.taskDefinitionArn).map(StackFacts.family) == family }
            let targetID = String(name.dropFirst(stack.utf8.count + 1))
            if own { found.append(Stored(targetID: targetID, rule: rule, targets: targets)) }
        }
        return found.sorted { $0.targetID < $1.targetID }
    }
}
