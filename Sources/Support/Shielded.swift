/// Work that an interruption of the caller must not cut short.
package enum Shielded {
    /// Runs `work` to its end even when the surrounding task is cancelled, and gives what comes of it.
    ///
    /// Meant for single calls that change something outside: given up half-way, nobody would know whether they acted. The
    /// caller looks at `Task.isCancelled` afterwards. The work needs a bound in time of its own.
    package static func run<Output: Sendable>(
        _ work: @escaping @Sendable () async throws -> Output
    ) async throws -> Output {
        try await Task { try await work() }.value
    }
}
