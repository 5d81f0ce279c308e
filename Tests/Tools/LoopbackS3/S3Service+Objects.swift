/// PutObject, CopyObject, GetObject, HeadObject.
extension S3Service {
    func putObject(_ request: S3Request, _ body: ReceivedBody) -> Answer {
        guard let checked = body.checked else { return .error(.missingContentLength) }
        let object = StoredObject(
            body: body.body, eTag: checked.eTag, checksum: checked.checksum, headers: Self.keptHeaders(request.head))
        if let refusal = store.put(object, request.bucket, request.key, unless: { Self.objection(request.head, $0) }) {
            return refusal
        }
        var answer = Answer()
        answer.headers.add(header: "ETag", object.eTag)
        answer.headers.add(checked.checksum.headers)
        return answer
    }

    func copyObject(_ request: S3Request) -> Answer {
        let head = request.head
        let place = BytesText.percentDecoded((head.value("x-amz-copy-source") ?? "").utf8.drop { $0 == 0x2f })
        let slash = place.firstIndex(of: 0x2f) ?? place.endIndex
        let bucket = String(decoding: place[..<slash], as: UTF8.self)
        guard let source = store.object(bucket, Key(bytes: Array(place[slash...].dropFirst()))) else {
            return .error(.noSuchKey)
        }
        if let wanted = head.value("x-amz-copy-source-if-match"), wanted != source.eTag {
            return .error(.preconditionFailed)
        }
        let isReplaced = head.value("x-amz-metadata-directive") == "REPLACE"
        let copy = StoredObject(
            body: source.body, eTag: String(source.eTag.dropFirst().dropLast()), checksum: source.checksum,
            headers: isReplaced ? Self.keptHeaders(head) : source.headers)
        if let refusal = store.put(copy, request.bucket, request.key) { return refusal }
        var text = Array("<CopyObjectResult>".utf8)
        text.add(element: "LastModified", copy.modified.iso)
        text.add(element: "ETag", copy.eTag)
        text.add(copy.checksum.elements)
        text.add("</CopyObjectResult>")
        return .xml(text)
    }

    func readObject(_ request: S3Request) -> Answer {
        let head = request.head
        guard let object = store.object(request.bucket, request.key) else { return .error(.noSuchKey) }
        if let wanted = head.value("if-match"), wanted != "*", !Self.names(wanted, object.eTag) {
            return .error(.preconditionFailed)
        }
        var answer = Answer(body: object.body)
        answer.headers = object.headers
        answer.headers.add(header: "ETag", object.eTag)
        answer.headers.add(header: "Last-Modified", object.modified.http)
        answer.headers.add("Accept-Ranges: bytes\r\n")
        if let known = head.value("if-none-match"), known == "*" || Self.names(known, object.eTag) {
            answer.status = 304
            answer.body = Body()
            return answer
        }
        if let text = head.value("range"), let asked = ByteRange(text) {
            guard let range = asked.range(of: object.body.count) else {
                var refusal = Answer.error(.invalidRange)
                refusal.headers.add(header: "Content-Range", "bytes */\(object.body.count)")
                return refusal
            }
            answer.status = 206
            answer.body = object.body[range]
            answer.headers.add(
                header: "Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.body.count)")
        } else if head.value("x-amz-checksum-mode")?.uppercased() == "ENABLED" {
            answer.headers.add(object.checksum.headers)
        }
        if request.operation == .headObject {
            answer.length = answer.body.count
            answer.body = Body()
        }
        return answer
    }

    /// What stands against a conditional write.
    ///
    /// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    static func objection(_ head: RequestHead, _ current: StoredObject?) -> Answer? {
        if head.value("if-none-match") == "*", current != nil { return .error(.preconditionFailed) }
        guard let wanted = head.value("if-match") else { return nil }
        guard let current else { return .error(.noSuchKey) }
        return names(wanted, current.eTag) ? nil : .error(.preconditionFailed)
    }

    /// Whether a condition names this ETag; quotation marks may be left out.
    private static func names(_ condition: String, _ eTag: String) -> Bool {
        condition == eTag || "\"\(condition)\"" == eTag
    }

    /// The headers of a write that reading gives back.
    static func keptHeaders(_ head: RequestHead) -> [UInt8] {
        var lines: [UInt8] = []
        if let encoding = head.value("content-encoding") {
            let own = encoding.split(separator: ",").filter { $0.drop { $0 == " " } != "aws-chunked" }
            if !own.isEmpty { lines.add(header: "Content-Encoding", own.joined(separator: ",")) }
        }
        lines.add(header: "Content-Type", head.value("content-type") ?? "binary/octet-stream")
        let others: [(StaticString, String)] = [
            ("cache-control", "Cache-Control"), ("content-disposition", "Content-Disposition"),
            ("content-language", "Content-Language"), ("expires", "Expires"),
        ]
        for (name, shown) in others { if let value = head.value(name) { lines.add(header: shown, value) } }
        head.forEach(prefix: "x-amz-meta-") { name, value in
            lines.add(name)
            lines.add(": ")
            lines.append(contentsOf: value)
            lines.add("\r\n")
        }
        return lines
    }
}

/// The one range that a `Range` header asks for.
struct ByteRange {
    private let first: Int?
    private let last: Int?

    /// `nil` for what is no single range of bytes, which S3 overlooks.
    init?(_ text: String) {
        guard text.hasPrefix("bytes=") else { return nil }
        let ends = text.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        first = Int(ends[0])
        last = Int(ends[1])
        if first == nil && last == nil { return nil }
    }

    /// `nil` when none of these bytes exists.
    func range(of count: Int) -> Range<Int>? {
        guard let first else {
            guard let last, last > 0, count > 0 else { return nil }
            return max(0, count - last)..<count
        }
        let end = min(count, last.map { $0 + 1 } ?? count)
        return first < end ? first..<end : nil
    }
}
