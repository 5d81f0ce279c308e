internal import Support

/// A request that was checked and brought into the form that libcurl is told: pure values, no handles.
struct PreparedRequest: Sendable {
    /// What goes behind the head.
    enum Payload: Sendable {
        /// Nothing, not even a Content-Length.
        case none
        /// Sent together with the head in one piece; may be empty, which still says `Content-Length: 0`.
        case inline([UInt8])
        /// Read as the connection takes it.
        case upload(length: Int64)
    }

    /// Bodies up to this size, in bytes, go out with the head in one packet (libcurl itself draws the line at 64 KiB).
    static let inlineLimit = 60 << 10

    let method: String
    let url: String
    let target: URLTarget
    /// Complete header lines in libcurl's form: `Name: value`, `Name;` for an empty value, `Name:` to leave out a header
    /// that libcurl would add by itself.
    let headerLines: [String]
    let payload: Payload
    let timeouts: HTTPRequest.Timeouts
    let proxy: Secret?
    /// As `HTTPRequest.wholeLimit`.
    let wholeLimit: Int?

    /// - Throws: `HTTPError.invalidRequest`.
    init(_ request: HTTPRequest, proxies: ProxySettings) throws(HTTPError) {
        method = request.method
        url = request.url
        target = try URLTarget(url: request.url)
        guard !method.isEmpty, method.utf8.allSatisfy(Self.isTokenByte) else {
            throw .invalidRequest(reason: "method '\(method)' is malformed")
        }
        payload = try Self.payload(of: request)
        let proxy = request.usesProxy ? proxies.proxy(for: target) : nil
        headerLines = try Self.headerLines(of: request, payload, target: target, hasProxy: proxy != nil)
        timeouts = request.timeouts
        wholeLimit = request.wholeLimit
        self.proxy = proxy
    }

    private static func payload(of request: HTTPRequest) throws(HTTPError) -> Payload {
        let length = request.body.length
        if length < 0 { throw .invalidRequest(reason: "the body's length is negative") }
        if request.method == "HEAD", length > 0 { throw .invalidRequest(reason: "HEAD takes no body") }
        if length == 0 {
            // RFC 9110 §8.6: methods that expect content say 0; servers answer 411 otherwise.
            return ["POST", "PUT", "PATCH"].contains(request.method) ? .inline([]) : .none
        }
        switch request.body {
        case .bytes(let bytes) where bytes.count <= inlineLimit: return .inline(bytes)
        case .none, .bytes, .stream: return .upload(length: length)
        }
    }

    private static func headerLines(
        of request: HTTPRequest, _ payload: Payload, target: URLTarget, hasProxy: Bool
    ) throws(HTTPError) -> [String] {
        var lines: [String] = []
        lines.reserveCapacity(request.headers.fields.count + ownHeaders.count + 2)
        for field in request.headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(isTokenByte) else {
                throw .invalidRequest(reason: "header name '\(field.name)' is malformed")
            }
            guard field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                throw .invalidRequest(reason: "header \(field.name) holds a control character")
            }
            try check(field, request, target)
            // Most values end as soon as they begin.
            let blank = field.value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            lines.append(blank ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // A signed request is sent as it is: nothing that libcurl would add on its own account.
        for name in ownHeaders where request.headers[name] == nil { lines.append("\(name):") }
        if case .upload = payload, request.headers["Expect"] == nil { lines.append("Expect:") }
        if hasProxy, request.headers["Proxy-Connection"] == nil { lines.append("Proxy-Connection:") }
        return lines
    }

    /// What libcurl would add, besides `Expect` for uploads and `Proxy-Connection` for proxies.
    private static let ownHeaders = ["Accept", "Content-Type", "User-Agent"]

    /// Headers that also mean something to libcurl or contradict the rest of the request.
    private static func check(
        _ field: HTTPHeaders.Field, _ request: HTTPRequest, _ target: URLTarget
    ) throws(HTTPError) {
        let value = field.value
        if HTTPHeaders.isNamed(field, "host") {
            let named = try URLTarget(authority: Substring(value), isSecure: target.isSecure)
            if named != target { throw .invalidRequest(reason: "header Host '\(value)' is not the URL's host") }
        } else if HTTPHeaders.isNamed(field, "content-length") {
            if Int64(value) != request.body.length {
                throw .invalidRequest(
                    reason: "header Content-Length '\(value)' is not the body's length \(request.body.length)")
            }
        } else if HTTPHeaders.isNamed(field, "transfer-encoding") {
            throw .invalidRequest(reason: "header Transfer-Encoding is not supported: bodies have a known length")
        }
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension HTTPBody {
    /// Bytes that will be sent.
    var length: Int64 {
        switch self {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .stream(let length, _): length
        }
    }
}
