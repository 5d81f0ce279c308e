/// HTTP header fields in the order they were added; names compare without regard to case.
package struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// Name and value of each field, in order.
    package private(set) var fields: [Field] = []

    /// One header field.
    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: String
    }

    package init() {}

    /// - Parameter capacity: fields that fit without growing.
    init(capacity: Int) { fields.reserveCapacity(capacity) }

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// Adds a field after those already there.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Adds to the value of the last field.
    /// - Returns: false when there is none.
    mutating func extendLast(_ text: String) -> Bool {
        guard let last = fields.popLast() else { return false }
        add(last.name, last.value + text)
        return true
    }

    /// The first value of a field; setting replaces every field of that name, `nil` removes them.
    package subscript(name: String) -> String? {
        get {
            fields.first { Self.isSame($0.name, name) }?.value
        }
        set {
            if fields.contains(where: { Self.isSame($0.name, name) }) {
                fields.removeAll { Self.isSame($0.name, name) }
            }
            if let newValue { add(name, newValue) }
        }
    }

    /// Whether a field has this name; `name` is in lower case.
    package static func isNamed(_ field: Field, _ name: StaticString) -> Bool {
        guard field.name.utf8.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { wanted in
            var index = 0
            for byte in field.name.utf8 {
                let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
                if lower != wanted[index] { return false }
                index += 1
            }
            return true
        }
    }

    /// Names are ASCII; this runs for every header that an answer may have, so it copies nothing.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        var (first, second) = (left.utf8.makeIterator(), right.utf8.makeIterator())
        while let a = first.next(), let b = second.next() {
            guard a == b || a ^ b == 0x20 && (a | 0x20) &- 0x61 < 26 else { return false }
        }
        return true
    }
}

/// What is sent as the body of a request.
package enum HTTPBody: Sendable {
    /// No body at all.
    case none
    /// The whole body, in memory.
    case bytes([UInt8])
    /// A body read piece by piece as the connection takes it; `open` starts it from its beginning, once for each attempt.
    /// `length` is the exact number of bytes.
    case stream(length: Int64, open: @Sendable () async throws -> any HTTPBodyReader)
}

/// The bytes of a streamed request body.
package protocol HTTPBodyReader: Sendable {
    /// The next piece, of at most `maximum` bytes; `nil` at the end.
    func read(maximum: Int) async throws -> [UInt8]?
}

/// One HTTP request, complete and already signed.
package struct HTTPRequest: Sendable {
    /// Limits of one attempt.
    package struct Timeouts: Sendable {
        /// Until the connection stands, TLS included.
        package var connect: Duration = .seconds(10)
        /// Without any byte in either direction, while the network is waited for; time that the response's reader or
        /// the body's source takes, or that passes before a connection is free, doesn't count.
        package var idle: Duration = .seconds(60)
        /// For the whole exchange, waiting for a free connection included; `nil` is no limit (transfers of unknown size).
        package var total: Duration?

        package init() {}
    }

    /// GET, PUT, POST, DELETE, HEAD.
    package var method: String
    /// Absolute `http` or `https` URL, percent-encoded by the caller and sent byte for byte as it stands.
    package var url: String
    package var headers: HTTPHeaders
    package var body: HTTPBody
    package var timeouts = Timeouts()
    /// Whether the proxies of the environment apply; never for metadata and container credential endpoints.
    package var usesProxy = true
    /// Bytes up to which the response's body is gathered before the response is given, which saves a wake-up or two of the
    /// reading task; more than that is `HTTPError.bodyTooLarge`. `nil`: the body streams.
    package var wholeLimit: Int?

    package init(method: String, url: String, headers: HTTPHeaders = [:], body: HTTPBody = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// The response to one request; its body streams.
package struct HTTPResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    package let body: HTTPResponseBody

    package init(status: Int, headers: HTTPHeaders, body: HTTPResponseBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The body of a response, as pieces in order. It can be read once.
///
/// Dropping it without reading to the end ends the transfer.
package struct HTTPResponseBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    private let makeNext: @Sendable () -> (@Sendable () async throws -> [UInt8]?)
    /// All of it, where it is in memory.
    private let whole: [UInt8]?

    /// - Parameter next: gives the next piece, `nil` at the end; throws `HTTPError` when the body was cut short.
    package init(next: @escaping @Sendable () async throws -> [UInt8]?) {
        whole = nil
        makeNext = { next }
    }

    /// A body already in memory.
    package init(_ bytes: [UInt8]) {
        whole = bytes
        makeNext = {
            let once = OnceBytes(bytes)
            return { once.take() }
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(next: makeNext()) }

    package struct Iterator: AsyncIteratorProtocol {
        let next: @Sendable () async throws -> [UInt8]?
        package mutating func next() async throws -> [UInt8]? { try await next() }
    }

    /// Reads the whole body into memory.
    /// - Parameter limit: bytes; more than that throws `HTTPError.bodyTooLarge`.
    package func collect(upTo limit: Int = 64 << 20) async throws -> [UInt8] {
        if let whole {
            if whole.count > limit { throw HTTPError.bodyTooLarge(limit: limit) }
            return whole
        }
        var bytes: [UInt8] = []
        for try await piece in self {
            bytes.append(contentsOf: piece)
            if bytes.count > limit { throw HTTPError.bodyTooLarge(limit: limit) }
        }
        return bytes
    }
}
