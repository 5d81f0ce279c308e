package import AWS
package import AWSServices
internal import Support
internal import Templates
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
                hint: "change it with 'fgctl \(request.updateCommand)'")
        case .alreadyAsAsked:
            guard let stack else { break }
            return .alreadyAsAsked(stack)
        case .deleteThenCreate(let found):
            show("stack \(request.name): a failed creation left it \(found): deleting that first")
            try await delete(stack?.stackId ?? request.name, name: request.name)
        case .create:
            break
        }
        do {
            // A shell that was there before may hold change sets of others.
            return .created(try await build(request, ownsShell: stack?.stackStatus != .reviewInProgress))
        } catch let failure as Failure where Self.lacksServiceLinkedRole(failure) {
            // The first cluster of an account makes ECS create its service-linked role, and can fail because the role is
            // not there yet. Once is enough: the second attempt finds it.
            show("stack \(request.name): ECS had no service-linked role yet; creating the stack once more")
            try await delete(request.name, name: request.name)
            return .created(try await build(request, ownsShell: true))
        }
    }

    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    private static func lacksServiceLinkedRole(_ failure: Failure) -> Bool {
        failure.message.contains("ROLLBACK_COMPLETE") && failure.message.contains("ECS service linked role")
    }

    // MARK: Steps

    /// - Parameter ownsShell: whether the empty stack that a change set makes is ours to remove when it comes to nothing.
    private func build(_ request: StackRequest, ownsShell: Bool) async throws -> CloudFormation.Stack {
        let create = try await changeSet(for: request)
        show("stack \(request.name): preparing a change set from template \(request.template.name)")
        try Task.checkCancellation()
        // An answer that is not waited for leaves a change set that nobody knows of: interruptions wait for it.
        let made = try await Shielded.run { [cloudFormation] in try await cloudFormation.createChangeSet(create) }
        let mark: String?
        var mayHaveBegun = false
        do {
            for change in try await changes(made, request) { show("  \(change.line)") }
            mark = try await events.mark(made.stackId)
            try Task.checkCancellation()
            mayHaveBegun = true
            try await execute(made)
        } catch let error as AWSNoAnswer where mayHaveBegun {
            throw error
        } catch {
            // Neither the set nor the empty stack that it made may stay behind; what went wrong with the set is the
            // story, so a failure to clean up is only shown.
            await discard(made, request.name, ownsShell: ownsShell)
            throw error
        }
        let outcome = try await follow(request.name, id: made.stackId, mark: mark)
        guard outcome.status == .createComplete, let stack = outcome.stack else {
            throw await failure("create stack \(request.name)", outcome, id: made.stackId)
        }
        return stack
    }

    /// Executes a change set that nobody else knows of: when it turns out to be executed already, that was an attempt of
    /// ours whose answer was lost.
    private func execute(_ made: CloudFormation.CreateChangeSetResponse) async throws {
        let request = CloudFormation.ExecuteChangeSetRequest(
            changeSetName: made.id, stackName: made.stackId, clientRequestToken: RequestToken.make())
        do {
            try await Shielded.run { [cloudFormation] in try await cloudFormation.executeChangeSet(request) }
        } catch let error as AWSError where error.code.hasPrefix("InvalidChangeSetStatus") {
            let answer = try await cloudFormation.describeChangeSet(
                .init(changeSetName: made.id, stackName: made.stackId))
            guard answer.executionStatus?.hasPrefix("EXECUTE_") == true else { throw error }
        }
    }

    private func changeSet(for request: StackRequest) async throws -> CloudFormation.CreateChangeSetRequest {
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
        return create
    }

    /// Waits for the change set to be ready and gives what it would do.
    private func changes(
        _ made: CloudFormation.CreateChangeSetResponse, _ request: StackRequest
    ) async throws -> [StackChange] {
        let describe = CloudFormation.DescribeChangeSetRequest(changeSetName: made.id, stackName: made.stackId)
        let waiter = Waiter<CloudFormation.DescribeChangeSetResponse>(
            what: "the change set of stack \(request.name)",
            interval: PollInterval(first: .milliseconds(250), longest: .seconds(2)), deadline: .seconds(600),
            sleep: sleep)
        var answer = try await waiter.wait {
            try await cloudFormation.describeChangeSet(describe)
        } accept: { answer in
            ["CREATE_COMPLETE", "FAILED"].contains(answer.status) ? .done : .again("it is \(answer.status)")
        }
        if answer.status == "FAILED" {
            let reason = await ValidationFailures(cloudFormation: cloudFormation)
                .explain(answer.statusReason ?? "the change set failed", stack: made.stackId, changeSet: made.id)
            throw Failure(.failed, "create stack \(request.name): \(reason)")
        }
        var changes = answer.changes ?? []
        while let token = answer.nextToken {
            var next = describe
            next.nextToken = token
            answer = try await cloudFormation.describeChangeSet(next)
            changes += answer.changes ?? []
        }
        return changes.compactMap(\.resourceChange).map(StackChange.init)
    }

    private func discard(
        _ made: CloudFormation.CreateChangeSetResponse, _ name: String, ownsShell: Bool
    ) async {
        do {
            // Also after an interruption.
            try await Shielded.run { [cloudFormation] in
                try await Deadline.run(.seconds(30), what: "its removal") {
                    try await cloudFormation.deleteChangeSet(.init(changeSetName: made.id, stackName: made.stackId))
                    guard ownsShell,
                        try await cloudFormation.describeStack(made.stackId)?.stackStatus == .reviewInProgress
                    else { return }
                    try await cloudFormation.deleteStack(
                        .init(stackName: made.stackId, clientRequestToken: RequestToken.make()))
                }
            }
        } catch {
            show("stack \(name): its change set could not be removed: \(error)")
        }
    }

    private func delete(_ id: String, name: String) async throws {
        let mark = try await events.mark(id)
        let request = CloudFormation.DeleteStackRequest(stackName: id, clientRequestToken: RequestToken.make())
        try Task.checkCancellation()
        try await Shielded.run { [cloudFormation] in try await cloudFormation.deleteStack(request) }
        let outcome = try await follow(name, id: id, mark: mark)
        guard outcome.status == .deleteComplete else { throw await failure("delete stack \(name)", outcome, id: id) }
    }

    private func follow(
        _ name: String, id: String, mark: String?
    ) async throws -> StackEvents.Outcome {
        do {
            return try await events.follow(id, after: mark, warn: show) { show("  " + EventLine.text($0)) }
        } catch is CancellationError {
            show("stack \(name): no longer watching; CloudFormation goes on: see 'fgctl cf-status'")
            throw CancellationError()
        }
    }

    private func failure(_ what: String, _ outcome: StackEvents.Outcome, id: String) async -> Failure {
        let cause = StackCause.first(in: outcome.events).map(StackCause.text)
        let given = outcome.stack?.stackStatusReason.flatMap { $0.isEmpty ? nil : $0 }
        let reason = await ValidationFailures(cloudFormation: cloudFormation)
            .explain(cause ?? given ?? "CloudFormation gives no reason", stack: id)
        return Failure(.failed, "\(what): \(outcome.status): \(reason)")
    }
}
