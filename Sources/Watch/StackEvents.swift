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

    /// From one look to the next, start to start: an event is shown within two seconds of its happening, the way of the answer
    /// included.
    package static let interval = Duration.milliseconds(1990)
    /// Before the first look: a small change is over by then. The pause lets a wait of a minute cost thirty looks and no more:
    /// 0.35 + 30 × 1.99 > 60.
    package static let firstPause = Duration.milliseconds(350)
    /// The slowest pace that throttling leads to.
    private static let slowest = Duration.seconds(16)
    /// After how many looks without news the stack itself is looked at: soon when none ever came, then every two minutes.
    private static let firstDoubt = 4
    private static let laterDoubt = 60
    /// How many looks an operation may take to show. CloudFormation answers before it has begun: until then the stack
    /// still reads as it was, which must not be taken for the end.
    private static let looksBeforeStart = 60

    private let cloudFormation: CloudFormation
    private let interval: Duration
    private let deadline: Duration?
    private let outage: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - interval: from one look to the next, start to start.
    ///   - deadline: of the whole wait; `nil` waits as long as CloudFormation works.
    ///   - outage: how long looking may fail in a row by throttling, server errors or a network that is away.
    package init(
        _ cloudFormation: CloudFormation, interval: Duration = Self.interval, deadline: Duration? = nil,
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
    /// One call a look: the end is seen by the stack's own event, and only then, or in doubt, the stack is described.
    /// - Parameters:
    ///   - stack: name or, better, the id: a deleted stack is only found by its id.
    ///   - mark: from `mark(_:)`, taken before the operation was started.
    ///   - warn: takes a line when looking fails for now.
    ///   - meanwhile: is run after each look; what it throws ends the following.
    /// - Throws: `Failure` of kind `timedOut` at the deadline; CloudFormation goes on all the same.
    package func follow(
        _ stack: String, after mark: String?,
        warn: @Sendable (String) -> Void = { _ in }, meanwhile: @Sendable () async throws -> Void = {},
        show: @Sendable (CloudFormation.StackEvent) -> Void
    ) async throws -> Outcome {
        var seen = Seen(last: mark)
        var outage = Outage(limit: outage)
        var pace = interval
        let clock = ContinuousClock()
        let begin = clock.now
        var pause = min(Self.firstPause, pace)
        while true {
            try await sleep(pause)
            try Task.checkCancellation()
            let started = clock.now
            do {
                if let end = try await look(stack, &seen, show) { return end }
                outage.end()
                pace = max(interval, pace / 2)
            } catch {
                if let line = try outage.bear(error, lookingAt: "stack \(stack)") { warn(line) }
                if (error as? AWSError)?.isThrottling == true { pace = min(Self.slowest, pace * 2) }
            }
            try await meanwhile()
            if let deadline, clock.now - begin >= deadline {
                throw Failure(
                    .timedOut, "timed out after \(deadline.components.seconds) s waiting for stack \(stack)",
                    hint: "CloudFormation goes on: watch it with 'fgctl cf-events --follow'")
            }
            pause = max(.zero, pace - (clock.now - started))
        }
    }

    /// What following has seen so far.
    private struct Seen {
        var last: String?
        var events: [CloudFormation.StackEvent] = []
        var looks = 0
        /// Looks in a row that brought nothing.
        var silent = 0
        /// The state that the stack's own event told as the end; its description may lag behind, or be ahead.
        var end: String?

        init(last: String?) { self.last = last }

        /// Whether the stack itself has to be looked at.
        var isInDoubt: Bool {
            end != nil || events.isEmpty && silent == StackEvents.firstDoubt
                || silent > 0 && silent % StackEvents.laterDoubt == 0
        }
    }

    /// One look; the outcome when the operation is over.
    private func look(
        _ stack: String, _ seen: inout Seen, _ show: @Sendable (CloudFormation.StackEvent) -> Void
    ) async throws -> Outcome? {
        guard let news = try await news(of: stack, after: seen.last) else {
            return Outcome(stack: nil, status: .deleteComplete, events: seen.events)
        }
        seen.looks += 1
        seen.silent = news.isEmpty ? seen.silent + 1 : 0
        for event in news {
            // What somebody else began after the end is another operation.
            if seen.end != nil, event.beginsOperation { break }
            show(event)
            seen.events.append(event)
            seen.last = event.eventId
            if event.isOfStackItself { seen.end = event.endsOperation ? event.resourceStatus : nil }
        }
        guard seen.isInDoubt else { return nil }
        guard let state = try await cloudFormation.describeStack(stack) else {
            return Outcome(stack: nil, status: .deleteComplete, events: seen.events)
        }
        let status = state.stackStatus
        if let end = seen.end, Self.operation(end) != Self.operation(status.rawValue) {
            return Outcome(stack: state, status: .init(rawValue: end), events: seen.events)
        }
        if status.isInProgress { return nil }
        let isEnd = status != .reviewInProgress && !seen.events.isEmpty || status == .deleteComplete
        return isEnd || seen.looks >= Self.looksBeforeStart
            ? Outcome(stack: state, status: status, events: seen.events) : nil
    }

    /// CREATE, UPDATE, DELETE, IMPORT; rollbacks of creations count as such.
    private static func operation(_ status: String) -> String {
        let word = status.prefix { $0 != "_" }
        return word == "ROLLBACK" ? "CREATE" : String(word)
    }

    /// The events of the operation that a stack went through last, or goes through now, oldest first, and the mark before it.
    package func lastOperation(
        of stack: String
    ) async throws -> (mark: String?, events: [CloudFormation.StackEvent]) {
        var found: [CloudFormation.StackEvent] = []
        var token: String?
        repeat {
            guard let page = try await page(of: stack, token: token) else { break }
            for event in page.stackEvents {
                if found.last?.beginsOperation == true { return (event.eventId, found.reversed()) }
                found.append(event)
            }
            token = page.nextToken
        } while token != nil
        return (nil, found.reversed())
    }

    /// All events that CloudFormation still has of a stack, oldest first.
    package func all(of stack: String) async throws -> [CloudFormation.StackEvent] {
        try await news(of: stack, after: nil) ?? []
    }

    /// The events after the marked one, oldest first; `nil` when the stack is gone.
    private func news(of stack: String, after last: String?) async throws -> [CloudFormation.StackEvent]? {
        var found: [CloudFormation.StackEvent] = []
        var token: String?
        repeat {
            guard let page = try await page(of: stack, token: token) else { return nil }
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
