import Synchronization

/// Carries requests out.
struct S3Service: Sendable {
    let store: Store
    let statistics: Statistics

    /// - Parameter body: what came with the request and agrees with its checksums.
    func answer(_ request: S3Request, _ body: ReceivedBody) -> Answer {
        switch request.operation {
        case .listBuckets, .unknown, .statistics, .getCallerIdentity: break
        case .createBucket: break
        default: if !store.hasBucket(request.bucket) { return .error(.noSuchBucket) }
        }
        return switch request.operation {
        case .listBuckets: listBuckets()
        case .createBucket: createBucket(request)
        case .deleteBucket: store.deleteBucket(request.bucket) ? Answer(status: 204) : .error(.bucketNotEmpty)
        case .headBucket: Answer(headers: Array("x-amz-bucket-region: us-east-1\r\n".utf8))
        case .getBucketLocation: .xml(Array("<LocationConstraint/>".utf8))
        case .getBucketVersioning: .xml(Array("<VersioningConfiguration/>".utf8))
        case .listObjects, .listObjectsV2: Listing(request).answer(from: store)
        case .deleteObjects: deleteObjects(request, body)
        case .putObject: putObject(request, body)
        case .copyObject: copyObject(request)
        case .getObject, .headObject: readObject(request)
        case .deleteObject: deleteObject(request)
        case .listMultipartUploads: listUploads(request)
        case .createMultipartUpload: createUpload(request)
        case .uploadPart: uploadPart(request, body)
        case .completeMultipartUpload: completeUpload(request, body)
        case .abortMultipartUpload: abortUpload(request)
        case .listParts: listParts(request)
        case .getCallerIdentity: getCallerIdentity()
        case .statistics: statistics.answer
        case .unknown: .error(.notImplemented, "loopback-s3 doesn't know this request")
        }
    }

    private func listBuckets() -> Answer {
        var text = Array("<ListAllMyBucketsResult><Owner><ID>loopback</ID></Owner><Buckets>".utf8)
        for bucket in store.buckets {
            text.add("<Bucket><Name>\(bucket.name)</Name><CreationDate>\(bucket.created.iso)</CreationDate></Bucket>")
        }
        text.add("</Buckets></ListAllMyBucketsResult>")
        return .xml(text)
    }

    private func getCallerIdentity() -> Answer {
        var text = Array("<GetCallerIdentityResponse><GetCallerIdentityResult>".utf8)
        text.add(element: "Arn", "arn:aws:iam::000000000000:user/loopback")
        text.add(element: "UserId", "AIDALOOPBACK")
        text.add(element: "Account", "000000000000")
        text.add("</GetCallerIdentityResult></GetCallerIdentityResponse>")
        return .xml(text)
    }

    private func createBucket(_ request: S3Request) -> Answer {
        store.createBucket(request.bucket)
        return Answer(headers: Array("Location: /\(request.bucket)\r\n".utf8))
    }

    private func deleteObject(_ request: S3Request) -> Answer {
        store.delete(request.bucket, request.key)
        return Answer(status: 204)
    }

    private func deleteObjects(_ request: S3Request, _ body: ReceivedBody) -> Answer {
        let head = request.head
        guard head.value("content-md5") != nil || body.hasAnnouncedChecksum else {
            return .error(.invalidRequest, "Missing required header for this request: Content-MD5")
        }
        let isQuiet = MarkupReader.text("Quiet", in: body.text) == "true"
        var reader = MarkupReader(body.text)
        var text = Array("<DeleteResult>".utf8)
        var count = 0
        while let object = reader.next("Object") {
            guard let key = MarkupReader.first("Key", in: object) else { return .error(.malformedXML) }
            count += 1
            guard count <= 1000 else { return .error(.malformedXML) }
            store.delete(request.bucket, Key(bytes: key))
            guard !isQuiet else { continue }
            text.add("<Deleted>")
            text.add(element: "Key", escaping: key)
            text.add("</Deleted>")
        }
        guard count > 0 else { return .error(.malformedXML) }
        text.add("</DeleteResult>")
        return .xml(text)
    }
}

/// A body that came whole and agrees with all that its request says about it.
struct ReceivedBody {
    var body = Body()
    /// Of bodies in memory.
    var text: [UInt8] = []
    var crc64: [UInt8] = []
    var checked: IncomingBody.Checked?
    var hasAnnouncedChecksum = false
}

/// What was asked of the server, for those who measure and test with it: `GET /?loopback-statistics`.
final class Statistics: Sendable {
    private let counts = Mutex([Int](repeating: 0, count: S3Operation.allCases.count))
    private let faults: FaultSource?

    init(faults: FaultSource?) { self.faults = faults }

    func count(_ operation: S3Operation) { counts.withLock { $0[operation.rawValue] += 1 } }

    var answer: Answer {
        let counts = counts.withLock { $0 }
        let requests = S3Operation.allCases.map { "\"\($0.name)\": \(counts[$0.rawValue])" }.joined(separator: ", ")
        let met = (faults?.counts ?? []).map { "\"\($0.kind.rawValue)\": \($0.count)" }.joined(separator: ", ")
        var answer = Answer(body: Body(Array("{\"requests\": {\(requests)}, \"faults\": {\(met)}}\n".utf8)))
        answer.headers.add(header: "Content-Type", "application/json")
        return answer
    }
}
