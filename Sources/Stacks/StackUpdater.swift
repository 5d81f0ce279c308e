package import AWS
package import AWSServices
internal import Support
internal import Templates
package import Watch

/// Updates a stack through a change set, and gets it out of the states in which an earlier update was left.
package struct StackUpdater: Sendable {
    /// What came of it.
    package enum Outcome: Sendable {
        case updated(CloudFormation.Stack)
        /// It was already as asked; nothing was changed.
        case alreadyAsAsked(CloudFormation.Stack)
    }

    /// How the user wants it done.
    package struct Options: Sendable {
        package var wishes = UpdateDecision.Wishes()
        /// Logical ids that a stuck rollback gives up on.
        package var skipped: [String] = []
        /// Whether what differs is told; not where the caller has.
        package var showsDifferences = true
        package init() {}
    }

    /// An update that CloudFormation has begun.
    package struct Begun: Sendable {
        package let name: String
        package let id: String
        /// The newest event before it.
        package let mark: String?
        package let changes: [StackChange]

        package init(name: String, id: String, mark: String?, changes: [StackChange]) {
            self.name = name
            self.id = id
            self.mark = mark
            self.changes = changes
        }
    }

    /// Stays with an update to its end, in place of following the stack's events alone.
    package typealias Follower = @Sendable (Begun) async throws -> StackEvents.Outcome

    /// How often a plan is made anew because another change was faster.
    private static let mostRaces = 3
    /// How many states are worked off before the update itself: attach, roll back, attach, …
    private static let mostSteps = 6

    private let operation: StackOperation
    private let options: Options
    private let follower: Follower?
    private let confirm: @Sendable (String) async throws -> Void
    private let wishes: @Sendable (String) async -> Bool
    private var cloudFormation: CloudFormation { operation.cloudFormation }

    /// - Parameters:
    ///   - show: takes the lines of progress.
    ///   - follower: `nil` follows the stack's events, and looks at the tasks of services.
    ///   - confirm: asks a question; throws when the answer is not yes.
    ///   - wishes: asks one who interrupts, where there is anybody to ask.
    package init(
        client: AWSClient, upload: TemplateUpload, options: Options, follower: Follower? = nil,
        show: @escaping @Sendable (String) -> Void,
        confirm: @escaping @Sendable (String) async throws -> Void,
        wishes: @escaping @Sendable (String) async -> Bool = { _ in false },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        operation = StackOperation(client: client, upload: upload, show: show, sleep: sleep)
        self.options = options
        self.follower = follower
        self.confirm = confirm
        self.wishes = wishes
    }

    /// Looks at what is there and decides; changes nothing.
    /// - Parameter stack: as it was found just now.
    package func decide(_ request: StackRequest, stack: CloudFormation.Stack?) async throws -> UpdateDecision {
        var resources: [CloudFormation.StackResourceSummary] = []
        var template: String?
        if let stack, stack.stackStatus.isFailed {
            resources = try await cloudFormation.listStackResources(stack.stackId ?? request.name)
        }
        if let stack, stack.stackStatus.isSettled || stack.stackStatus == .updateFailed {
            template = try await cloudFormation.getTemplate(request.name)
        }
        return UpdateDecision.update(
            request, stack: stack, resources: resources, currentTemplate: template, wishes: options.wishes)
    }

    /// Brings the stack to what is asked.
    ///
    /// - Parameter first: the stack as it was found just now; `nil` when there was none.
    /// - Throws: `Failure` with the first cause when the update fails, is refused or declined.
    package func update(_ request: StackRequest, found first: CloudFormation.Stack?) async throws -> Outcome {
        var races = 0
        for step in 0..<Self.mostSteps + Self.mostRaces {
            let found = step == 0 ? first : try await cloudFormation.describeStack(request.name)
            let decision = try await decide(request, stack: found)
            if case .refuse(let failure) = decision { throw failure }
            guard let stack = found else { break }
            switch decision {
            case .nothing: return .alreadyAsAsked(stack)
            case .attach: try await attach(request.name, stack)
            case .continueRollback(let stuck): try await continueRollback(request, stack, stuck: stuck)
            case .rollBack: try await rollBack(request, stack)
            case .update(let lines):
                if options.showsDifferences { for line in lines { operation.show("  \(line)") } }
                if let outcome = try await apply(request, stack) { return outcome }
                races += 1
                guard races < Self.mostRaces else {
                    throw Failure(
                        .superseded,
                        "update stack \(request.name): other changes of the stack were faster \(races) times",
                        hint: "look at it with 'fgctl cf-events' and try again")
                }
                operation.show("stack \(request.name): another change was faster; planning anew")
            case .refuse: break
            }
        }
        throw Failure(
            .failed, "update stack \(request.name): it does not settle",
            hint: "look at it with 'fgctl cf-events --stack \(request.name)'")
    }

    // MARK: Getting there

    /// Follows the operation that is under way.
    private func attach(_ name: String, _ stack: CloudFormation.Stack) async throws {
        let id = stack.stackId ?? name
        operation.show("stack \(name): \(stack.stackStatus): waiting for the operation that is under way")
        let current = try await operation.events.lastOperation(of: id)
        _ = try await operation.follow(name, id: id, mark: current.mark, cancelHint: nil)
    }

    private func continueRollback(_ request: StackRequest, _ stack: CloudFormation.Stack, stuck: [String]) async throws
    {
        let name = request.name
        let id = stack.stackId ?? name
        let unknown = options.skipped.filter { !stuck.contains($0) && !$0.contains(".") }
        guard unknown.isEmpty else {
            throw Failure(
                .usage, "--skip \(unknown.joined(separator: ", ")): the rollback is not stuck on that",
                hint: "it is stuck on \(stuck.joined(separator: ", "))")
        }
        let on = stuck.isEmpty ? "" : ", stuck on \(stuck.joined(separator: ", "))"
        let giving = options.skipped.isEmpty ? "" : ", giving up on \(options.skipped.joined(separator: ", "))"
        try await confirm("Stack \(name) is UPDATE_ROLLBACK_FAILED\(on). Continue its rollback\(giving)?")
        let mark = try await operation.events.mark(id)
        let call = CloudFormation.ContinueUpdateRollbackRequest(
            stackName: id, resourcesToSkip: options.skipped.isEmpty ? nil : options.skipped,
            clientRequestToken: RequestToken.make())
        try Task.checkCancellation()
        try await Shielded.run { [cloudFormation] in try await cloudFormation.continueUpdateRollback(call) }
        let outcome = try await operation.follow(name, id: id, mark: mark, cancelHint: nil)
        guard outcome.status != .updateRollbackFailed else {
            let failure = await operation.failure(
                "continue the rollback of stack \(name)", name: name, outcome, noRollback: false)
            let flags = stuck.map { " --skip \($0)" }.joined()
            throw Failure(
                .failed, failure.message,
                hint: "mend what is stuck and try again, or give up on it: 'fgctl \(request.updateCommand)\(flags)'")
        }
    }

    private func rollBack(_ request: StackRequest, _ stack: CloudFormation.Stack) async throws {
        let name = request.name
        let id = stack.stackId ?? name
        try await confirm(
            "Stack \(name) is UPDATE_FAILED: an update without rollback stopped half-way. Roll it back first? "
                + "(--no-rollback goes on from where it stopped)")
        let mark = try await operation.events.mark(id)
        let call = CloudFormation.RollbackStackRequest(stackName: id, clientRequestToken: RequestToken.make())
        try Task.checkCancellation()
        try await Shielded.run { [cloudFormation] in try await cloudFormation.rollbackStack(call) }
        let outcome = try await operation.follow(name, id: id, mark: mark, cancelHint: nil)
        guard outcome.status == .updateRollbackComplete else {
            throw await operation.failure("roll back stack \(name)", name: name, outcome, noRollback: false)
        }
    }

    // MARK: The update

    /// - Returns: `nil` when another change was faster.
    private func apply(_ request: StackRequest, _ stack: CloudFormation.Stack) async throws -> Outcome? {
        let name = request.name
        let what = "update stack \(name)"
        let id = stack.stackId ?? name
        enum Step { case nothing, obsolete, begun(Begun) }
        let step: Step = try await operation.withChangeSet(request, type: "UPDATE", what: what, ownsShell: false) {
            set, mayHaveBegun in
            guard let set else { return .nothing }
            for change in set.changes { operation.show("  \(change.line)") }
            try await approve(set.changes, name)
            let mark = try await operation.events.mark(id)
            switch try await operation.execute(set, noRollback: options.wishes.noRollback, mayHaveBegun: &mayHaveBegun)
            {
            case .begun: return .begun(Begun(name: name, id: id, mark: mark, changes: set.changes))
            case .obsolete: return .obsolete
            }
        }
        let begun: Begun
        switch step {
        case .nothing: return .alreadyAsAsked(stack)
        case .obsolete: return nil
        case .begun(let what): begun = what
        }
        let outcome: StackEvents.Outcome
        if let follower {
            outcome = try await follower(begun)
        } else {
            outcome = try await operation.follow(name, id: id, mark: begun.mark, cancelHint: nil) {
                [wishes, operation] in
                guard await wishes("Update of stack \(name): roll back?") else { return false }
                return await operation.cancelUpdate(name, id: id)
            }
        }
        guard outcome.status == .updateComplete, let stack = outcome.stack else {
            throw await operation.failure(
                what, name: name, outcome, noRollback: options.wishes.noRollback, knowsServices: follower != nil)
        }
        return .updated(stack)
    }

    /// Asks where something would be lost or interrupted.
    private func approve(_ changes: [StackChange], _ name: String) async throws {
        if options.wishes.noRollback, let change = changes.first(where: { $0.replacement == "True" }) {
            throw Failure(
                .failed,
                "update stack \(name): \(change.logicalID) would be replaced, which CloudFormation does not do without rollback",
                hint: "run it without --no-rollback; what tasks did stays known to ECS for about an hour")
        }
        let risky = changes.filter(ResourceKinds.isWorthAQuestion)
        guard !risky.isEmpty else { return }
        try await confirm("Stack \(name): \(risky.map(\.line).joined(separator: "; ")). Go on?")
    }
}
