/// ListObjects and ListObjectsV2.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
struct Listing {
    private let bucket: String
    private let isSecondVersion: Bool
    private let prefix: [UInt8]
    private let delimiter: [UInt8]
    private let isEncoded: Bool
    private let limit: Int
    /// The key or common prefix that the listing goes on after.
    private let after: [UInt8]
    private let token: String?

    init(_ request: S3Request) {
        bucket = request.bucket
        isSecondVersion = request.operation == .listObjectsV2
        prefix = request.parameter("prefix") ?? []
        delimiter = request.parameter("delimiter") ?? []
        isEncoded = request.text("encoding-type") == "url"
        limit = min(1000, max(0, request.text("max-keys").flatMap { Int($0) } ?? 1000))
        token = isSecondVersion ? request.text("continuation-token") : nil
        let start = request.parameter(isSecondVersion ? "start-after" : "marker") ?? []
        after = token.flatMap { BytesText.fromHex($0) } ?? start
    }

    /// A key, or what keys with the delimiter behind the prefix have in common.
    private struct Entry {
        let name: Key
        let object: StoredObject?
    }

    func answer(from store: Store) -> Answer {
        var entries: [Entry] = []
        entries.reserveCapacity(limit)
        let start = max(Key(bytes: prefix), Key(bytes: after))
        var isTruncated = false
        _ = store.scan(bucket, from: start) { key, object in
            guard key.starts(with: prefix) else { return false }
            let common = commonPrefix(of: key)
            let name = common ?? key
            if !after.isEmpty, name.bytes == after || common != nil && after.starts(with: name.bytes) { return true }
            if common != nil, entries.last?.name == name { return true }
            guard entries.count < limit else {
                isTruncated = limit > 0
                return false
            }
            entries.append(Entry(name: name, object: common == nil ? object : nil))
            return true
        }
        return .xml(text(entries, isTruncated))
    }

    private func commonPrefix(of key: Key) -> Key? {
        guard !delimiter.isEmpty else { return nil }
        let bytes = key.bytes
        var index = prefix.count
        while index + delimiter.count <= bytes.count {
            if bytes[index..<index + delimiter.count].elementsEqual(delimiter) {
                return Key(bytes: Array(bytes[..<(index + delimiter.count)]))
            }
            index += 1
        }
        return nil
    }

    private func text(_ entries: [Entry], _ isTruncated: Bool) -> [UInt8] {
        var text = Array("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".utf8)
        text.reserveCapacity(256 + entries.count * 384)
        text.add(element: "Name", bucket)
        text.add(element: "Prefix", key: prefix, isEncoded: isEncoded)
        if !delimiter.isEmpty { text.add(element: "Delimiter", key: delimiter, isEncoded: isEncoded) }
        text.add("<MaxKeys>\(limit)</MaxKeys><IsTruncated>\(isTruncated)</IsTruncated>")
        if isEncoded { text.add("<EncodingType>url</EncodingType>") }
        if isSecondVersion {
            text.add("<KeyCount>\(entries.count)</KeyCount>")
            if let token { text.add(element: "ContinuationToken", token) }
            if isTruncated, let last = entries.last {
                text.add("<NextContinuationToken>")
                for byte in last.name.bytes {
                    if byte < 16 { text.add("0") }
                    text.add(String(byte, radix: 16))
                }
                text.add("</NextContinuationToken>")
            }
        } else {
            text.add(element: "Marker", key: after, isEncoded: isEncoded)
            if isTruncated, let last = entries.last {
                text.add(element: "NextMarker", key: last.name.bytes, isEncoded: isEncoded)
            }
        }
        for entry in entries { add(entry, to: &text) }
        text.add("</ListBucketResult>")
        return text
    }

    private func add(_ entry: Entry, to text: inout [UInt8]) {
        guard let object = entry.object else {
            text.add("<CommonPrefixes>")
            text.add(element: "Prefix", key: entry.name.bytes, isEncoded: isEncoded)
            text.add("</CommonPrefixes>")
            return
        }
        text.add("<Contents>")
        text.add(element: "Key", key: entry.name.bytes, isEncoded: isEncoded)
        text.add("<LastModified>")
        text.add(object.modified.iso)
        text.add("</LastModified>")
        text.add(element: "ETag", object.eTag)
        text.add("<ChecksumAlgorithm>")
        text.add(object.checksum.algorithm.name)
        text.add("</ChecksumAlgorithm><Size>")
        text.add(object.body.count)
        text.add("</Size><StorageClass>STANDARD</StorageClass></Contents>")
    }
}
