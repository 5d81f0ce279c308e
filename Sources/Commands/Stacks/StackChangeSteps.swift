internal import AWSServices
internal import Environment
internal import Stacks
internal import Templates

/// One stack brought to what is asked, for commands that change one or several.
extension Session {
    /// Creates the stack; `nil` under a dry run, which prints the plan.
    func created(
        _ request: StackRequest, found: CloudFormation.Stack?, account: String, options: StackOptions
    ) async throws -> (stack: CloudFormation.Stack, action: String)? {
        let creator = StackCreator(
            client: client, upload: try upload(request, account), noRollback: options.noRollback, show: { say($0) },
            confirm: { try await confirm($0) })
        if BaseStep(found) == .create { for line in request.estimate.lines { say(line) } }
        if self.options.dryRun {
            let decision = try await creator.decide(request, stack: found)
            try show(StackPlan(request, decision: decision))
            switch decision {
            case .refuse(let failure): try refuse(failure)
            case .differs(let lines): try refuse(StackCreator.refusal(request, differences: lines))
            case .create, .deleteThenCreate, .alreadyAsAsked: return nil
            }
        }
        switch try await creator.create(request, found: found) {
        case .created(let stack):
            say("stack \(request.name) created")
            return (stack, "created")
        case .alreadyAsAsked(let stack):
            say("stack \(request.name) is already as asked; nothing was changed")
            return (stack, "unchanged")
        }
    }

    /// Updates the stack; under a dry run it only says what would change.
    func updated(
        _ request: StackRequest, found: CloudFormation.Stack?, account: String, options: StackUpdater.Options
    ) async throws -> (stack: CloudFormation.Stack, action: String) {
        let updater = try updater(request, account, options)
        if self.options.dryRun, let found {
            switch try await updater.decide(request, stack: found) {
            case .refuse(let failure): throw failure
            case .update(let lines): say("stack \(request.name) would be updated: \(lines.joined(separator: "; "))")
            case .nothing: say("stack \(request.name) is already as asked")
            case .attach, .continueRollback, .rollBack:
                say("stack \(request.name) is \(found.stackStatus): it would be brought out of that first")
            }
            return (found, "unchanged")
        }
        switch try await updater.update(request, found: found) {
        case .updated(let changed):
            say("stack \(request.name) updated")
            return (changed, "updated")
        case .alreadyAsAsked(let found):
            say("stack \(request.name) is already as asked: no updates")
            return (found, "unchanged")
        }
    }

    func updater(
        _ request: StackRequest, _ account: String, _ options: StackUpdater.Options
    ) throws -> StackUpdater {
        StackUpdater(
            client: client, upload: try upload(request, account), options: options, show: { say($0) },
            confirm: { try await confirm($0) }, wishes: { await wishes($0) })
    }

    private func upload(_ request: StackRequest, _ account: String) throws -> TemplateUpload {
        TemplateUpload(
            client: client, bucket: settings[.bucket] == nil ? nil : try Names(settings).bucket, owner: account,
            prefix: request.name)
    }
}
