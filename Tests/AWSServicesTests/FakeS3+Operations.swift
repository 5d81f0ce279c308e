import AWS
import Crypto
import FoundationEssentials
import TestSupport

/// A request to S3, taken apart.
struct S3Request {
    let method: String
    /// `/bucket/key`, percent-encoded as it came.
    let path: String
    let query: [String: String]
    let received: RecordedRequest
    var body: [UInt8]

    init(_ received: RecordedRequest) {
        self.received = received
        method = received.method
        body = received.body
        let halves = received.target.split(separator: "?", maxSplits: 1).map(String.init)
        path = halves.first ?? "/"
        var query: [String: String] = [:]
        for pair in halves.count > 1 ? halves[1].split(separator: "&") : [] {
            let parts = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decode($0) }
            query[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        self.query = query
    }

    func header(_ name: String) -> String? { received.values(name).first }

    var isConditional: Bool { header("If-None-Match") != nil || header("If-Match") != nil }

    var operation: String {
        let hasKey = path.split(separator: "/").count > 1
        let copies = header("x-amz-copy-source") != nil
        switch method {
        case "HEAD": return hasKey ? "HeadObject" : "HeadBucket"
        case "PUT" where query["partNumber"] != nil: return copies ? "UploadPartCopy" : "UploadPart"
        case "PUT": return copies ? "CopyObject" : "PutObject"
        case "DELETE": return query["uploadId"] != nil ? "AbortMultipartUpload" : "DeleteObject"
        case "POST" where query["uploads"] != nil: return "CreateMultipartUpload"
        case "POST" where query["uploadId"] != nil: return "CompleteMultipartUpload"
        case "POST": return "DeleteObjects"
        case "GET" where query["list-type"] != nil: return "ListObjectsV2"
        case "GET" where query["uploads"] != nil: return "ListMultipartUploads"
        default: return "GetObject"
        }
    }
}

extension FakeS3 {
    func answer(_ request: S3Request, _ state: inout State) -> LoopbackAnswer {
        state.count += 1
        switch request.operation {
        case "PutObject": return put(request, &state)
        case "GetObject", "HeadObject": return get(request, state)
        case "DeleteObject":
            state.objects[request.path] = nil
            return LoopbackAnswer(204)
        case "DeleteObjects": return deleteMany(request, &state)
        case "ListObjectsV2": return list(request, state)
        case "CreateMultipartUpload":
            let id = "upload-\(state.count)"
            state.uploads[id] = Upload(path: request.path, headers: Self.kept(request))
            return LoopbackAnswer(200, "<R><UploadId>\(id)</UploadId></R>")
        case "UploadPart", "UploadPartCopy": return part(request, &state)
        case "CompleteMultipartUpload": return complete(request, &state)
        case "AbortMultipartUpload":
            return state.uploads.removeValue(forKey: request.query["uploadId"] ?? "") == nil
                ? Self.error(404, "NoSuchUpload") : LoopbackAnswer(204)
        case "ListMultipartUploads":
            let uploads = state.uploads.map { id, upload in
                let key = upload.path.split(separator: "/", maxSplits: 1).last ?? ""
                return "<Upload><Key>\(key)</Key><UploadId>\(id)</UploadId></Upload>"
            }
            return LoopbackAnswer(
                200, "<R><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\(uploads.joined())</R>")
        case "CopyObject":
            guard let source = source(request, state) else { return Self.error(412, "PreconditionFailed") }
            state.objects[request.path] = source
            return LoopbackAnswer(200, "<R><ETag>\(source.eTag)</ETag>\(Self.sumElement(source.body))</R>")
        default: return Self.error(501, "NotImplemented")
        }
    }

    private func put(_ request: S3Request, _ state: inout State) -> LoopbackAnswer {
        if let refusal = Self.refusal(request) { return refusal }
        if let failed = Self.failedCondition(request, state.objects[request.path]) { return failed }
        let object = Object(body: request.body, eTag: Self.tag(request.body), headers: Self.kept(request))
        state.objects[request.path] = object
        return LoopbackAnswer(200, headers: ["ETag: \(object.eTag)", Self.sumHeader(request.body)])
    }

    private func get(_ request: S3Request, _ state: State) -> LoopbackAnswer {
        guard let object = state.objects[request.path] else { return Self.error(404, "NoSuchKey") }
        if let wanted = request.header("If-Match"), wanted != object.eTag {
            return Self.error(412, "PreconditionFailed")
        }
        var headers = ["ETag: \(object.eTag)"] + object.headers
        let hasSum = headers.contains { $0.hasPrefix("x-amz-checksum") }
        if let range = request.header("Range"), let bounds = Self.bounds(range, object.body.count) {
            headers.append("Content-Range: bytes \(bounds.lowerBound)-\(bounds.upperBound - 1)/\(object.body.count)")
            headers.removeAll { $0.hasPrefix("x-amz-checksum") }
            var answer = LoopbackAnswer(206, headers: headers)
            answer.body = Array(object.body[bounds])
            return answer
        }
        if !hasSum { headers += [Self.sumHeader(object.body), "x-amz-checksum-type: FULL_OBJECT"] }
        if request.method == "HEAD" { headers.append("Content-Length: \(object.body.count)") }
        var answer = LoopbackAnswer(200, headers: headers)
        answer.body = object.body
        return answer
    }

    private func part(_ request: S3Request, _ state: inout State) -> LoopbackAnswer {
        guard let id = request.query["uploadId"], let number = request.query["partNumber"].flatMap({ Int($0) }),
            state.uploads[id] != nil
        else { return Self.error(404, "NoSuchUpload") }
        if request.operation == "UploadPartCopy" {
            guard let source = source(request, state),
                let bounds = Self.bounds(request.header("x-amz-copy-source-range") ?? "", source.body.count)
            else { return Self.error(412, "PreconditionFailed") }
            let bytes = Array(source.body[bounds])
            state.uploads[id]?.parts[number] = bytes
            return LoopbackAnswer(200, "<R><ETag>\(Self.tag(bytes))</ETag>\(Self.sumElement(bytes))</R>")
        }
        if let refusal = Self.refusal(request) { return refusal }
        state.uploads[id]?.parts[number] = request.body
        return LoopbackAnswer(200, headers: ["ETag: \(Self.tag(request.body))", Self.sumHeader(request.body)])
    }

    private func complete(_ request: S3Request, _ state: inout State) -> LoopbackAnswer {
        guard let id = request.query["uploadId"], let upload = state.uploads[id] else {
            return Self.error(404, "NoSuchUpload")
        }
        if let failed = Self.failedCondition(request, state.objects[request.path]) { return failed }
        let body = upload.parts.keys.sorted().flatMap { upload.parts[$0] ?? [] }
        let named = String(decoding: request.body, as: UTF8.self).split(separator: "<PartNumber>").count - 1
        guard named == upload.parts.count else { return Self.error(400, "InvalidPart") }
        if let sum = request.header("x-amz-checksum-crc64nvme"), sum != Self.sum(body) {
            return Self.error(400, "BadDigest")
        }
        let tag = "\"\(Self.tag(body).filter { $0 != "\"" })-\(named)\""
        state.objects[request.path] = Object(body: body, eTag: tag, headers: upload.headers)
        state.uploads[id] = nil
        return LoopbackAnswer(
            200, "<?xml version=\"1.0\"?>\n  <R><ETag>\(tag)</ETag>\(Self.sumElement(body))</R>")
    }

    private func deleteMany(_ request: S3Request, _ state: inout State) -> LoopbackAnswer {
        if let refusal = Self.refusal(request) { return refusal }
        let bucket = request.path
        var errors = ""
        for piece in String(decoding: request.body, as: UTF8.self).split(separator: "<Key>").dropFirst() {
            let escaped = String(piece.prefix { $0 != "<" })
            let key = escaped.replacing("&#xA;", with: "\n").replacing("&lt;", with: "<")
                .replacing("&gt;", with: ">").replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
            if key.hasSuffix("locked") {
                errors += "<Error><Key>\(escaped)</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
            } else if key.hasSuffix("slow"), state.count % 2 == 1 {
                errors += "<Error><Key>\(escaped)</Key><Code>InternalError</Code></Error>"
            } else {
                state.objects["\(bucket)/\(PercentEncoding.encode(key, keepsSlash: true))"] = nil
            }
        }
        return LoopbackAnswer(200, "<DeleteResult>\(errors)</DeleteResult>")
    }

    private func list(_ request: S3Request, _ state: State) -> LoopbackAnswer {
        let prefix = request.query["prefix"] ?? ""
        let limit = request.query["max-keys"].flatMap { Int($0) } ?? 1000
        let after = request.query["continuation-token"]
        let keys = state.objects.keys.filter { $0.hasPrefix(request.path + "/") }
            .map { PercentEncoding.decode($0.dropFirst(request.path.count + 1)) }
            .filter { $0.hasPrefix(prefix) }.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        let rest = keys.drop { key in
            after.map { !Array($0.utf8).lexicographicallyPrecedes(Array(key.utf8)) } ?? false
        }
        let contents = rest.prefix(limit).map { key -> String in
            let path = request.path + "/" + PercentEncoding.encode(key, keepsSlash: true)
            // As S3 encodes keys: a space is a plus sign.
            let text = PercentEncoding.encode(key, keepsSlash: true).replacing("%20", with: "+")
            let object = state.objects[path]
            return "<Contents><Key>\(text)</Key><Size>\(object?.body.count ?? 0)</Size>"
                + "<LastModified>2026-01-31T12:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
                + "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm></Contents>"
        }
        let isTruncated = rest.count > limit
        let token = isTruncated ? rest.prefix(limit).last ?? "" : ""
        let next = token.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return LoopbackAnswer(
            200,
            "<R><EncodingType>url</EncodingType><IsTruncated>\(isTruncated)</IsTruncated>"
                + "<NextContinuationToken>\(next)</NextContinuationToken>\(contents.joined())</R>")
    }

    // MARK: Parts of them

    private func source(_ request: S3Request, _ state: State) -> Object? {
        guard let object = state.objects["/" + (request.header("x-amz-copy-source") ?? "")] else { return nil }
        let wanted = request.header("x-amz-copy-source-if-match")
        return wanted == nil || wanted == object.eTag ? object : nil
    }

    /// A body that isn't what was announced.
    private static func refusal(_ request: S3Request) -> LoopbackAnswer? {
        if let sum = request.header("x-amz-checksum-crc64nvme"), sum != Self.sum(request.body) {
            return error(400, "BadDigest")
        }
        let hash = (try? HashFunction.sha256.hash(request.body)).map { Hex.encode($0) }
        if let signed = request.header("x-amz-content-sha256"), signed != hash {
            return error(400, "XAmzContentSHA256Mismatch")
        }
        return nil
    }

    private static func failedCondition(_ request: S3Request, _ object: Object?) -> LoopbackAnswer? {
        if request.header("If-None-Match") == "*", object != nil { return error(412, "PreconditionFailed") }
        guard let wanted = request.header("If-Match") else { return nil }
        guard let object else { return error(404, "NoSuchKey") }
        return wanted == object.eTag ? nil : error(412, "PreconditionFailed")
    }

    private static func error(_ status: Int, _ code: String) -> LoopbackAnswer {
        LoopbackAnswer(status, "<Error><Code>\(code)</Code><Message>m</Message></Error>")
    }

    private static func kept(_ request: S3Request) -> [String] {
        request.received.lines.dropFirst().filter {
            let line = $0.lowercased()
            return line.hasPrefix("x-amz-meta-") || line.hasPrefix("content-type:")
        }
    }

    /// `bytes=0-9`
    private static func bounds(_ text: String, _ count: Int) -> Range<Int>? {
        let parts = text.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
        guard let start = parts.first, start < count else { return nil }
        return start..<min(count, (parts.count > 1 ? parts[1] : count - 1) + 1)
    }

    private static func sum(_ bytes: [UInt8]) -> String {
        Data(CRC(.crc64nvme, of: bytes).bytes).base64EncodedString()
    }

    private static func sumHeader(_ bytes: [UInt8]) -> String { "x-amz-checksum-crc64nvme: \(sum(bytes))" }

    private static func sumElement(_ bytes: [UInt8]) -> String {
        "<ChecksumCRC64NVME>\(sum(bytes))</ChecksumCRC64NVME>"
    }

    private static func tag(_ bytes: [UInt8]) -> String {
        "\"\((try? HashFunction.md5.hash(bytes)).map { Hex.encode($0) } ?? "none")\""
    }
}
