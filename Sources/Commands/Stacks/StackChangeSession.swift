internal import AWSServices
internal import Environment
internal import Flows
internal import Schedules
internal import Stacks

extension Session {
    /// Creates the stack and says what came of it.
    ///
    /// - Parameters:
    ///   - found: the stack as it was found just now.
    ///   - account: whose stack it is; a bucket that a large template goes through must be its own.
    func create(
        _ request: StackRequest, found: CloudFormation.Stack?, account: String, options: StackOptions
    ) async throws {
        guard let (stack, action) = try await created(request, found: found, account: account, options: options) else {
            return
        }
        try await report(action, stack, schedules: [])
    }

    /// Updates the stack, then brings schedules in line with it.
    ///
    /// - Parameters:
    ///   - found: the stack as it was found just now.
    ///   - align: re-points schedules after the change; also when nothing changed, since an earlier run may have been
    ///     interrupted in between.
    func update(
        _ request: StackRequest, found: CloudFormation.Stack?, account: String, options: StackUpdater.Options,
        align: (CloudFormation.Stack) async throws -> [ScheduleService.Pointing]
    ) async throws {
        if self.options.dryRun {
            let decision = try await updater(request, account, options).decide(request, stack: found)
            try show(StackPlan(request, decision: decision))
            if case .refuse(let failure) = decision { try refuse(failure) }
            return
        }
        let (stack, action) = try await updated(request, found: found, account: account, options: options)
        try await report(action, stack, schedules: try await align(stack))
    }

    private func report(
        _ action: String, _ stack: CloudFormation.Stack, schedules: [ScheduleService.Pointing]
    ) async throws {
        let resources = try await CloudFormation(client).listStackResources(stack.stackId ?? stack.stackName)
        let report = StackReport(name: stack.stackName, stack: stack, resources: resources)
        let change = StackChangeReport(
            action: action, stack: report, schedules: schedules.filter { !$0.changes.isEmpty })
        try result(change, lines: change.lines)
    }

    func show(_ plan: StackPlan) throws { try result(plan, lines: plan.lines) }
}
