internal import AWSServices
internal import Environment
internal import Flows
internal import Schedules
internal import Stacks
internal import Support

extension Session {
    /// Creates the stack and says what came of it.
    ///
    /// - Parameters:
    ///   - found: the stack as it was found just now.
    ///   - account: whose stack it is; a bucket that a large template goes through must be its own.
    func create(
        _ request: StackRequest, found: CloudFormation.Stack?, account: String, options: StackOptions
    ) async throws {
        let creator = StackCreator(
            client: client, upload: try upload(request, account), noRollback: options.noRollback, show: { say($0) },
            confirm: { try await confirm($0) })
        if self.options.dryRun {
            let decision = try await creator.decide(request, stack: found)
            try show(StackPlan(request, decision: decision))
            switch decision {
            case .refuse(let failure): try refuse(failure)
            case .differs(let lines): try refuse(StackCreator.refusal(request, differences: lines))
            case .create, .deleteThenCreate, .alreadyAsAsked: return
            }
        }
        switch try await creator.create(request, found: found) {
        case .created(let stack):
            say("stack \(request.name) created")
            try await report("created", stack, schedules: [])
        case .alreadyAsAsked(let stack):
            say("stack \(request.name) is already as asked; nothing was changed")
            try await report("unchanged", stack, schedules: [])
        }
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
        let updater = StackUpdater(
            client: client, upload: try upload(request, account), options: options, show: { say($0) },
            confirm: { try await confirm($0) })
        if self.options.dryRun {
            let decision = try await updater.decide(request, stack: found)
            try show(StackPlan(request, decision: decision))
            if case .refuse(let failure) = decision { try refuse(failure) }
            return
        }
        let (stack, action): (CloudFormation.Stack, String)
        switch try await updater.update(request, found: found) {
        case .updated(let changed): (stack, action) = (changed, "updated")
        case .alreadyAsAsked(let found): (stack, action) = (found, "unchanged")
        }
        say("stack \(request.name) " + (action == "updated" ? "updated" : "is already as asked: no updates"))
        try await report(action, stack, schedules: try await align(stack))
    }

    private func upload(_ request: StackRequest, _ account: String) throws -> TemplateUpload {
        TemplateUpload(
            client: client, bucket: settings[.bucket] == nil ? nil : try Names(settings).bucket, owner: account,
            prefix: request.name)
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

    private func show(_ plan: StackPlan) throws { try result(plan, lines: plan.lines) }
}
