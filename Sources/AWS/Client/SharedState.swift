internal import FoundationEssentials
internal import HTTP
internal import Synchronization

/// What copies of a client share.
final class SharedState: Sendable {
    let credentials: CredentialCache
    let signingKeys = SigningKeys()
    private let endpoints = Mutex<[Service: Endpoint]>([:])
    let quota = Mutex(RetryQuota())
    /// Used in the adaptive retry mode only.
    let rate = Mutex(RateLimiter())
    /// Added to this machine's clock when signing, in seconds.
    let clockOffset = Mutex<TimeInterval>(0)

    init(settings: AWSSettings, transport: any Transport, effects: AWSClient.Effects) {
        credentials = CredentialCache(
            chain: CredentialChain(settings: settings, transport: transport, effects: effects), now: effects.now)
    }

    /// The endpoint of a service, resolved once: settings never change.
    func endpoint(_ service: Service, _ resolve: () throws -> Endpoint) rethrows -> Endpoint {
        if let known = endpoints.withLock({ $0[service] }) { return known }
        let endpoint = try resolve()
        endpoints.withLock { $0[service] = endpoint }
        return endpoint
    }
}
