internal import AWS
package import AWSServices
internal import Support

/// Follows one operation on a stack: its events as they happen, until the stack settles.
package struct StackEvents: Sendable {
    /// How an operation ended.
    package struct Outcome: Sendable {
        /// The stack as it was last seen; `nil` once it is deleted.
        package let stack: CloudFormation.Stack?
        package let status: CloudFormation.StackStatus
        /// The events of this operation, oldest first.
        package let events: [CloudFormation.StackEvent]

        package init(
            stack: CloudFormation.Stack?, status: CloudFormation.StackStatus, events: [CloudFormation.StackEvent]
        ) {
            self.stack = stack
            self.status = status
            self.events = events
        }
    }

    /// How many looks an operation may take to show. CloudFormation answers before it has begun: until then the stack
    /// still reads as it was, which must not be taken for the end.
    private static let looksBeforeStart = 60

    private let cloudFormation: CloudFormation
    private let interval: Duration
    private let deadline: Duration?
    private let outage: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - interval: between two polls; events are shown at most this late.
    ///   - deadline: of the whole wait; `nil` waits as long as CloudFormation works.
    ///   - outage: how long looking may fail in a row by throttling, server errors or a network that is away.
    package init(
        _ cloudFormation: CloudFormation, interval: Duration = .seconds(1), deadline: Duration? = nil,
        outage: Duration = .seconds(300),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.outage = outage
        self.cloudFormation = cloudFormation
        self.interval = interval
        self.deadline = deadline
        self.sleep = sleep
    }

    /// The id of the newest event of a stack: what comes after it belongs to the operation that starts now.
    package func mark(_ stack: String) async throws -> String? {
        try await page(of: stack, token: nil)?.stackEvents.first?.eventId
    }

    /// Shows every event after `mark` as it happens and returns when the stack has settled.
    ///
    /// - Parameters:
    ///   - stack: name or, better, the id: a deleted stack is only found by its id.
    ///   - mark: from `mark(_:)`, taken before the operation was started.
    ///   - warn: takes a line when looking fails for now.
    /// - Throws: `Failure` of kind `timedOut` at the deadline; CloudFormation goes on all the same.
    package func follow(
        _ stack: String, after mark: String?,
        warn: @Sendable (String) -> Void = { _ in }, show: @Sendable (CloudFormation.StackEvent) -> Void
    ) async throws -> Outcome {
        var events: [CloudFormation.StackEvent] = []
        var last = mark
        var hasBegun = false
        var looks = 0
        var outage = Outage(limit: outage)
        let waiter = Waiter<Look>(
            what: "stack \(stack)", interval: .every(interval), deadline: deadline, sleep: sleep)
        let settled = try await waiter.wait {
            let hadBegun = hasBegun
            do {
                // The state is read before the events: what led to a settled state is then always among them.
                let state = try await cloudFormation.describeStack(stack)
                for event in try await news(of: stack, after: last) {
                    show(event)
                    events.append(event)
                    last = event.eventId
                    hasBegun = true
                }
                outage.end()
                looks += 1
                return .state(state, hadBegun: hadBegun)
            } catch {
                if let line = try outage.bear(error, lookingAt: "stack \(stack)") { warn(line) }
                return .failed
            }
        } accept: { look in
            guard case .state(let state, let hadBegun) = look else { return .again("looking at it fails") }
            guard let status = state?.stackStatus else { return .done }
            if status.isInProgress {
                hasBegun = true
                return .again("it is \(status)")
            }
            return hadBegun && status != .reviewInProgress || looks >= Self.looksBeforeStart
                ? .done : .again("it is still \(status)")
        }
        guard case .state(let state, _) = settled else {
            return Outcome(stack: nil, status: .deleteComplete, events: events)
        }
        return Outcome(stack: state, status: state?.stackStatus ?? .deleteComplete, events: events)
    }

    /// What one poll brought.
    private enum Look: Sendable {
        /// - hadBegun: whether the operation was seen to have begun before the state was read.
        case state(CloudFormation.Stack?, hadBegun: Bool)
        case failed
    }

    /// The events after the marked one, oldest first.
    private func news(of stack: String, after last: String?) async throws -> [CloudFormation.StackEvent] {
        var found: [CloudFormation.StackEvent] = []
        var token: String?
        repeat {
            guard let page = try await page(of: stack, token: token) else { return found.reversed() }
            for event in page.stackEvents {
                if event.eventId == last { return found.reversed() }
                found.append(event)
            }
            token = page.nextToken
        } while token != nil
        return found.reversed()
    }

    /// One page of events; `nil` when the stack is gone.
    private func page(of stack: String, token: String?) async throws -> CloudFormation.DescribeStackEventsResponse? {
        do {
            return try await cloudFormation.describeStackEvents(.init(stackName: stack, nextToken: token))
        } catch let error as AWSError where error.isNotFound {
            return nil
        }
    }
}

/// Finds why an operation failed among its events.
package enum StackCause {
    /// The first failure in time that is not the echo of another one.
    ///
    /// CloudFormation reports "Resource creation cancelled" for everything that was under way when the first resource
    /// failed; those never are the cause.
    package static func first(in events: [CloudFormation.StackEvent]) -> CloudFormation.StackEvent? {
        let failures = events.filter { $0.resourceStatus?.hasSuffix("_FAILED") == true }
        let own = failures.filter { !isCancellation($0.resourceStatusReason) }
        // A nested or whole stack's own event only sums up those of its resources.
        return own.first { $0.resourceType != "AWS::CloudFormation::Stack" } ?? own.first ?? failures.first
    }

    /// `TaskDefinition (AWS::ECS::TaskDefinition): Invalid 'cpu' setting for task`
    package static func text(_ event: CloudFormation.StackEvent) -> String {
        let given = event.resourceStatusReason.flatMap { $0.isEmpty ? nil : $0 }
        let reason = given ?? event.resourceStatus ?? "no reason given"
        guard let name = event.logicalResourceId else { return reason }
        return "\(name)\(event.resourceType.map { " (\($0))" } ?? ""): \(reason)"
    }

    private static func isCancellation(_ reason: String?) -> Bool {
        guard let reason = reason?.lowercased() else { return false }
        return reason.hasPrefix("resource creation cancelled") || reason.hasPrefix("resource update cancelled")
    }
}
