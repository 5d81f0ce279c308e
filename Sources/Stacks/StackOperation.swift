package import AWS
package import AWSServices
internal import Support
internal import Templates
package import Watch

/// The steps that changes of a stack have in common: change sets, following, giving up, and what a failure says.
package struct StackOperation: Sendable {
    package let client: AWSClient
    package let cloudFormation: CloudFormation
    package let events: StackEvents
    private let upload: TemplateUpload
    package let show: @Sendable (String) -> Void
    package let sleep: @Sendable (Duration) async throws -> Void
    private let told = ToldTasks()

    package init(
        client: AWSClient, upload: TemplateUpload, show: @escaping @Sendable (String) -> Void,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.client = client
        cloudFormation = CloudFormation(client)
        events = StackEvents(cloudFormation, sleep: sleep)
        self.upload = upload
        self.show = show
        self.sleep = sleep
    }

    /// A change set that is ready.
    package struct ChangeSet: Sendable {
        package let id: String
        package let stackID: String
        package let changes: [StackChange]
    }

    /// What became of an execution.
    enum Execution: Sendable {
        case begun
        /// Another change won the race: the set no longer fits the stack.
        case obsolete
    }

    // MARK: Change sets

    /// Makes a change set, waits until it is ready, hands it to `use`, and removes it again when that fails before it was
    /// executed.
    ///
    /// - Parameters:
    ///   - ownsShell: whether the empty stack that a change set makes is ours to remove when it comes to nothing.
    ///   - use: `nil` as change set means that it would change nothing.
    func withChangeSet<Output: Sendable>(
        _ request: StackRequest, type: String, what: String, ownsShell: Bool,
        use: (ChangeSet?, _ mayHaveBegun: inout Bool) async throws -> Output
    ) async throws -> Output {
        let create = try await changeSet(for: request, type: type)
        show("stack \(request.name): preparing a change set from template \(request.template.name)")
        try Task.checkCancellation()
        // An answer that is not waited for leaves a change set that nobody knows of: interruptions wait for it.
        let made = try await Shielded.run { [cloudFormation] in try await cloudFormation.createChangeSet(create) }
        var mayHaveBegun = false
        do {
            let changes = try await changes(made, request, what)
            let set = changes.map { ChangeSet(id: made.id, stackID: made.stackId, changes: $0) }
            let output = try await use(set, &mayHaveBegun)
            if !mayHaveBegun { await discard(made, request.name, ownsShell: ownsShell) }
            return output
        } catch {
            // Neither the set nor the empty stack that it made may stay behind; what went wrong with the set is the
            // story, so a failure to clean up is only shown.
            if !mayHaveBegun { await discard(made, request.name, ownsShell: ownsShell) }
            throw error
        }
    }

    /// Executes a change set that nobody else knows of: when it turns out to be executed already, that was an attempt of
    /// ours whose answer was lost.
    func execute(_ set: ChangeSet, noRollback: Bool, mayHaveBegun: inout Bool) async throws -> Execution {
        var request = CloudFormation.ExecuteChangeSetRequest(
            changeSetName: set.id, stackName: set.stackID, clientRequestToken: RequestToken.make())
        if noRollback { request.disableRollback = true }
        try Task.checkCancellation()
        do {
            try await Shielded.run { [cloudFormation, request] in try await cloudFormation.executeChangeSet(request) }
            mayHaveBegun = true
            return .begun
        } catch let error as AWSError where error.code.hasPrefix("InvalidChangeSetStatus") {
            let answer = try await cloudFormation.describeChangeSet(
                .init(changeSetName: set.id, stackName: set.stackID))
            if answer.executionStatus == "OBSOLETE" { return .obsolete }
            guard answer.executionStatus?.hasPrefix("EXECUTE_") == true else { throw error }
            mayHaveBegun = true
            return .begun
        } catch let error as AWSError where error.code == "ChangeSetNotFound" {
            // Executing one change set takes away all others of the stack.
            return .obsolete
        } catch let error as AWSNoAnswer {
            mayHaveBegun = true
            throw error
        }
    }

    private func changeSet(
        for request: StackRequest, type: String
    ) async throws -> CloudFormation.CreateChangeSetRequest {
        var create = CloudFormation.CreateChangeSetRequest(
            stackName: request.name, changeSetName: "fgctl-\(RequestToken.make())", changeSetType: type,
            clientToken: RequestToken.make())
        switch try await upload.source(for: request.template) {
        case .body(let body): create.templateBody = body
        case .url(let url): create.templateURL = url
        }
        create.parameters = request.parameters
        create.tags = request.tags
        create.capabilities = StackRequest.capabilities
        return create
    }

    /// Waits for the change set to be ready and gives what it would do; `nil` when that is nothing.
    private func changes(
        _ made: CloudFormation.CreateChangeSetResponse, _ request: StackRequest, _ what: String
    ) async throws -> [StackChange]? {
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
            if ChangeSetText.saysNoChanges(answer.statusReason) { return nil }
            let given = answer.statusReason.flatMap { $0.isEmpty ? nil : $0 } ?? "the change set failed"
            let reason = await ValidationFailures(cloudFormation: cloudFormation)
                .explain(given, stack: made.stackId, changeSet: made.id)
            throw Failure(.failed, "\(what): \(reason)")
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

    private func discard(_ made: CloudFormation.CreateChangeSetResponse, _ name: String, ownsShell: Bool) async {
        do {
            // Also after an interruption.
            try await Shielded.run { [cloudFormation] in
                try await Deadline.run(.seconds(30), what: "its removal") {
                    do {
                        try await cloudFormation.deleteChangeSet(.init(changeSetName: made.id, stackName: made.stackId))
                    } catch let error as AWSError where error.code == "ChangeSetNotFound" {
                        return
                    }
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

    // MARK: Following

    /// Follows what was started; when the user interrupts, says that it goes on, and how to watch and end it.
    ///
    /// - Parameter ends: for an update: ends it if the user wants that, and says whether. Without, it is no update.
    func follow(
        _ name: String, id: String, mark: String?, cancelHint: String?, ends: (@Sendable () async -> Bool)? = nil
    ) async throws -> StackEvents.Outcome {
        let services = ServiceWatch(
            client: client, what: "stack \(name)", cancelHint: cancelHint, isUpdate: ends != nil, told: told, show: show
        )
        do {
            return try await events.follow(id, after: mark, warn: show, meanwhile: { try await services.look() }) {
                show("  " + EventLine.text($0))
                services.note($0)
            }
        } catch is CancellationError {
            if let ends, await ends() { throw CancellationError() }
            show(
                "stack \(name): no longer watching; CloudFormation goes on: watch it with "
                    + "'fgctl cf-events --follow --stack \(name)'"
                    + ((cancelHint ?? services.cancelHint).map { ", \($0)" } ?? ""))
            throw CancellationError()
        }
    }

    /// Ends an update by rolling it back; says whether CloudFormation took that.
    func cancelUpdate(_ name: String, id: String) async -> Bool {
        let request = CloudFormation.RollbackStackRequest(stackName: id, clientRequestToken: RequestToken.make())
        do {
            try await Shielded.run { [cloudFormation] in try await cloudFormation.cancelUpdateStack(request) }
            show("stack \(name): rolling back: watch it with 'fgctl cf-events --follow --stack \(name)'")
            return true
        } catch {
            show("stack \(name): its update can't be rolled back: \(error)")
            return false
        }
    }

    /// Deletes a stack and waits for its end.
    func delete(_ id: String, name: String, retaining: [String] = []) async throws {
        let mark = try await events.mark(id)
        var request = CloudFormation.DeleteStackRequest(stackName: id, clientRequestToken: RequestToken.make())
        if !retaining.isEmpty { request.retainResources = retaining }
        try Task.checkCancellation()
        try await Shielded.run { [cloudFormation, request] in try await cloudFormation.deleteStack(request) }
        let outcome = try await follow(
            name, id: id, mark: mark, cancelHint: "a deletion can't be taken back")
        guard outcome.status == .deleteComplete else {
            throw await failure("delete stack \(name)", name: name, outcome, noRollback: false)
        }
    }

    /// The failure of an operation, with all that can be found out about its cause.
    ///
    /// - Parameter knowsServices: whether the services' tasks were looked at already.
    func failure(
        _ what: String, name: String, _ outcome: StackEvents.Outcome, noRollback: Bool, knowsServices: Bool = false
    ) async -> Failure {
        let diagnosis = await StackDiagnoser(client: client).diagnose(
            stack: name, id: outcome.events.first?.stackId ?? outcome.stack?.stackId ?? name,
            status: outcome.status, events: outcome.events, keptEvidence: noRollback,
            looksAtServices: !knowsServices)
        for line in diagnosis.detailLines(knowing: told.all) { show(line) }
        let given = outcome.stack?.stackStatusReason.flatMap { $0.isEmpty ? nil : $0 }
        let reason = await ValidationFailures(cloudFormation: cloudFormation).explain(
            diagnosis.causeText ?? given ?? "CloudFormation gives no reason",
            stack: outcome.events.first?.stackId ?? name)
        var hint =
            diagnosis.hint
            ?? "'fgctl cf-diagnose \(name)' looks for more, 'fgctl cf-events --stack \(name)' shows all that happened"
        if outcome.status == .deleteFailed, !diagnosis.stuck.isEmpty {
            hint =
                "to delete the stack and keep these, run: fgctl cf-delete-stack --yes "
                + diagnosis.stuck.map { "--retain \($0)" }.joined(separator: " ")
        }
        return Failure(.failed, "\(what): \(outcome.status): \(reason)", hint: hint)
    }
}

/// What CloudFormation says of change sets that would change nothing.
package enum ChangeSetText {
    /// Both of its wordings.
    package static func saysNoChanges(_ reason: String?) -> Bool {
        guard let reason else { return false }
        return reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
    }
}
