/// Limits the retries of a whole client, so that many failing calls don't multiply a service's trouble.
///
/// The numbers are those of the SDKs' standard mode: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
struct RetryQuota: Sendable, Equatable {
    static let capacity = 500
    private(set) var available = RetryQuota.capacity

    /// Takes the cost of a retry; `nil` when too little is left.
    mutating func take(forTimeout isTimeout: Bool) -> Int? {
        let cost = isTimeout ? 10 : 5
        guard available >= cost else { return nil }
        available -= cost
        return cost
    }

    /// Gives back after a success: what its last retry had cost, or 1 when there was none.
    mutating func giveBack(_ cost: Int?) { available = min(Self.capacity, available + (cost ?? 1)) }
}
