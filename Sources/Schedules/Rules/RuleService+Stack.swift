internal import AWSServices
internal import Support

extension RuleService {
    /// Compares the rules of the stack with the stack and rewrites the targets that name something else by value.
    ///
    /// - Parameters:
    ///   - oldSubnets: re-point only those that run there now; `nil`: all.
    ///   - writes: `false` looks only.
    package func pointAgain(
        at stack: StackFacts, oldSubnets: Set<String>? = nil, writes: Bool = true
    ) async throws -> [ScheduleService.Pointing] {
        var done: [ScheduleService.Pointing] = []
        let family = StackFacts.family(of: stack.taskDefinitionARN)
        for stored in try await list(stack: stack.stack, family: family) {
            guard stored.targets.count == 1, let old = stored.targets.first, stored.rule.managedBy == nil,
                let rule = stored.rule.name
            else {
                done.append(
                    ScheduleService.Pointing(
                        schedule: stored.targetID, changes: [], skipped: "it is a rule that fgctl did not make"))
                continue
            }
            let subnets = Set(old.ecsParameters?.networkConfiguration?.awsvpcConfiguration?.subnets ?? [])
            if let oldSubnets, oldSubnets != subnets { continue }
            let (target, changes) = try RulePlan.pointed(old, rule: rule, at: stack)
            if writes, !changes.isEmpty {
                try check(
                    try await events.putTargets([target], rule: rule), "put target \(target.id) of rule \(rule)")
            }
            done.append(ScheduleService.Pointing(schedule: stored.targetID, changes: changes, skipped: nil))
        }
        return done
    }
}
