internal import AWS
internal import Support
internal import XML

extension S3 {
    private static let listKeys = Operation<ListObjectsV2Request, Nothing>(
        "ListObjectsV2", of: service, .reads, method: "GET", path: "/{Bucket}?list-type=2")
    /// Bytes of a page that are accepted: a thousand keys of 1,024 bytes, each written as `%XX`, are a third of it.
    private static let pageLimit = 16 << 20

    /// One object of a listing.
    package struct ListedObject: Sendable, Hashable {
        package var key: String
        /// In bytes.
        package var size: Int64
        /// With its quotes, as S3 writes it.
        package var eTag: String
    }

    /// A complete listing, page by page, for work on many objects.
    ///
    /// It differs from `listObjectsV2` in what it promises: keys come strictly in the order of their bytes, and the end is the
    /// end. Where a server keeps either back it throws.
    package struct Listing: Sendable {
        private let s3: S3
        private var request: ListObjectsV2Request
        private var isOver = false
        private var lastKey: String?

        fileprivate init(_ s3: S3, _ request: ListObjectsV2Request) {
            self.s3 = s3
            self.request = request
        }

        /// The next page; `nil` after the last one. A page may be empty.
        /// - Throws: `AWSError` (also for a page that is no complete part of a sorted listing), `AWSNoAnswer`,
        ///   `CancellationError`.
        package mutating func nextPage() async throws -> [ListedObject]? {
            if isOver { return nil }
            let place = S3.place(request.bucket, request.prefix ?? "")
            let (_, bytes) = try await s3.client.receiveWhole(
                S3.listKeys, request, limit: S3.pageLimit, isData: false, on: place)
            func broken(_ why: String) -> AWSError {
                AWSError(
                    code: "InvalidResponse", message: "the listing is not usable: \(why)", httpStatus: 200,
                    service: S3.service.sdkID, operation: "ListObjectsV2", resource: place)
            }
            let page = ListingPage()
            do throws(XMLError) { try XMLDocument.read(bytes, page) } catch { throw broken("\(error)") }
            guard page.isListing, let isTruncated = page.isTruncated else { throw broken("it is incomplete") }
            if let why = page.fault { throw broken(why) }
            for object in page.objects {
                if let lastKey, !S3.precedes(lastKey, object.key) {
                    throw broken("keys do not come in the order of their bytes, as those of directory buckets don't")
                }
                lastKey = object.key
            }
            if isTruncated {
                guard let token = page.token, !token.isEmpty, token != request.continuationToken else {
                    throw broken("more was announced, but no way to get it was given")
                }
                request.continuationToken = token
            } else {
                isOver = true
            }
            return page.objects
        }
    }

    /// - Parameter prefix: of the keys; what they share is part of each key.
    package func listing(bucket: String, prefix: String, expectedOwner: String? = nil) -> Listing {
        var request = ListObjectsV2Request(bucket: bucket, prefix: prefix.isEmpty ? nil : prefix)
        request.expectedBucketOwner = expectedOwner
        return Listing(self, request)
    }

    fileprivate static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

/// Reads one page of a listing.
private final class ListingPage: XMLEventHandler {
    private enum Field { case key, size, eTag, truncated, token, encoding }

    private(set) var objects: [S3.ListedObject] = []
    /// Whether the document is a listing that came to its end.
    private(set) var isListing = false
    private(set) var isTruncated: Bool?
    private(set) var token: String?
    private(set) var fault: String?

    private var isEncoded = false
    private var depth = 0
    private var isInObject = false
    private var field: Field?
    private var content: [UInt8] = []
    private var key: [UInt8]?
    private var size: Int64?
    private var eTag = ""

    func start(_ name: UnsafeBufferPointer<UInt8>) {
        depth += 1
        field = nil
        switch depth {
        case 1: if !Self.isSame(name, "ListBucketResult") { fault = "it is no listing" }
        case 2:
            isInObject = Self.isSame(name, "Contents")
            if isInObject {
                key = nil
                size = nil
                eTag = ""
            } else if Self.isSame(name, "IsTruncated") {
                field = .truncated
            } else if Self.isSame(name, "NextContinuationToken") {
                field = .token
            } else if Self.isSame(name, "EncodingType") {
                field = .encoding
            }
        case 3 where isInObject:
            if Self.isSame(name, "Key") {
                field = .key
            } else if Self.isSame(name, "Size") {
                field = .size
            } else if Self.isSame(name, "ETag") {
                field = .eTag
            }
        default: break
        }
        content.removeAll(keepingCapacity: true)
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) { if field != nil { content.append(contentsOf: bytes) } }

    func end(_ name: UnsafeBufferPointer<UInt8>) {
        depth -= 1
        switch field {
        case .key: key = content
        case .size: size = Int64(String(decoding: content, as: UTF8.self))
        case .eTag: eTag = String(decoding: content, as: UTF8.self)
        case .truncated: isTruncated = Self.isSame(content, "true")
        case .token: token = String(decoding: content, as: UTF8.self)
        case .encoding: isEncoded = Self.isSame(content, "url")
        case nil:
            if depth == 1, isInObject { endObject() }
            if depth == 0 { endListing() }
        }
        field = nil
    }

    private func endObject() {
        isInObject = false
        guard let key, let size else {
            fault = fault ?? "an object has no key or no size"
            return
        }
        objects.append(S3.ListedObject(key: String(decoding: key, as: UTF8.self), size: size, eTag: eTag))
    }

    private func endListing() {
        isListing = fault == nil
        // The element that says so stands before the keys with some servers and behind them with others.
        guard isEncoded else { return }
        for index in objects.indices { objects[index].key = S3.decodedKey(objects[index].key) }
    }

    private static func isSame(_ name: some Collection<UInt8>, _ word: StaticString) -> Bool {
        name.count == word.utf8CodeUnitCount && word.withUTF8Buffer { $0.elementsEqual(name) }
    }
}
