internal import FoundationEssentials
internal import HTTP
internal import Synchronization

/// What copies of a client share.
final class SharedState: Sendable {
    let credentials: CredentialCache
    let quota = Mutex(RetryQuota())
    /// Used in the adaptive retry mode only.
    let rate = Mutex(RateLimiter())
    /// Added to this machine's clock when signing, in seconds.
    let clockOffset = Mutex<TimeInterval>(0)

    init(settings: AWSSettings, transport: any Transport, effects: AWSClient.Effects) {
        credentials = CredentialCache(
            chain: CredentialChain(settings: settings, transport: transport, effects: effects), now: effects.now)
    }
}
