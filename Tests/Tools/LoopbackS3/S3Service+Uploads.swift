import Crypto

/// Multipart uploads.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
extension S3Service {
    /// Bytes that every part but the last has to have.
    private static let leastPart = 5 << 20

    func createUpload(_ request: S3Request) -> Answer {
        let head = request.head
        let algorithm = head.value("x-amz-checksum-algorithm").flatMap { ChecksumAlgorithm(rawValue: $0.lowercased()) }
        let isComposite =
            head.value("x-amz-checksum-type").map { $0.uppercased() == "COMPOSITE" }
            ?? (algorithm.map { $0 != .crc64nvme } ?? false)
        let id = store.begin(
            Upload(
                bucket: request.bucket, key: request.key, headers: Self.keptHeaders(head), algorithm: algorithm,
                isComposite: isComposite, begun: .now))
        var text = Array("<InitiateMultipartUploadResult>".utf8)
        text.add(element: "Bucket", request.bucket)
        text.add(element: "Key", escaping: request.key.bytes)
        text.add(element: "UploadId", id)
        text.add("</InitiateMultipartUploadResult>")
        var answer = Answer.xml(text)
        if let algorithm {
            answer.headers.add(header: "x-amz-checksum-algorithm", algorithm.name)
            answer.headers.add(header: "x-amz-checksum-type", isComposite ? "COMPOSITE" : "FULL_OBJECT")
        }
        return answer
    }

    func uploadPart(_ request: S3Request, _ body: ReceivedBody) -> Answer {
        guard let checked = body.checked else { return .error(.missingContentLength) }
        guard let number = request.text("partNumber").flatMap({ Int($0) }), (1...10_000).contains(number) else {
            return .error(.invalidRequest, "Part number must be an integer between 1 and 10000, inclusive")
        }
        let part = Upload.Part(
            body: body.body, eTag: "\"\(checked.eTag)\"", checksum: checked.checksum, crc64: body.crc64, modified: .now)
        guard store.add(part, number, to: request.text("uploadId") ?? "") else { return .error(.noSuchUpload) }
        var answer = Answer()
        answer.headers.add(header: "ETag", part.eTag)
        answer.headers.add(header: checked.checksum.algorithm.header, checked.checksum.text)
        return answer
    }

    func completeUpload(_ request: S3Request, _ body: ReceivedBody) -> Answer {
        let id = request.text("uploadId") ?? ""
        guard let upload = store.upload(id), upload.bucket == request.bucket, upload.key == request.key else {
            return .error(.noSuchUpload)
        }
        let parts: [Upload.Part]
        switch namedParts(body.text, of: upload) {
        case .success(let found): parts = found
        case .failure(let refused): return refused.answer
        }
        let whole = Body(parts.flatMap { $0.body.segments })
        if let size = request.head.number("x-amz-mp-object-size"), size != whole.count {
            return .error(.invalidRequest, "The parts have \(whole.count) bytes, not \(size)")
        }
        guard let checksum = checksum(of: parts, upload), let eTag = eTag(of: parts) else {
            return .error(.internalError)
        }
        var announced: String?
        request.head.forEach(prefix: "x-amz-checksum-") { name, value in
            if name == checksum.algorithm.header { announced = String(decoding: value, as: UTF8.self) }
        }
        if let announced, announced != checksum.text {
            return .error(.badDigest, "The checksum of the whole object did not match the parts'")
        }
        let object = StoredObject(body: whole, eTag: eTag, checksum: checksum, headers: upload.headers)
        if let refusal = store.put(object, request.bucket, request.key, unless: { Self.objection(request.head, $0) }) {
            return refusal
        }
        _ = store.end(id)
        var text = Array("<CompleteMultipartUploadResult>".utf8)
        text.add(element: "Location", "/\(request.bucket)")
        text.add(element: "Bucket", request.bucket)
        text.add(element: "Key", escaping: request.key.bytes)
        text.add(element: "ETag", object.eTag)
        text.add(checksum.elements)
        text.add("</CompleteMultipartUploadResult>")
        return .xml(text)
    }

    private struct Refused: Error { let answer: Answer }

    /// The parts that a completion names, which must be there as they are named.
    private func namedParts(_ text: [UInt8], of upload: Upload) -> Result<[Upload.Part], Refused> {
        var parts: [Upload.Part] = []
        var last = 0
        var reader = MarkupReader(text)
        while let element = reader.next("Part") {
            guard let number = MarkupReader.text("PartNumber", in: element).flatMap({ Int($0) }),
                let eTag = MarkupReader.text("ETag", in: element)
            else { return .failure(Refused(answer: .error(.malformedXML))) }
            guard number > last else { return .failure(Refused(answer: .error(.invalidPartOrder))) }
            last = number
            guard let part = upload.parts[number], part.eTag == eTag || part.eTag == "\"\(eTag)\"" else {
                return .failure(Refused(answer: .error(.invalidPart, "part \(number)")))
            }
            if let checksum = MarkupReader.text(part.checksum.algorithm.element, in: element),
                checksum != part.checksum.text
            {
                return .failure(Refused(answer: .error(.invalidPart, "checksum of part \(number)")))
            }
            parts.append(part)
        }
        guard !parts.isEmpty else { return .failure(Refused(answer: .error(.malformedXML))) }
        guard parts.dropLast().allSatisfy({ $0.body.count >= Self.leastPart }) else {
            return .failure(Refused(answer: .error(.entityTooSmall)))
        }
        return .success(parts)
    }

    /// The whole's checksum from those of its parts.
    private func checksum(of parts: [Upload.Part], _ upload: Upload) -> KeptChecksum? {
        let algorithm = upload.algorithm ?? .crc64nvme
        let checks = parts.map { part in
            algorithm == .crc64nvme
                ? part.crc64
                : part.checksum.algorithm == algorithm ? BytesText.fromBase64(part.checksum.text) ?? [] : []
        }
        if upload.isComposite {
            guard let hash = hash(algorithm, checks.flatMap { $0 }) else { return nil }
            return KeptChecksum(
                algorithm: algorithm, text: "\(BytesText.base64(hash))-\(parts.count)", isComposite: true)
        }
        guard let kind = algorithm.crc else { return nil }
        var whole = CRC(kind)
        for (part, check) in zip(parts, checks) {
            guard let crc = CRC(kind, bytes: check, count: Int64(part.body.count)) else { return nil }
            whole.append(crc)
        }
        return KeptChecksum(algorithm: algorithm, text: BytesText.base64(whole.bytes), isComposite: false)
    }

    private func hash(_ algorithm: ChecksumAlgorithm, _ bytes: [UInt8]) -> [UInt8]? {
        algorithm.crc.map { CRC($0, of: bytes).bytes } ?? algorithm.hash.flatMap { try? $0.hash(bytes) }
    }

    /// The MD5 of the parts' MD5s, with their number.
    private func eTag(of parts: [Upload.Part]) -> String? {
        let tags = parts.flatMap { BytesText.fromHex(String($0.eTag.dropFirst().dropLast())) ?? [] }
        return (try? HashFunction.md5.hash(tags)).map { "\(Hex.encode($0))-\(parts.count)" }
    }

    func abortUpload(_ request: S3Request) -> Answer {
        store.end(request.text("uploadId") ?? "") == nil ? .error(.noSuchUpload) : Answer(status: 204)
    }

    func listParts(_ request: S3Request) -> Answer {
        guard let id = request.text("uploadId"), let upload = store.upload(id) else { return .error(.noSuchUpload) }
        var text = Array("<ListPartsResult>".utf8)
        text.add(element: "Bucket", upload.bucket)
        text.add(element: "Key", escaping: upload.key.bytes)
        text.add("<UploadId>\(id)</UploadId><IsTruncated>false</IsTruncated>")
        for (number, part) in upload.parts.sorted(by: { $0.key < $1.key }) {
            text.add("<Part><PartNumber>\(number)</PartNumber><Size>\(part.body.count)</Size>")
            text.add(element: "ETag", part.eTag)
            text.add(element: "LastModified", part.modified.iso)
            text.add("</Part>")
        }
        text.add("</ListPartsResult>")
        return .xml(text)
    }

    func listUploads(_ request: S3Request) -> Answer {
        let prefix = request.parameter("prefix") ?? []
        let isEncoded = request.text("encoding-type") == "url"
        var text = Array("<ListMultipartUploadsResult>".utf8)
        text.add(element: "Bucket", request.bucket)
        text.add("<IsTruncated>false</IsTruncated>")
        if isEncoded { text.add("<EncodingType>url</EncodingType>") }
        for (id, upload) in store.uploads(request.bucket) where upload.key.starts(with: prefix) {
            text.add("<Upload>")
            text.add(element: "Key", key: upload.key.bytes, isEncoded: isEncoded)
            text.add("<UploadId>\(id)</UploadId><Initiated>\(upload.begun.iso)</Initiated></Upload>")
        }
        text.add("</ListMultipartUploadsResult>")
        return .xml(text)
    }
}
