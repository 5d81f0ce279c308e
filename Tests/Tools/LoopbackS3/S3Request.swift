/// The operations that this server knows, in the order in which they are counted.
enum S3Operation: Int, Sendable, CaseIterable {
    case listBuckets, createBucket, deleteBucket, headBucket, getBucketLocation, getBucketVersioning
    case listObjects, listObjectsV2, listMultipartUploads, deleteObjects
    case putObject, copyObject, getObject, headObject, deleteObject
    case createMultipartUpload, uploadPart, completeMultipartUpload, abortMultipartUpload, listParts
    /// Of STS, which clients ask before they change anything.
    case getCallerIdentity
    /// Of this server itself.
    case statistics
    case unknown

    /// As AWS spells it.
    var name: String {
        let name = "\(self)"
        return name.prefix(1).uppercased() + name.dropFirst()
    }

    var hasAnswerBody: Bool {
        switch self {
        case .listBuckets, .getBucketLocation, .listObjects, .listObjectsV2, .listMultipartUploads, .deleteObjects: true
        case .copyObject, .getObject, .createMultipartUpload, .completeMultipartUpload, .listParts: true
        default: false
        }
    }
}

/// A request with its target taken apart.
struct S3Request: Sendable {
    let head: RequestHead
    let operation: S3Operation
    let bucket: String
    let key: Key
    private let query: [(name: String, value: [UInt8])]

    init(_ head: RequestHead) {
        self.head = head
        let target = head.target
        let mark = target.firstIndex(of: 0x3f) ?? target.endIndex
        let path = target[..<mark].drop { $0 == 0x2f }
        let slash = path.firstIndex(of: 0x2f) ?? path.endIndex
        bucket = String(decoding: path[..<slash], as: UTF8.self)
        key = Key(bytes: BytesText.percentDecoded(path[slash...].dropFirst()))
        query = mark == target.endIndex ? [] : Self.query(target[(mark + 1)...])
        // SDKs repeat the operation's name in `x-id`.
        let names = Set(query.lazy.map { $0.name }.filter { $0 != "x-id" })
        if bucket.isEmpty {
            operation = Self.serviceOperation(head.method, names)
        } else if key.bytes.isEmpty {
            operation = Self.bucketOperation(head.method, names)
        } else {
            operation = Self.objectOperation(head, names)
        }
    }

    /// A parameter of the query; empty when it has no value.
    func parameter(_ name: String) -> [UInt8]? { query.first { $0.name == name }?.value }

    func text(_ name: String) -> String? { parameter(name).map { String(decoding: $0, as: UTF8.self) } }

    var isConditional: Bool {
        (operation == .putObject || operation == .completeMultipartUpload)
            && (head.value("if-match") != nil || head.value("if-none-match") != nil)
    }

    private static func query(_ text: ArraySlice<UInt8>) -> [(name: String, value: [UInt8])] {
        text.split(separator: 0x26).map { pair in
            let mark = pair.firstIndex(of: 0x3d) ?? pair.endIndex
            return (
                String(decoding: BytesText.percentDecoded(pair[..<mark], plusIsSpace: true), as: UTF8.self),
                BytesText.percentDecoded(pair[mark...].dropFirst(), plusIsSpace: true)
            )
        }
    }

    private static func serviceOperation(_ method: RequestHead.Method, _ names: Set<String>) -> S3Operation {
        switch method {
        case .get: names.contains("loopback-statistics") ? .statistics : .listBuckets
        case .post: .getCallerIdentity
        case .head, .put, .delete, .other: .unknown
        }
    }

    private static func bucketOperation(_ method: RequestHead.Method, _ names: Set<String>) -> S3Operation {
        switch method {
        case .head: .headBucket
        case .put: names.isEmpty ? .createBucket : .unknown
        case .delete: names.isEmpty ? .deleteBucket : .unknown
        case .post: names.contains("delete") ? .deleteObjects : .unknown
        case .get:
            if names.contains("location") {
                .getBucketLocation
            } else if names.contains("versioning") {
                .getBucketVersioning
            } else if names.contains("uploads") {
                .listMultipartUploads
            } else {
                names.contains("list-type") ? .listObjectsV2 : .listObjects
            }
        case .other: .unknown
        }
    }

    private static func objectOperation(_ head: RequestHead, _ names: Set<String>) -> S3Operation {
        let isOfUpload = names.contains("uploadId")
        if !names.isDisjoint(with: ["tagging", "acl", "attributes", "retention", "torrent"]) { return .unknown }
        return switch head.method {
        case .get: isOfUpload ? .listParts : .getObject
        case .head: .headObject
        case .delete: isOfUpload ? .abortMultipartUpload : .deleteObject
        case .put:
            if isOfUpload {
                head.value("x-amz-copy-source") == nil ? .uploadPart : .unknown
            } else {
                head.value("x-amz-copy-source") == nil ? .putObject : .copyObject
            }
        case .post:
            isOfUpload ? .completeMultipartUpload : names.contains("uploads") ? .createMultipartUpload : .unknown
        case .other: .unknown
        }
    }
}
