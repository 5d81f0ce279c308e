internal import AWSServices
internal import Schedules

/// `schedule-create --engine rule`
enum RuleCreation {
    static func run(_ desired: ScheduleDesired, _ facts: StackFacts, _ session: Session) async throws {
        let rules = RuleService(session.client)
        let (plan, warnings) = try await rules.prepare(desired, stack: facts, now: session.context.now())
        for change in plan.changes { session.say("  \(change)") }
        for warning in warnings { session.warn(warning) }
        if session.options.dryRun {
            let requests = Requests(putRule: plan.rule, putTargets: plan.target)
            return session.context.console.out(try ShownRequest.json(requests))
        }
        let outcome = try await rules.apply(plan, desired, stack: facts)
        let name = try RuleService.name(desired.name, stack: facts.stack)
        session.say("rule \(name) \(outcome.action.rawValue)")
        try session.result(outcome, lines: [outcome.schedule.line])
    }

    /// What would be sent; absent where nothing would.
    private struct Requests: Encodable {
        let putRule: EventBridge.PutRuleRequest?
        let putTargets: EventBridge.Target?
    }
}
