internal import FoundationEssentials
internal import HTTP
internal import Synchronization

/// What copies of a client share.
final class SharedState: Sendable {
    let credentials: CredentialCache
    let endpoints: EndpointCache
    let signingKeys = SigningKeys()
    /// Where buckets are, by endpoint and bucket.
    private let locations = Mutex<[EndpointParameters: EndpointLocation]>([:])
    let quota = Mutex(RetryQuota())
    /// Used in the adaptive retry mode only.
    let rate = Mutex(RateLimiter())
    /// Added to this machine's clock when signing, in seconds.
    let clockOffset = Mutex<TimeInterval>(0)

    /// Where a bucket is; found once for each.
    func location(_ bucket: String, _ endpoint: Endpoint) throws -> EndpointLocation {
        var parameters = endpoint.parameters
        parameters.bucket = bucket
        if let known = locations.withLock({ $0[parameters] }) { return known }
        let found = try S3Location.find(parameters)
        locations.withLock { locations in
            if locations.count >= 64 { locations.removeAll() }
            locations[parameters] = found
        }
        return found
    }

    init(
        settings: AWSSettings, transport: any Transport, chain: CredentialChain, effects: AWSClient.Effects
    ) {
        credentials = CredentialCache(chain: chain, effects: effects)
        endpoints = EndpointCache(settings: settings, transport: transport)
    }
}
