/// Where a URL leads: scheme, host and port. Nothing of the path is looked at beyond its being printable ASCII.
struct URLTarget: Sendable, Hashable {
    let isSecure: Bool
    /// Lower case; an IPv6 address without its brackets.
    let host: String
    let port: UInt16

    /// - Parameter url: absolute, `http` or `https`, without user name and fragment.
    /// - Throws: `HTTPError.invalidRequest`; its text never holds the query, which may carry a signature.
    init(url: String) throws(HTTPError) {
        guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .invalidRequest(reason: "the URL holds characters that are not percent-encoded")
        }
        // Over bytes: this runs for every request.
        guard let colon = url.utf8.firstIndex(of: UInt8(ascii: ":")), url[colon...].hasPrefix("://") else {
            throw .invalidRequest(reason: "the URL is not absolute")
        }
        let scheme = url[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw .invalidRequest(reason: "scheme '\(scheme)' is neither http nor https")
        }
        if url.utf8.contains(UInt8(ascii: "#")) { throw .invalidRequest(reason: "the URL has a fragment") }
        let rest = url.utf8[colon...].dropFirst(3)
        let authority = Substring(rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
        if authority.utf8.contains(UInt8(ascii: "@")) { throw .invalidRequest(reason: "the URL holds a user name") }
        try self.init(authority: authority, isSecure: scheme == "https")
    }

    /// - Parameter authority: `host` or `host:port`, as in a URL or a Host header.
    init(authority: Substring, isSecure: Bool) throws(HTTPError) {
        var host = authority
        var port = isSecure ? UInt16(443) : 80
        let nameEnd = authority.first == "[" ? authority.firstIndex(of: "]") : authority.startIndex
        guard let nameEnd else { throw .invalidRequest(reason: "the URL's host '\(authority)' is malformed") }
        if let colon = authority[nameEnd...].lastIndex(of: ":") {
            host = authority[..<colon]
            guard let given = UInt16(authority[colon...].dropFirst()), given > 0 else {
                throw .invalidRequest(reason: "the URL's port in '\(authority)' is malformed")
            }
            port = given
        }
        if host.first == "[" { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw .invalidRequest(reason: "the URL has no host") }
        self.isSecure = isSecure
        self.host = host.lowercased()
        self.port = port
    }
}
