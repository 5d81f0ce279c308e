package import AWSServices
package import Support

/// What has to be sent so that a rule of EventBridge, the older engine, runs the task as desired.
///
/// A rule and its target are treated as a schedule without time zone, so that both engines merge alike.
package struct RulePlan: Sendable {
    /// `nil`: the rule itself stays as it is.
    package let rule: EventBridge.PutRuleRequest?
    /// `nil`: the target stays as it is.
    package let target: EventBridge.Target?
    package let changes: [ScheduleChange]
    package let isNew: Bool
    /// The state that the rule will have.
    package let state: String

    /// - Parameters:
    ///   - name: of the rule.
    ///   - existing: the rule, when there is one.
    ///   - targets: of the rule.
    ///   - note: goes into the description of a rule that is written: fgctl reads it back to know since when it stands.
    /// - Throws: `Failure(.failed)` when the rule is no schedule of this task.
    package static func make(
        name: String, existing: EventBridge.DescribeRuleResponse?, targets: [EventBridge.Target],
        desired: ScheduleDesired,
        stack: StackFacts, note: String
    ) throws -> RulePlan {
        let old = targets.first { $0.id == desired.name } ?? targets.first
        try check(name, existing, targets)
        guard let existing, let old else {
            let request = try SchedulePlan.created(desired, stack)
            let state = desired.state?.rawValue ?? existing?.state ?? request.state ?? "ENABLED"
            return RulePlan(
                rule: rule(name, existing, request.scheduleExpression, state, note),
                target: target(EventBridge.Target(id: desired.name, arn: ""), request.target), changes: [], isNew: true,
                state: state)
        }
        var stored = Scheduler.Target(arn: old.arn, roleArn: old.roleArn ?? "")
        stored.ecsParameters = old.ecsParameters
        stored.input = old.input
        stored.deadLetterConfig = old.deadLetterConfig
        stored.retryPolicy = old.retryPolicy
        var request = Scheduler.ScheduleRequest(
            name: desired.name, groupName: stack.group, scheduleExpression: existing.scheduleExpression ?? "",
            target: stored)
        request.state = existing.state
        var merge = ScheduleMerge(request, label: "rule \(name)")
        var wish = desired
        wish.timezone = nil
        try merge.apply(wish, stack)
        let merged = target(old, merge.request.target)
        let state = merge.request.state ?? "ENABLED"
        let isSame = merge.request.scheduleExpression == existing.scheduleExpression && state == existing.state
        return RulePlan(
            rule: isSame ? nil : rule(name, existing, merge.request.scheduleExpression, state, note),
            target: merged == old ? nil : merged, changes: merge.changes, isNew: false, state: state)
    }

    /// A rule's target with what it stores of the stack by value as the stack is now, and what that changes.
    static func pointed(
        _ old: EventBridge.Target, rule name: String, at stack: StackFacts
    ) throws -> (target: EventBridge.Target, changes: [ScheduleChange]) {
        var stored = Scheduler.Target(arn: old.arn, roleArn: old.roleArn ?? "")
        stored.ecsParameters = old.ecsParameters
        stored.input = old.input
        stored.deadLetterConfig = old.deadLetterConfig
        stored.retryPolicy = old.retryPolicy
        var merge = ScheduleMerge(
            Scheduler.ScheduleRequest(
                name: old.id, groupName: stack.group, scheduleExpression: "", target: stored),
            label: "rule \(name)")
        try merge.point(at: stack)
        return (target(old, merge.request.target), merge.changes)
    }

    private static func check(
        _ name: String, _ existing: EventBridge.DescribeRuleResponse?, _ targets: [EventBridge.Target]
    ) throws {
        var trouble: String?
        if let owner = existing?.managedBy { trouble = "\(owner) manages it" }
        if existing?.eventPattern?.isEmpty == false { trouble = "it reacts to events" }
        if targets.count > 1 { trouble = "it has \(targets.count) targets" }
        if let only = targets.first {
            if only.ecsParameters == nil { trouble = "it starts \(only.arn), no ECS task" }
            if only.inputPath != nil || only.inputTransformer != nil { trouble = "its input is made from the event" }
        }
        guard let trouble else { return }
        throw Failure(
            .failed, "rule \(name) is there already, and is none of fgctl's: \(trouble)",
            hint: "choose another TARGET_ID, or remove that rule first")
    }

    /// PutRule empties what is left out.
    private static func rule(
        _ name: String, _ existing: EventBridge.DescribeRuleResponse?, _ expression: String, _ state: String,
        _ note: String
    ) -> EventBridge.PutRuleRequest {
        var request = EventBridge.PutRuleRequest(name: name)
        request.scheduleExpression = expression
        request.state = state
        request.roleArn = existing?.roleArn
        request.description = existing?.description.flatMap { RuleNote($0) == nil ? $0 : nil } ?? note
        return request
    }

    private static func target(_ old: EventBridge.Target, _ wanted: Scheduler.Target) -> EventBridge.Target {
        var target = old
        target.arn = wanted.arn
        target.roleArn = wanted.roleArn
        target.ecsParameters = wanted.ecsParameters
        target.input = wanted.input
        target.deadLetterConfig = wanted.deadLetterConfig
        target.retryPolicy = wanted.retryPolicy
        return target
    }
}

/// fgctl's description of a rule: AWS keeps no dates of rules, so it says since when the rule stands.
package struct RuleNote: Sendable {
    package let stack: String
    package let since: CivilTime

    private static let prefix = "fgctl: runs the task of stack "

    package init(stack: String, since: CivilTime) {
        self.stack = stack
        self.since = since
    }

    /// - Returns: `nil` for other descriptions.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.hasSuffix("Z") else { return nil }
        let words = text.dropFirst(Self.prefix.count).dropLast().split(separator: " ")
        guard words.count == 3, words[1] == "since", let since = CivilTime(words[2]) else { return nil }
        self.init(stack: String(words[0]), since: since)
    }

    package var text: String { "\(Self.prefix)\(stack) since \(since)Z" }
}
