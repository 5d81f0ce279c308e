internal import FoundationEssentials
internal import Synchronization

/// Keeps credentials and renews them before they end; callers that come at once share one search.
final class CredentialCache: Sendable {
    /// Renewed this long before their end, in seconds: longer than any one request should take.
    private static let margin: TimeInterval = 300

    /// Behind a lock and not an actor: nearly every call only looks, and hopping would cost more than signing.
    private struct State {
        var held: Credentials?
        var search: Task<Credentials, any Error>?
    }

    private let chain: CredentialChain
    private let now: @Sendable () -> Date
    private let state = Mutex(State())

    init(chain: CredentialChain, now: @escaping @Sendable () -> Date) {
        self.chain = chain
        self.now = now
    }

    /// - Throws: `Failure` of kind `credentials`; `CancellationError`, at once, when the caller is cancelled. Credentials that
    ///   are close to their end are served while renewing fails.
    func current() async throws -> Credentials {
        while true {
            let now = now()
            if let held = state.withLock({ $0.held }), !isDue(held, now) { return held }
            let running = search()
            do {
                return try await withTaskCancellationHandler {
                    try await running.value
                } onCancel: {
                    running.cancel()
                }
            } catch is CancellationError {
                // Another caller's cancellation ended the search that this one shared: search again.
                try Task.checkCancellation()
            } catch {
                if let held = state.withLock({ $0.held }), let end = held.expiration, end > now { return held }
                throw error
            }
        }
    }

    /// Makes the next call search anew; for credentials that AWS called expired.
    func forget(_ refused: Credentials) {
        state.withLock { state in
            if state.held?.accessKeyID == refused.accessKeyID { state.held = nil }
        }
    }

    /// The search that is under way, or a new one. It has left the state before anybody sees its end.
    private func search() -> Task<Credentials, any Error> {
        state.withLock { state in
            if let running = state.search { return running }
            let task = Task {
                do {
                    let found = try await chain.credentials()
                    self.state.withLock { $0 = State(held: found) }
                    return found
                } catch {
                    self.state.withLock { $0.search = nil }
                    throw error
                }
            }
            state.search = task
            return task
        }
    }

    private func isDue(_ credentials: Credentials, _ now: Date) -> Bool {
        guard let end = credentials.expiration else { return false }
        return end.timeIntervalSince(now) < Self.margin
    }
}
