internal import Support
internal import Synchronization

/// Counts the calls of the last minute against what a minute may cost.
package final class CallMeter: Sendable {
    /// Calls in any minute.
    package static let mostPerMinute = 30
    private static let minute: Duration = .seconds(60)
    /// Calls of each minute that are left to what comes up.
    private static let spare = 4

    private let sent = Mutex<[ContinuousClock.Instant]>([])
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) { self.now = now }

    /// A call is being sent.
    package func note() {
        let now = now()
        sent.withLock { sent in
            sent.removeAll { now - $0 >= Self.minute }
            sent.append(now)
        }
    }

    /// How many calls may be sent now.
    package var left: Int {
        let now = now()
        return sent.withLock { sent in max(0, Self.mostPerMinute - sent.count { now - $0 < Self.minute }) }
    }

    /// How long it takes until so many calls may be sent.
    package func pause(for calls: Int) -> Duration {
        let now = now()
        return sent.withLock { sent in
            let recent = sent.filter { now - $0 < Self.minute }
            let surplus = recent.count + min(calls, Self.mostPerMinute) - Self.mostPerMinute
            guard surplus > 0 else { return .zero }
            return Self.minute - (now - recent[surplus - 1])
        }
    }

    /// How many calls a second may be sent from now on without ever having to wait, the calls of this minute's bursts
    /// included; a few are left for what comes up.
    package var sustainableRate: Double {
        let now = now()
        let ages = sent.withLock { $0 }.map { (now - $0) / .seconds(1) }.filter { $0 < 60 }
        var free = Double(Self.mostPerMinute - ages.count)
        var rate = Double(Self.mostPerMinute - Self.spare) / 60
        // Until a call leaves the minute, what is free has to last.
        for age in ages {
            rate = min(rate, free / (60 - age))
            free += 1
        }
        return max(rate, 0)
    }
}
