internal import FoundationEssentials

/// Keeps credentials and renews them before they end; callers that come at once share one search.
actor CredentialCache {
    /// Renewed this long before their end, in seconds: longer than any one request should take.
    private static let margin: TimeInterval = 300

    private let chain: CredentialChain
    private let now: @Sendable () -> Date
    private var held: Credentials?
    private var search: Task<Credentials, any Error>?

    init(chain: CredentialChain, now: @escaping @Sendable () -> Date) {
        self.chain = chain
        self.now = now
    }

    /// - Throws: `Failure` of kind `credentials`; `CancellationError`, at once, when the caller is cancelled. Credentials that
    ///   are close to their end are served while renewing fails.
    func current() async throws -> Credentials {
        while true {
            if let held, !isDue(held) { return held }
            let running = search ?? start()
            do {
                let fresh = try await withTaskCancellationHandler {
                    try await running.value
                } onCancel: {
                    running.cancel()
                }
                held = fresh
                return fresh
            } catch is CancellationError {
                // Another caller's cancellation ended the search that this one shared: search again.
                try Task.checkCancellation()
            } catch {
                if let held, let end = held.expiration, end > now() { return held }
                throw error
            }
        }
    }

    /// Makes the next call search anew; for credentials that AWS called expired.
    func forget(_ refused: Credentials) {
        if held?.accessKeyID == refused.accessKeyID { held = nil }
    }

    private func start() -> Task<Credentials, any Error> {
        let task = Task { [chain] in
            defer { search = nil }
            return try await chain.credentials()
        }
        search = task
        return task
    }

    private func isDue(_ credentials: Credentials) -> Bool {
        guard let end = credentials.expiration else { return false }
        return end.timeIntervalSince(now()) < Self.margin
    }
}
