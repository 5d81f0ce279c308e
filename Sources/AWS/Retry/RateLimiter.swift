internal import FoundationEssentials

/// The adaptive mode's limit on requests a second: none until the first throttled answer, then a token bucket whose rate
/// falls at each throttled answer and grows again along a cubic curve.
///
/// The constants are those of the SDKs' adaptive mode.
struct RateLimiter: Sendable {
    /// Below it the rate never falls, in requests a second.
    private static let lowestRate = 0.5
    private static let beta = 0.7
    private static let scale = 0.4
    private static let smoothing = 0.8
    /// Width of the windows in which the own rate is measured, in seconds.
    private static let window = 0.5

    private(set) var isLimiting = false
    /// The rate of refilling, in tokens a second.
    private(set) var rate = RateLimiter.lowestRate
    private var capacity = 1.0
    /// Below zero: tokens that waiting requests have reserved.
    private var tokens = 0.0
    private var filled: TimeInterval?
    private var measured = 0.0
    private var windowStart: TimeInterval?
    private var count = 0.0
    private var lastMaximum = 0.0
    private var lastThrottled: TimeInterval = 0

    /// Takes the token of one request.
    /// - Returns: seconds to wait before sending.
    mutating func take(at now: TimeInterval) -> TimeInterval {
        guard isLimiting else { return 0 }
        fill(now)
        tokens -= 1
        return tokens >= 0 ? 0 : -tokens / rate
    }

    /// Adjusts the rate to an answer.
    mutating func received(throttled: Bool, at now: TimeInterval) {
        measure(now)
        var wanted: Double
        if throttled {
            let current = isLimiting ? min(measured, rate) : measured
            lastMaximum = current
            lastThrottled = now
            isLimiting = true
            wanted = current * Self.beta
        } else {
            let offset = now - lastThrottled - cubeRoot(lastMaximum * (1 - Self.beta) / Self.scale)
            wanted = Self.scale * offset * offset * offset + lastMaximum
        }
        fill(now)
        wanted = min(wanted, 2 * measured)
        rate = max(wanted, Self.lowestRate)
        capacity = max(wanted, 1)
        tokens = min(tokens, capacity)
    }

    private mutating func fill(_ now: TimeInterval) {
        defer { filled = now }
        guard let filled else { return }
        tokens = min(capacity, tokens + max(0, now - filled) * rate)
    }

    private mutating func measure(_ now: TimeInterval) {
        let start = (now / Self.window).rounded(.down) * Self.window
        count += 1
        guard let last = windowStart else {
            windowStart = start
            return
        }
        guard start > last else { return }
        measured = count / (start - last) * Self.smoothing + measured * (1 - Self.smoothing)
        count = 0
        windowStart = start
    }

    /// Newton's method; FoundationEssentials has no `cbrt`. Exact enough for a rate.
    private func cubeRoot(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        var root = max(value, 1)
        for _ in 0..<60 { root -= (root * root * root - value) / (3 * root * root) }
        return root
    }
}
