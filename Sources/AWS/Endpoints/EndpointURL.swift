internal import Support

/// A URL that the user set as an endpoint: absolute, http(s), without query, fragment or user.
struct EndpointURL: Sendable, Hashable {
    /// Without a slash at the end.
    let text: String
    /// Whether the host is a numeric address.
    let isAddress: Bool

    /// - Parameter origin: where it was written, for messages.
    /// - Throws: `Failure` of kind `usage` that names the text and its origin.
    init(_ given: String, origin: String = "AWS_ENDPOINT_URL") throws {
        var url = given
        while url.hasSuffix("/") { url.removeLast() }
        let rest: Substring
        if url.hasPrefix("http://") {
            rest = url.dropFirst("http://".count)
        } else if url.hasPrefix("https://") {
            rest = url.dropFirst("https://".count)
        } else {
            throw Failure(.usage, "endpoint '\(given)' (\(origin)) must start with http:// or https://")
        }
        let authority = rest.prefix { $0 != "/" }
        let isClean = url.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value < 0x7f && !"?#@\\\"<>".unicodeScalars.contains($0)
        }
        guard !authority.isEmpty, authority.first != ":", isClean else {
            throw Failure(
                .usage, "endpoint '\(given)' (\(origin)) is not a plain URL: scheme://host[:port][/path]")
        }
        text = url
        isAddress = authority.hasPrefix("[") || Self.isIPv4(authority.prefix { $0 != ":" })
    }

    /// Whether a text can be one label of a host's name: letters, digits and inner hyphens, at most 63.
    static func isHostLabel(_ text: some StringProtocol) -> Bool {
        (1...63).contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || (0x30...0x39).contains($0) || $0 == 0x2d
            }
    }

    /// Four numbers up to 255 with dots between them.
    static func isIPv4(_ host: some StringProtocol) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { $0.utf8.count <= 3 && UInt8($0) != nil && $0.first != "+" }
    }
}
