internal import FoundationEssentials
internal import HTTP

/// Why one attempt failed.
enum AttemptFault: Sendable {
    /// No complete answer.
    case transport(HTTPError)
    /// An error answer; `retryAfter` is what its headers asked for.
    case answer(AWSError, retryAfter: Duration?)

    /// Costs more of the quota: a slow service is not helped by more requests.
    var isTimeout: Bool {
        switch self {
        case .transport(.timedOut): true
        case .transport: false
        case .answer(let error, _): RetryCodes.isTimeout(code: error.code)
        }
    }
}

extension AttemptFault {
    /// Whether the service may have done what was asked all the same. One that says it is asked too often has not.
    var mayHaveActed: Bool {
        switch self {
        case .transport(let error): error.mayHaveBeenSent
        case .answer(let error, _): error.httpStatus >= 500 && !error.isThrottling
        }
    }

    var isThrottling: Bool { if case .answer(let error, _) = self { error.isThrottling } else { false } }
}

/// Decides whether another attempt is worth it and when: the SDKs' standard mode.
/// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
enum RetryPolicy {
    /// The longest pause, also when the service asks for more.
    static let longestPause: Duration = .seconds(20)

    /// The pause before the next attempt; `nil` when there should be none.
    ///
    /// - Parameters:
    ///   - attempt: the one that failed, counted from 1.
    ///   - random: from 0 up to 1, chooses within the pause's range (full jitter).
    static func pause(after fault: AttemptFault, attempt: Int, maximum: Int, random: Double) -> Duration? {
        guard attempt < maximum, isWorthRetrying(fault) else { return nil }
        // 1, 2, 4, … s, never more than the longest.
        let range = attempt > 5 ? longestPause : min(.seconds(1 << (attempt - 1)), longestPause)
        let jittered = range * random
        guard case .answer(_, let retryAfter?) = fault else { return jittered }
        return min(max(jittered, retryAfter), longestPause)
    }

    private static func isWorthRetrying(_ fault: AttemptFault) -> Bool {
        switch fault {
        case .transport(.cannotConnect), .transport(.connectionLost), .transport(.timedOut), .transport(.truncatedBody):
            true
        case .transport(.tls), .transport(.invalidRequest), .transport(.bodyTooLarge): false
        case .answer(let error, _):
            error.isThrottling || RetryCodes.isTransient(code: error.code, status: error.httpStatus)
        }
    }

    /// The pause that an answer's headers ask for: `x-amz-retry-after` in milliseconds; `Retry-After` in seconds or as a date,
    /// which is compared with the answer's own `Date`, since this machine's clock may be wrong.
    static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let text = headers["x-amz-retry-after"], let milliseconds = Int64(text), milliseconds >= 0 {
            return min(.milliseconds(min(milliseconds, 1_000_000)), longestPause)
        }
        if let text = headers["Retry-After"], let seconds = Int64(text), seconds >= 0 {
            return .seconds(min(seconds, longestPause.components.seconds))
        }
        if let until = headers["Retry-After"].flatMap({ Timestamp.parse($0) }),
            let date = headers["Date"].flatMap({ Timestamp.parse($0) }), until >= date
        {
            return min(.seconds(min(until.timeIntervalSince(date), 1000)), longestPause)
        }
        return nil
    }
}
