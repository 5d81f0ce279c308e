import AWS
import AWSServices
import ConfigSync
import Crypto
import FoundationEssentials
import HTTP
import Synchronization

/// Objects in memory behind a transport: puts, gets, heads, listings and deletions of one bucket, with faults on demand.
final class MemoryS3: Transport {
    struct Object: Sendable {
        var bytes: [UInt8]
        var eTag: String
        var headers: HTTPHeaders = [:]
    }

    /// What happens to a request instead of an answer.
    typealias Fault = @Sendable (_ operation: String, _ key: String) -> HTTPResponse?

    private struct State {
        var objects: [ByteText: Object] = [:]
        var requests: [String] = []
        var fault: Fault?
    }

    private let state = Mutex(State())
    /// Keys of one page.
    private let pageSize: Int

    init(pageSize: Int = 3) { self.pageSize = pageSize }

    var keys: [String] { state.withLock { $0.objects.keys.sorted().map(\.text) } }
    /// `PUT a/b` and so on, in order.
    var requests: [String] { state.withLock { $0.requests } }
    func requests(_ operation: String) -> Int { requests.count { $0.hasPrefix(operation + " ") } }
    func forget() { state.withLock { $0.requests = [] } }
    func text(_ key: String) -> String? {
        state.withLock { $0.objects[ByteText(key)].map { String(decoding: $0.bytes, as: UTF8.self) } }
    }
    func fail(_ fault: @escaping Fault) { state.withLock { $0.fault = fault } }
    func recover() { state.withLock { $0.fault = nil } }
    func store(_ key: String, _ text: String, eTag: String? = nil, headers: HTTPHeaders = [:]) throws {
        let tag = try eTag ?? Hex.encode(HashFunction.md5.hash(text.utf8))
        state.withLock {
            $0.objects[ByteText(key)] = Object(bytes: Array(text.utf8), eTag: "\"\(tag)\"", headers: headers)
        }
    }

    var s3: S3 {
        let values = [
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": "http://s3.test",
        ]
        let layer = SettingLayer(name: "test", values: values.mapValues { .init(value: $0, origin: "test") })
        return S3(
            AWSClient(
                settings: AWSSettings(layers: [layer], home: nil) { _ in nil }, transport: self,
                effects: AWSClient.Effects(sleep: { _ in try Task.checkCancellation() })))
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let target = request.url.dropFirst("http://s3.test/b".count)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let key = PercentEncoding.decode(parts[0].dropFirst())
        let query = parts.count > 1 ? parts[1].split(separator: "&").map(String.init) : []
        var body: [UInt8] = []
        switch request.body {
        case .none: break
        case .bytes(let bytes): body = bytes
        case .stream(_, let open):
            let reader = try await open()
            while let piece = try await reader.read(maximum: 1 << 20) { body += piece }
        }
        let operation = key.isEmpty ? (request.method == "POST" ? "DELETE-MANY" : "LIST") : request.method
        let sent = body
        return try state.withLock { state in
            state.requests.append("\(operation) \(key)")
            if let response = state.fault?(operation, key) { return response }
            switch operation {
            case "PUT":
                let tag = Hex.encode(try HashFunction.md5.hash(sent))
                state.objects[ByteText(key)] = Object(bytes: sent, eTag: "\"\(tag)\"")
                return .init(status: 200, headers: ["ETag": "\"\(tag)\""], body: HTTPResponseBody([]))
            case "LIST": return Self.list(state.objects, query, pageSize)
            case "DELETE":
                state.objects[ByteText(key)] = nil
                return .init(status: 204, headers: [:], body: HTTPResponseBody([]))
            case "DELETE-MANY": return Self.delete(&state.objects, String(decoding: sent, as: UTF8.self))
            default: return Self.read(state.objects[ByteText(key)], isHead: operation == "HEAD")
            }
        }
    }

    private static func read(_ object: Object?, isHead: Bool) -> HTTPResponse {
        guard let object else {
            return .init(
                status: 404, headers: [:], body: HTTPResponseBody(Array("<Error><Code>NoSuchKey</Code></Error>".utf8)))
        }
        var headers = object.headers
        headers.add("ETag", object.eTag)
        headers.add("Content-Length", "\(object.bytes.count)")
        return .init(status: 200, headers: headers, body: HTTPResponseBody(isHead ? [] : object.bytes))
    }

    private static func list(_ objects: [ByteText: Object], _ query: [String], _ pageSize: Int) -> HTTPResponse {
        func value(_ name: String) -> String? {
            query.first { $0.hasPrefix(name + "=") }.map { PercentEncoding.decode($0.dropFirst(name.count + 1)) }
        }
        let prefix = value("prefix") ?? ""
        let after = value("continuation-token")
        let keys = objects.keys.sorted().filter { key in
            key.text.utf8.starts(with: prefix.utf8) && after.map { $0 < Hex.encode(key.text.utf8) } ?? true
        }
        if value("delimiter") == "/" {
            // In one page.
            let prefixes = Set(
                keys.compactMap { key in
                    let rest = key.text.dropFirst(prefix.count)
                    return rest.firstIndex(of: "/").map { prefix + rest[...$0] }
                })
            let members = prefixes.sorted().map { "<CommonPrefixes><Prefix>\($0)</Prefix></CommonPrefixes>" }
            let text = "<ListBucketResult>" + members.joined() + "</ListBucketResult>"
            return .init(status: 200, headers: [:], body: HTTPResponseBody(Array(text.utf8)))
        }
        let page = keys.prefix(pageSize)
        var text =
            "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>\(keys.count > page.count)</IsTruncated>"
        if keys.count > page.count, let last = page.last {
            text += "<NextContinuationToken>\(Hex.encode(last.text.utf8))</NextContinuationToken>"
        }
        for key in page {
            guard let object = objects[key] else { continue }
            text += "<Contents><Key>\(PercentEncoding.encode(key.text))</Key><Size>\(object.bytes.count)</Size>"
            text += "<ETag>\(object.eTag.replacing("\"", with: "&quot;"))</ETag></Contents>"
        }
        return .init(status: 200, headers: [:], body: HTTPResponseBody(Array((text + "</ListBucketResult>").utf8)))
    }

    private static func delete(_ objects: inout [ByteText: Object], _ body: String) -> HTTPResponse {
        for piece in body.split(separator: "<Key>").dropFirst() {
            let key = String(piece.prefix { $0 != "<" }).replacing("&#xA;", with: "\n")
            objects[ByteText(key)] = nil
        }
        return .init(status: 200, headers: [:], body: HTTPResponseBody(Array("<DeleteResult></DeleteResult>".utf8)))
    }
}

extension HTTPResponse {
    static func fault(_ status: Int, _ code: String) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [:],
            body: HTTPResponseBody(Array("<Error><Code>\(code)</Code><Message>told to</Message></Error>".utf8)))
    }
}
