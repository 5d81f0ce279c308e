internal import FoundationEssentials
internal import Support
internal import Synchronization

/// Keeps credentials and renews them before they end; callers that come at once share one search.
///
/// Fifteen minutes before the end a search is started and the old ones still serve; from ten minutes on callers wait for it.
/// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
final class CredentialCache: Sendable {
    /// Seconds before the end from which a renewal is tried.
    private static let advisory: TimeInterval = 15 * 60
    /// Seconds before the end from which callers wait for it.
    private static let mandatory: TimeInterval = 10 * 60
    /// Seconds between renewals that failed, or brought nothing that lasts longer.
    private static let pause: TimeInterval = 60

    /// Behind a lock and not an actor: nearly every call only looks, and hopping would cost more than signing.
    private struct State {
        var held: Credentials?
        var search: Task<Credentials, any Error>?
        /// Before this time what is held is not renewed, unless it has ended.
        var nextTry: Date?
    }

    private enum Duty { case none, advisory, mandatory }

    private let chain: CredentialChain
    private let effects: AWSClient.Effects
    private let state = Mutex(State())

    init(chain: CredentialChain, effects: AWSClient.Effects) {
        self.chain = chain
        self.effects = effects
    }

    /// - Throws: `Failure` of kind `credentials`; `CancellationError`, at once, when the caller is cancelled. Credentials that
    ///   are close to their end are served while renewing fails.
    func current() async throws -> Credentials {
        while true {
            let now = effects.now()
            let (held, duty) = state.withLock { ($0.held, Self.duty($0, now)) }
            if let held, duty != .mandatory {
                // Nobody waits for this one, so nobody's cancellation ends it.
                if duty == .advisory { _ = search() }
                return held
            }
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

    /// The text without the secrets of credentials.
    func mask(_ text: String) -> String { chain.secrets.mask(text) }

    /// Makes the next call search anew; for credentials that AWS called expired.
    func forget(_ refused: Credentials) {
        chain.refuse(refused)
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
                    self.state.withLock { state in
                        // What doesn't last longer than before would be asked for again at once.
                        let isNoBetter = Self.duty(State(held: found), effects.now()) != .none
                        state = State(held: found, nextTry: isNoBetter ? nextTry() : nil)
                    }
                    return found
                } catch {
                    let isRenewal = self.state.withLock { state in
                        state.search = nil
                        guard state.held != nil, !(error is CancellationError) else { return false }
                        state.nextTry = nextTry()
                        return true
                    }
                    // Callers may never see this one: they go on with what they have.
                    if isRenewal { effects.credentials.debug("renew credentials: \(error)") }
                    throw error
                }
            }
            state.search = task
            return task
        }
    }

    private func nextTry() -> Date { effects.now().addingTimeInterval(Self.pause) }

    private static func duty(_ state: State, _ now: Date) -> Duty {
        guard let end = state.held?.expiration else { return .none }
        let rest = end.timeIntervalSince(now)
        if rest <= 0 { return .mandatory }
        if let next = state.nextTry, now < next { return .none }
        if rest < mandatory { return .mandatory }
        return rest < advisory ? .advisory : .none
    }
}
