internal import Support

/// The pauses between two polls: the first, growing by a factor to a longest one.
package struct PollInterval: Sendable, Hashable {
    package let first: Duration
    package let longest: Duration
    package let factor: Double

    package init(first: Duration, longest: Duration, factor: Double = 1.5) {
        self.first = first
        self.longest = longest
        self.factor = factor
    }

    /// Always the same pause.
    package static func every(_ interval: Duration) -> PollInterval {
        PollInterval(first: interval, longest: interval, factor: 1)
    }

    /// The pause after the poll with this index, counted from 0.
    func pause(after poll: Int) -> Duration {
        var pause = first
        for _ in 0..<poll where pause < longest { pause = pause * factor }
        return min(pause, longest)
    }
}

/// The one way to wait: polls until an acceptor decides or the deadline passes.
package struct Waiter<Output: Sendable>: Sendable {
    /// What one polled state means.
    package enum Verdict: Sendable {
        /// The wait is over; this output is its result.
        case done
        /// Not yet; the text says where it stands, for the message when time runs out.
        case again(String = "")
        /// It will not come about.
        case failed(any Error)
    }

    private let what: String
    private let interval: PollInterval
    private let deadline: Duration?
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - what: for the message: `stack nightly to be deleted`.
    ///   - deadline: of the whole wait; `nil` waits for ever.
    ///   - elapsed: time since some fixed moment; tests put their own in place.
    package init(
        what: String, interval: PollInterval, deadline: Duration?,
        elapsed: (@Sendable () -> Duration)? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.what = what
        self.interval = interval
        self.deadline = deadline
        let start = ContinuousClock.now
        self.elapsed = elapsed ?? { ContinuousClock.now - start }
        self.sleep = sleep
    }

    /// The same with one fixed interval.
    package init(what: String, interval: Duration, deadline: Duration?) {
        self.init(what: what, interval: .every(interval), deadline: deadline)
    }

    /// Polls at once and then after each pause.
    ///
    /// - Throws: what `poll` throws, what the acceptor failed with, `CancellationError`, and `Failure` of kind `timedOut`
    ///   when the deadline passes; the last poll happens at the deadline, not before it.
    package func wait(
        isolation: isolated (any Actor)? = #isolation,
        poll: () async throws -> Output, accept: (Output) throws -> Verdict
    ) async throws -> Output {
        let end = deadline.map { elapsed() + $0 }
        var index = 0
        while true {
            try Task.checkCancellation()
            let output = try await poll()
            let standing: String
            switch try accept(output) {
            case .done: return output
            case .failed(let error): throw error
            case .again(let text): standing = text
            }
            var pause = interval.pause(after: index)
            if let end {
                let left = end - elapsed()
                guard left > .zero else { throw timedOut(standing) }
                pause = min(pause, left)
            }
            try await sleep(pause)
            index += 1
        }
    }

    private func timedOut(_ standing: String) -> Failure {
        let limit = deadline.map { " after \($0.components.seconds) s" } ?? ""
        return Failure(.timedOut, "timed out\(limit) waiting for \(what)" + (standing.isEmpty ? "" : ": \(standing)"))
    }
}
