package import Support

/// What one look at the surroundings found.
package struct CheckResult: Encodable, Sendable {
    package enum Status: String, Encodable, Sendable {
        case ok
        /// Something is not as it should be, or not there, that only some commands need.
        case warn
        case failed
        /// Could not be found out.
        case unknown
    }

    /// An action that the caller may not do on a resource.
    package struct Denial: Encodable, Sendable, Hashable {
        package let action: String
        package let resource: String
    }

    package let check: String
    package let status: Status
    package let detail: String
    /// What to do about it.
    package let advice: String?
    package let denied: [Denial]?
    /// The class of the failure; `nil` for every other status.
    package let kind: Failure.Kind?

    private enum CodingKeys: CodingKey { case check, status, detail, advice, denied }

    package static func ok(_ check: String, _ detail: String) -> Self {
        .init(check: check, status: .ok, detail: detail, advice: nil, denied: nil, kind: nil)
    }

    package static func warn(_ check: String, _ detail: String, advice: String?, denied: [Denial]? = nil) -> Self {
        .init(check: check, status: .warn, detail: detail, advice: advice, denied: denied, kind: nil)
    }

    package static func unknown(_ check: String, _ detail: String, advice: String? = nil) -> Self {
        .init(check: check, status: .unknown, detail: detail, advice: advice, denied: nil, kind: nil)
    }

    package static func failed(
        _ check: String, _ detail: String, advice: String?, kind: Failure.Kind = .failed
    ) -> Self {
        .init(check: check, status: .failed, detail: detail, advice: advice, denied: nil, kind: kind)
    }
}
