internal import FoundationEssentials
internal import HTTP
internal import Synchronization

/// What copies of a client share.
final class SharedState: Sendable {
    let credentials: CredentialCache
    let endpoints: EndpointCache
    let signingKeys = SigningKeys()
    let quota = Mutex(RetryQuota())
    /// Used in the adaptive retry mode only.
    let rate = Mutex(RateLimiter())
    /// Added to this machine's clock when signing, in seconds.
    let clockOffset = Mutex<TimeInterval>(0)

    init(
        settings: AWSSettings, transport: any Transport, chain: CredentialChain, effects: AWSClient.Effects
    ) {
        credentials = CredentialCache(chain: chain, effects: effects)
        endpoints = EndpointCache(settings: settings, transport: transport)
    }
}
