internal import AWS
internal import Support

/// Bears failures of looking at something that goes on by itself: throttling, server errors, a network that is away.
///
/// The client has tried each look several times already; what comes here lasts longer.
struct Outage {
    /// How long looking may fail in a row.
    let limit: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private var since: ContinuousClock.Instant?

    init(limit: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
        self.limit = limit
        self.now = now
    }

    /// A look succeeded.
    mutating func end() { since = nil }

    /// Notes a failed look.
    ///
    /// - Returns: the line to show when this failure is the first of a row.
    /// - Throws: the error, when it does not pass by itself or the row lasts longer than the limit.
    mutating func bear(_ error: any Error, lookingAt what: String) throws -> String? {
        guard Self.passes(error) else { throw error }
        guard let since else {
            since = now()
            return "can't look at \(what) (\(error)); trying on for \(limit.components.seconds) s"
        }
        guard now() - since < limit else { throw error }
        return nil
    }

    private static func passes(_ error: any Error) -> Bool {
        if let error = error as? AWSError { return error.isThrottling || error.httpStatus >= 500 }
        return error is AWSNoAnswer
    }
}
