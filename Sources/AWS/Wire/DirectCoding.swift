package import HTTP
internal import Support

/// An input that writes its own request, for operations that are called for each of many files: spreading it member by
/// member over URI and headers costs more than sending it.
package protocol DirectInput: RESTBound {
    var direct: DirectRequest { get }
}

/// A request for an object, before it is known where it goes.
package struct DirectRequest: Sendable {
    package var bucket: String
    /// Not yet encoded.
    package var key: String
    package var query: [(name: String, value: String?)] = []
    package var headers = HTTPHeaders()
    package var body: HTTPBody

    package init(bucket: String, key: String, body: HTTPBody = .none) {
        self.bucket = bucket
        self.key = key
        self.body = body
    }

    /// Adds a header that has a value.
    package mutating func add(_ name: String, _ value: String?) { if let value { headers.add(name, value) } }

    /// - Parameter what: service and operation, for messages.
    func encoded(method: String, what: String) throws -> EncodedRequest {
        // An empty label would address the collection instead of the thing.
        if bucket.isEmpty { throw Failure(.failed, "\(what): Bucket is empty") }
        if key.isEmpty { throw Failure(.failed, "\(what): Key is empty") }
        for field in headers.fields {
            let isClean = field.name.utf8.allSatisfy(Self.isPrintable) && field.value.utf8.allSatisfy(Self.isPrintable)
            guard isClean else {
                throw Failure(.failed, "\(what): the value for header \(field.name) has a control character")
            }
        }
        var path = "/" + PercentEncoding.encode(bucket) + "/"
        path += PercentEncoding.encode(key, keepsSlash: true)
        var request = EncodedRequest(method: method, path: path, query: query, headers: headers, body: body)
        request.bucket = bucket
        return request
    }

    private static func isPrintable(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f }
}

/// An output that stands in the answer's head alone and reads itself.
package protocol DirectOutput: RESTBound {
    /// - Throws: `Failure` when a value can't be read.
    init(_ headers: HTTPHeaders) throws
}
