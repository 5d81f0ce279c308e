/// Bounds work in time.
package enum Deadline {
    /// Runs `work` and cancels it when the limit passes.
    ///
    /// - Parameter what: for the message: `the task to stop`.
    /// - Throws: what `work` throws; `Failure` of kind `timedOut` at the limit.
    package static func run<Output: Sendable>(
        _ limit: Duration, what: String, _ work: @escaping @Sendable () async throws -> Output
    ) async throws -> Output {
        try await withThrowingTaskGroup(of: Output?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let output = first else {
                throw Failure(.timedOut, "timed out after \(seconds(limit)) s waiting for \(what)")
            }
            return output
        }
    }

    /// `90`, or `0.25` below a second.
    private static func seconds(_ duration: Duration) -> String {
        let (whole, atto) = duration.components
        return whole > 0 ? "\(whole)" : "\(Double(atto) / 1e18)"
    }
}
