internal import Templates
package import AWS
package import AWSServices
internal import Support
internal import Watch

/// Creates a stack through a change set, showing what it does as it happens.
package struct StackCreator: Sendable {
    /// What came of it.
    package enum Outcome: Sendable {
        /// Created now.
        case created(CloudFormation.Stack)
        /// It was already as asked; nothing was changed.
        case alreadyAsAsked(CloudFormation.Stack)
    }

    private let cloudFormation: CloudFormation
    private let events: StackEvents
    private let upload: TemplateUpload
    private let show: @Sendable (String) -> Void
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameter show: takes the lines of progress.
    package init(
        client: AWSClient, upload: TemplateUpload, show: @escaping @Sendable (String) -> Void,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        cloudFormation = CloudFormation(client)
        events = StackEvents(cloudFormation, sleep: sleep)
        self.upload = upload
        self.show = show
        self.sleep = sleep
    }

    /// Looks at what is there and decides; changes nothing.
    package func decide(_ request: StackRequest) async throws -> (StackDecision, CloudFormation.Stack?) {
        let stack = try await cloudFormation.describeStack(request.name)
        guard let stack, stack.stackStatus != .reviewInProgress else {
            return (StackDecision.create(request, stack: stack), stack)
        }
        if stack.stackStatus.isInProgress { return (StackDecision.create(request, stack: stack), stack) }
        if stack.stackStatus.isSettled {
            let template = try await cloudFormation.getTemplate(request.name)
            return (StackDecision.create(request, stack: stack, currentTemplate: template), stack)
        }
        let resources = try await cloudFormation.listStackResources(stack.stackId ?? request.name)
        return (StackDecision.create(request, stack: stack, resources: resources), stack)
    }

    /// Creates the stack, or says why not.
    ///
    /// - Throws: `Failure` with the first cause when the creation fails or is refused.
    package func create(_ request: StackRequest) async throws -> Outcome {
        let (decision, stack) = try await decide(request)
        switch decision {
        case .refuse(let failure):
            throw failure
        case .differs(let lines):
            throw Failure(
                .failed,
                "create stack \(request.name): it exists and is not as asked: \(lines.joined(separator: "; "))",
                hint: "change it with 'fgctl cf-update-stack'")
        case .alreadyAsAsked:
            guard let stack else { break }
            return .alreadyAsAsked(stack)
        case .deleteThenCreate(let found):
            show("stack \(request.name): a failed creation left it \(found): deleting that first")
            try await delete(stack?.stackId ?? request.name, name: request.name, before: stack?.stackStatus)
        case .create:
            break
        }
        return .created(try await build(request))
    }

    // MARK: Steps

    private func build(_ request: StackRequest) async throws -> CloudFormation.Stack {
        let changeSet = try await prepare(request)
        for change in changeSet.changes { show("  \(change.line)") }
        let mark = try await events.mark(changeSet.stackID)
        try await execute(changeSet)
        let outcome = try await follow(request.name, id: changeSet.stackID, mark: mark)
        guard outcome.status == .createComplete, let stack = outcome.stack else {
            throw failure("create stack \(request.name)", outcome)
        }
        return stack
    }

    /// Executes a change set that nobody else knows of: when it turns out to be executed already, that was an attempt of
    /// ours whose answer was lost.
    private func execute(_ changeSet: Prepared) async throws {
        do {
            try await cloudFormation.executeChangeSet(
                .init(changeSetName: changeSet.id, stackName: changeSet.stackID, clientRequestToken: RequestToken.make()))
        } catch let error as AWSError where error.code.hasPrefix("InvalidChangeSetStatus") {
            let answer = try await cloudFormation.describeChangeSet(
                .init(changeSetName: changeSet.id, stackName: changeSet.stackID))
            guard answer.executionStatus?.hasPrefix("EXECUTE_") == true else { throw error }
        }
    }

    /// A change set that is ready to be executed.
    private struct Prepared {
        let id: String
        let stackID: String
        let changes: [StackChange]
    }

    private func prepare(_ request: StackRequest) async throws -> Prepared {
        var create = CloudFormation.CreateChangeSetRequest(
            stackName: request.name, changeSetName: "fgctl-\(RequestToken.make())", changeSetType: "CREATE",
            clientToken: RequestToken.make())
        switch try await upload.source(for: request.template) {
        case .body(let body): create.templateBody = body
        case .url(let url): create.templateURL = url
        }
        create.parameters = request.parameters
        create.tags = request.tags
        create.capabilities = StackRequest.capabilities
        if request.importsExisting { create.importExistingResources = true }
        show("stack \(request.name): preparing a change set from template \(request.template.name)")
        let made = try await cloudFormation.createChangeSet(create)
        do {
            return try await settled(made, request)
        } catch {
            // Neither the set nor the empty stack that it made may stay behind; what went wrong with the set is the
            // story, so a failure to clean up is only shown.
            // A task of its own: an interruption has cancelled this one.
            await Task { await discard(made, request.name) }.value
            throw error
        }
    }

    private func settled(
        _ made: CloudFormation.CreateChangeSetResponse, _ request: StackRequest
    ) async throws -> Prepared {
        let describe = CloudFormation.DescribeChangeSetRequest(changeSetName: made.id, stackName: made.stackId)
        let waiter = Waiter<CloudFormation.DescribeChangeSetResponse>(
            what: "the change set of stack \(request.name)",
            interval: PollInterval(first: .milliseconds(250), longest: .seconds(2)), deadline: .seconds(600), sleep: sleep)
        var answer = try await waiter.wait {
            try await cloudFormation.describeChangeSet(describe)
        } accept: { answer in
            switch answer.status {
            case "CREATE_COMPLETE": return .done
            case "FAILED":
                return .failed(
                    Failure(.failed, "create stack \(request.name): \(answer.statusReason ?? "the change set failed")"))
            default: return .again("it is \(answer.status)")
            }
        }
        var changes = answer.changes ?? []
        while let token = answer.nextToken {
            var next = describe
            next.nextToken = token
            answer = try await cloudFormation.describeChangeSet(next)
            changes += answer.changes ?? []
        }
        return Prepared(
            id: made.id, stackID: made.stackId, changes: changes.compactMap(\.resourceChange).map(StackChange.init))
    }

    private func discard(_ made: CloudFormation.CreateChangeSetResponse, _ name: String) async {
        do {
            try await cloudFormation.deleteChangeSet(.init(changeSetName: made.id, stackName: made.stackId))
            if try await cloudFormation.describeStack(made.stackId)?.stackStatus == .reviewInProgress {
                try await cloudFormation.deleteStack(
                    .init(stackName: made.stackId, clientRequestToken: RequestToken.make()))
            }
        } catch {
            show("stack \(name): its change set could not be removed: \(error)")
        }
    }

    private func delete(_ id: String, name: String, before: CloudFormation.StackStatus?) async throws {
        let mark = try await events.mark(id)
        try await cloudFormation.deleteStack(.init(stackName: id, clientRequestToken: RequestToken.make()))
        let outcome = try await follow(name, id: id, mark: mark, before: before)
        guard outcome.status == .deleteComplete else { throw failure("delete stack \(name)", outcome) }
    }

    private func follow(
        _ name: String, id: String, mark: String?, before: CloudFormation.StackStatus? = nil
    ) async throws -> StackEvents.Outcome {
        do {
            return try await events.follow(id, after: mark, before: before, warn: show) { show("  " + EventLine.text($0)) }
        } catch is CancellationError {
            show("stack \(name): no longer watching; CloudFormation goes on: see 'fgctl cf-status'")
            throw CancellationError()
        }
    }

    private func failure(_ what: String, _ outcome: StackEvents.Outcome) -> Failure {
        let cause = StackCause.first(in: outcome.events).map(StackCause.text)
        let reason = cause ?? outcome.stack?.stackStatusReason ?? "CloudFormation gives no reason"
        return Failure(.failed, "\(what): \(outcome.status): \(reason)")
    }
}
