internal import Crypto
internal import HTTP

/// The text form of a request that SigV4 signs.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (step 1)
struct CanonicalRequest {
    let text: String
    /// `host;x-amz-date`
    let signedHeaders: String

    /// Headers that proxies or the HTTP library may change on the way, and the signature itself.
    private static let unsigned: Set<String> = [
        "authorization", "user-agent", "connection", "expect", "transfer-encoding", "te", "x-amzn-trace-id",
    ]

    /// - Parameters:
    ///   - payloadHash: in hex, or one of S3's words.
    ///   - isS3: object keys are signed as they stand on the wire; everywhere else paths are normalised and encoded again.
    init(_ request: HTTPRequest, payloadHash: String, isS3: Bool) {
        let target = RequestTarget(url: request.url)
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(request.headers.fields.count + 1)
        var hasHost = false
        for field in request.headers.fields {
            let name = field.name.lowercased()
            if Self.unsigned.contains(name) { continue }
            if name == "host" { hasHost = true }
            Self.insert((name, Self.squeeze(field.value)), into: &fields)
        }
        if !hasHost { Self.insert(("host", target.host), into: &fields) }
        let path = isS3 ? String(target.path) : PercentEncoding.encode(Self.normalise(target.path), keepsSlash: true)
        // One text that grows: this runs for every attempt.
        var text = request.method
        text.reserveCapacity(512 + path.utf8.count + target.query.utf8.count)
        text += "\n"
        text += path.isEmpty ? "/" : path
        text += "\n"
        if !target.query.isEmpty { text += Self.canonicalQuery(target.query) }
        text += "\n"
        var names = ""
        names.reserveCapacity(128)
        for (index, field) in fields.enumerated() {
            // Fields of one name are one header with several values.
            if index > 0, fields[index - 1].name == field.name {
                text += ","
            } else {
                if index > 0 {
                    text += "\n"
                    names += ";"
                }
                names += field.name
                text += field.name
                text += ":"
            }
            text += field.value
        }
        text += "\n\n"
        text += names
        text += "\n"
        text += payloadHash
        self.text = text
        signedHeaders = names
    }

    /// Keeps the order of the names' bytes, and that of fields of one name.
    private static func insert(
        _ field: (name: String, value: String), into fields: inout [(name: String, value: String)]
    ) {
        var place = fields.count
        while place > 0, field.name < fields[place - 1].name { place -= 1 }
        fields.insert(field, at: place)
    }

    /// Names and values encoded anew, sorted by name, then by value.
    private static func canonicalQuery(_ query: Substring) -> String {
        query.split(separator: "&").map { pair -> (name: String, value: String) in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? PercentEncoding.encode(PercentEncoding.decode(parts[1])) : ""
            return (PercentEncoding.encode(PercentEncoding.decode(parts[0])), value)
        }
        .sorted { $0 < $1 }
        .map { "\($0.name)=\($0.value)" }
        .joined(separator: "&")
    }

    /// Trims, and makes one space of every run of white space.
    private static func squeeze(_ value: String) -> String {
        // Nearly every value is fine as it is; over bytes, since tokens are long and this runs for every attempt.
        var last: UInt8 = 0x20
        var isFine = true
        for byte in value.utf8 {
            if byte < 0x20 || (byte == 0x20 && last == 0x20) {
                isFine = false
                break
            }
            last = byte
        }
        if isFine, last != 0x20 || value.isEmpty { return value }
        return value.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" || $0 == "\r" }.joined(
            separator: " ")
    }

    /// Removes `.`, `..` and empty segments (RFC 3986 §5.2.4).
    private static func normalise(_ path: Substring) -> String {
        var kept: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." {
                _ = kept.popLast()
            } else {
                kept.append(segment)
            }
        }
        let endsInSlash = path.hasSuffix("/") || path.hasSuffix("/.") || path.hasSuffix("/..")
        return "/" + kept.joined(separator: "/") + (endsInSlash && !kept.isEmpty ? "/" : "")
    }
}

/// The parts of an absolute URL that signing needs.
struct RequestTarget {
    /// With the port unless it is the scheme's own, as the HTTP library sends it.
    let host: String
    let path: Substring
    let query: Substring

    init(url: String) {
        let isSecure = url.hasPrefix("https://")
        // Over bytes: this runs for every attempt, and URLs are ASCII.
        let rest = url.utf8.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        let ownPort = isSecure ? ":443" : ":80"
        let name = Substring(authority)
        host = String(name.hasSuffix(ownPort) ? name.dropLast(ownPort.count) : name)
        let target = rest[authority.endIndex...]
        let end = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        path = Substring(target[..<end])
        query = Substring(target[end...].dropFirst())
    }
}
