internal import Support

extension AWSClient {
    /// Waits before something above single calls is tried again: a transfer that broke off, a conflict of two writers.
    ///
    /// - Parameter attempt: the one that failed, counted from 1. The pause is random within 0.1, 0.2, 0.4, … s, at most 5 s.
    package func backOff(after attempt: Int) async throws {
        let range = min(Duration.milliseconds(100 << min(max(attempt, 1) - 1, 6)), .seconds(5))
        try await effects.sleep(range * effects.random())
    }
}
