package import AWS
internal import AWSServices
internal import Support

/// Reads and writes schedules at Amazon EventBridge Scheduler.
package struct ScheduleService: Sendable {
    /// A plan and what was noticed while making it.
    package struct Prepared: Sendable {
        package let plan: SchedulePlan
        package let warnings: [String]
    }

    /// What waiting needs from outside; tests put their own in place.
    package struct Pauses: Sendable {
        package var elapsed: (@Sendable () -> Duration)?
        package var sleep: @Sendable (Duration) async throws -> Void

        package init(
            elapsed: (@Sendable () -> Duration)? = nil,
            sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        ) {
            self.elapsed = elapsed
            self.sleep = sleep
        }
    }

    /// How long a new role may take until Scheduler can assume it; IAM's changes need up to a minute to arrive everywhere.
    static let roleDeadline = Duration.seconds(60)
    /// How often a plan is made anew because the schedule changed under it.
    static let longestRace = 3
    /// How many schedules are read at once.
    static let readsAtOnce = 8

    let scheduler: Scheduler
    let engines: EngineGuard
    let pauses: Pauses

    package init(_ client: AWSClient, pauses: Pauses = Pauses()) {
        scheduler = Scheduler(client)
        engines = EngineGuard(scheduler: scheduler, events: EventBridge(client))
        self.pauses = pauses
    }

    /// Decides what has to be sent; changes nothing.
    /// - Throws: `Failure` when a rule of EventBridge's older engine would start the same task a second time, `AWSError`.
    package func prepare(_ desired: ScheduleDesired, stack: StackFacts) async throws -> Prepared {
        let existing = try await scheduler.getSchedule(desired.name, group: stack.group)
        let plan = try SchedulePlan.make(existing: existing, desired: desired, stack: stack)
        var warnings: [String] = []
        if plan.request.state != ScheduleDesired.State.disabled.rawValue {
            if let warning = try await engines.refuseRule(desired.name, stack: stack.stack) { warnings.append(warning) }
        } else if desired.state == nil {
            warnings.append("schedule \(stack.group)/\(desired.name) is disabled and stays so")
        }
        return Prepared(plan: plan, warnings: warnings)
    }

    /// Sends what was decided and reads the schedule back.
    ///
    /// When somebody else creates, changes or removes the schedule meanwhile the plan is made anew, a few times at most.
    /// - Parameter onWait: told once when the schedule's role is not ready yet.
    package func apply(
        _ prepared: Prepared, _ desired: ScheduleDesired, stack: StackFacts,
        onWait: @Sendable (String) -> Void = { _ in }
    ) async throws -> ScheduleOutcome {
        var prepared = prepared
        var warnings = prepared.warnings
        var race = 1
        while true {
            do {
                let label = "\(stack.group)/\(desired.name)"
                switch prepared.plan {
                case .unchanged: break
                case .create(let request):
                    warnings += try await write(request, "create schedule \(label)", onWait) {
                        _ = try await scheduler.createSchedule($0)
                    }
                case .update(let request, _):
                    warnings += try await write(request, "update schedule \(label)", onWait) {
                        _ = try await scheduler.updateSchedule($0)
                    }
                }
                break
            } catch let error as AWSError where race < Self.longestRace && Self.isRace(error, prepared.plan) {
                race += 1
                try await pauses.sleep(.seconds(1))
                prepared = try await prepare(desired, stack: stack)
                warnings = prepared.warnings
            } catch let error as AWSError where error.code == "ResourceNotFoundException" {
                throw missingGroup(stack, desired.name, error)
            }
        }
        guard let schedule = try await scheduler.getSchedule(desired.name, group: stack.group) else {
            throw Failure(.failed, "schedule \(stack.group)/\(desired.name) was written, but now is not there")
        }
        let action: ScheduleOutcome.Action =
            switch prepared.plan {
            case .create: .created
            case .update: .updated
            case .unchanged: .unchanged
            }
        return ScheduleOutcome(
            action: action, changes: prepared.plan.changes, warnings: warnings,
            schedule: ScheduleSummary(schedule, name: desired.name, group: stack.group))
    }

    private static func isRace(_ error: AWSError, _ plan: SchedulePlan) -> Bool {
        if error.code == "ConflictException" { return true }
        // An update of what was removed meanwhile; a create says so of a missing group.
        if case .update = plan { return error.code == "ResourceNotFoundException" }
        return false
    }

    private func missingGroup(_ stack: StackFacts, _ name: String, _ error: AWSError) -> Failure {
        Failure(
            .failed, "create schedule \(name): there is no schedule group '\(stack.group)': \(error)",
            hint: "stack \(stack.stack) owns that group: bring it back with 'fgctl cf-update-stack'", cause: error)
    }
}
