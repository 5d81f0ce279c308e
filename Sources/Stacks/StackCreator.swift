package import AWS
package import AWSServices
package import Support
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

    private let operation: StackOperation
    private let noRollback: Bool
    private let confirm: @Sendable (String) async throws -> Void
    private var cloudFormation: CloudFormation { operation.cloudFormation }

    /// - Parameters:
    ///   - noRollback: whether a failed creation leaves what it has made, as evidence.
    ///   - show: takes the lines of progress.
    ///   - confirm: asks a question; throws when the answer is not yes.
    package init(
        client: AWSClient, upload: TemplateUpload, noRollback: Bool = false,
        show: @escaping @Sendable (String) -> Void,
        confirm: @escaping @Sendable (String) async throws -> Void = { throw Failure(.usage, $0) },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        operation = StackOperation(client: client, upload: upload, show: show, sleep: sleep)
        self.noRollback = noRollback
        self.confirm = confirm
    }

    /// Looks at what is there and decides; changes nothing.
    /// - Parameter stack: as it was found just now.
    package func decide(_ request: StackRequest, stack: CloudFormation.Stack?) async throws -> StackDecision {
        guard let stack, stack.stackStatus != .reviewInProgress, !stack.stackStatus.isInProgress else {
            return StackDecision.create(request, stack: stack)
        }
        if stack.stackStatus.isSettled {
            let template = try await cloudFormation.getTemplate(request.name)
            return StackDecision.create(request, stack: stack, currentTemplate: template)
        }
        let resources = try await cloudFormation.listStackResources(stack.stackId ?? request.name)
        return StackDecision.create(request, stack: stack, resources: resources)
    }

    /// The refusal of a creation that finds a stack which is not as asked.
    package static func refusal(_ request: StackRequest, differences: [String]) -> Failure {
        Failure(
            .failed,
            "create stack \(request.name): it exists and is not as asked: \(differences.joined(separator: "; "))",
            hint: "change it with 'fgctl \(request.updateCommand)\(request.updateVersion)'")
    }

    /// Creates the stack, or says why not.
    ///
    /// - Parameter stack: as it was found just now; `nil` when there was none.
    /// - Throws: `Failure` with the first cause when the creation fails or is refused.
    package func create(_ request: StackRequest, found stack: CloudFormation.Stack?) async throws -> Outcome {
        switch try await decide(request, stack: stack) {
        case .refuse(let failure):
            throw failure
        case .differs(let lines):
            throw Self.refusal(request, differences: lines)
        case .alreadyAsAsked:
            guard let stack else { break }
            return .alreadyAsAsked(stack)
        case .deleteThenCreate(let found, let held):
            operation.show("stack \(request.name): a failed creation left it \(found): deleting that first")
            if !held.isEmpty {
                try await confirm(
                    "Delete what a failed creation left of stack \(request.name): \(held.joined(separator: ", "))?")
            }
            try await operation.delete(stack?.stackId ?? request.name, name: request.name)
        case .create:
            break
        }
        do {
            // A shell that was there before may hold change sets of others.
            return .created(try await build(request, ownsShell: stack?.stackStatus != .reviewInProgress))
        } catch let failure as Failure where Self.lacksServiceLinkedRole(failure) {
            // The first cluster of an account makes ECS create its service-linked role, and can fail because the role is
            // not there yet. Once is enough: the second attempt finds it.
            operation.show("stack \(request.name): ECS had no service-linked role yet; creating the stack once more")
            try await operation.delete(request.name, name: request.name)
            return .created(try await build(request, ownsShell: true))
        }
    }

    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    private static func lacksServiceLinkedRole(_ failure: Failure) -> Bool {
        failure.message.contains("ROLLBACK_COMPLETE") && failure.message.contains("ECS service linked role")
    }

    /// - Parameter ownsShell: whether the empty stack that a change set makes is ours to remove when it comes to nothing.
    private func build(_ request: StackRequest, ownsShell: Bool) async throws -> CloudFormation.Stack {
        let what = "create stack \(request.name)"
        let (mark, id) = try await operation.withChangeSet(
            request, type: "CREATE", what: what, ownsShell: ownsShell
        ) { set, mayHaveBegun in
            guard let set else { throw Failure(.failed, "\(what): the template makes nothing") }
            for change in set.changes { operation.show("  \(change.line)") }
            let mark = try await operation.events.mark(set.stackID)
            guard case .begun = try await operation.execute(set, noRollback: noRollback, mayHaveBegun: &mayHaveBegun)
            else {
                throw Failure(
                    .failed, "\(what): another change of the stack was faster",
                    hint: "look at it with 'fgctl cf-status' and try again")
            }
            return (mark, set.stackID)
        }
        let outcome = try await operation.follow(
            request.name, id: id, mark: mark,
            cancelHint: "cancel it by deleting the stack: '\(request.deleteCommand)'")
        guard outcome.status == .createComplete, let stack = outcome.stack else {
            throw await operation.failure(what, name: request.name, outcome, noRollback: noRollback)
        }
        return stack
    }
}
