package import AWS
package import FoundationEssentials

extension S3 {
    private static let listObjectsV2 = Operation<ListObjectsV2Request, ListObjectsV2Response>(
        "ListObjectsV2", of: service, .reads, method: "GET", path: "/{Bucket}?list-type=2")

    /// The pages of a listing, fetched as they are asked for; keys in the order of their bytes.
    package func listObjectsV2(
        _ request: ListObjectsV2Request
    ) -> some AsyncSequence<ListObjectsV2Response, any Error> & Sendable {
        client.pages(
            Self.listObjectsV2, request, on: Self.place(request.bucket, request.prefix ?? ""),
            output: { $0.isTruncated == true ? $0.nextContinuationToken : nil },
            input: { $0.continuationToken = $1 }
        ).map { $0.decoded }
    }

    package struct ListObjectsV2Request: Codable, Sendable, RESTBound {
        package var bucket: String
        package var prefix: String?
        /// `/` gathers what lies deeper into `commonPrefixes`.
        package var delimiter: String?
        package var startAfter: String?
        /// Of a page, at most 1,000.
        package var maxKeys: Int?
        package var expectedBucketOwner: String?
        var continuationToken: String?
        /// Keys may hold characters that XML can't.
        private var encodingType = "url"

        package init(bucket: String, prefix: String? = nil) {
            self.bucket = bucket
            self.prefix = prefix
        }

        package static let bindings: [String: RESTBinding] = [
            "bucket": .path, "prefix": .query("prefix"), "delimiter": .query("delimiter"),
            "startAfter": .query("start-after"), "maxKeys": .query("max-keys"),
            "continuationToken": .query("continuation-token"), "encodingType": .query("encoding-type"),
            "expectedBucketOwner": .header("x-amz-expected-bucket-owner"),
        ]
    }

    package struct ListObjectsV2Response: Codable, Sendable, WireShaped {
        package var contents: [Object]?
        package var commonPrefixes: [CommonPrefix]?
        package let isTruncated: Bool?
        package let nextContinuationToken: String?
        let encodingType: String?
        package static let wireMembers: [String: MemberShape] = ["contents": .flattened, "commonPrefixes": .flattened]

        /// The page with its keys as they are.
        var decoded: ListObjectsV2Response {
            guard encodingType == "url" else { return self }
            var page = self
            page.contents = contents?.map { object in
                var object = object
                object.key = S3.decodedKey(object.key)
                return object
            }
            page.commonPrefixes = commonPrefixes?.map { CommonPrefix(prefix: S3.decodedKey($0.prefix)) }
            return page
        }
    }

    package struct Object: Codable, Sendable, WireShaped {
        package var key: String
        package let size: Int64?
        package let eTag: String?
        package let lastModified: Date?
        package let storageClass: String?
        package let checksumAlgorithm: [String]?
        package let checksumType: String?
        package static let wireMembers: [String: MemberShape] = ["checksumAlgorithm": .flattened]
    }

    package struct CommonPrefix: Codable, Sendable {
        package let prefix: String
    }

    /// Undoes `encoding-type=url`, where a space is a plus sign.
    static func decodedKey(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x25 || $0 == 0x2b }) else { return text }
        return PercentEncoding.decode(String(text.map { $0 == "+" ? " " : $0 }))
    }
}
