import AWS
import AWSServices
import FoundationEssentials
import HTTP
import TestSupport
import Testing

/// What is written and read by hand on the hot path says what the bindings say.
@Suite struct DirectCodingTests {
    private func client(_ transport: StubTransport) -> S3 {
        let values = [
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": "http://s3.test",
        ]
        let layer = SettingLayer(name: "test", values: values.mapValues { .init(value: $0, origin: "test") })
        return S3(
            AWSClient(settings: AWSSettings(layers: [layer], home: nil) { _ in nil }, transport: transport))
    }

    /// The headers that a binding names, without those that every signed request has.
    private func bound(_ request: HTTPRequest?) -> [String: String] {
        let signing = ["authorization", "x-amz-date", "x-amz-content-sha256", "user-agent"]
        var headers: [String: String] = [:]
        for field in request?.headers.fields ?? [] where !signing.contains(field.name.lowercased()) {
            headers[field.name.lowercased()] = field.value
        }
        return headers
    }

    @Test func aPutHasEveryMember() async throws {
        let transport = StubTransport { _, _ in
            HTTPResponse(
                status: 200, headers: ["etag": "\"e\"", "X-AMZ-Version-Id": "v", "x-amz-checksum-crc64nvme": "c"],
                body: HTTPResponseBody([]))
        }
        var request = S3.PutObjectRequest(
            bucket: "b", key: "a b/ü+%", contentType: "text/plain", expectedBucketOwner: "123456789012",
            body: Array("body".utf8))
        request.cacheControl = "no-cache"
        request.contentDisposition = "inline"
        request.contentEncoding = "gzip"
        request.metadata = ["one": "1", "two": "2"]
        request.serverSideEncryption = "aws:kms"
        request.sseKMSKeyId = "key"
        request.storageClass = "STANDARD_IA"
        request.tagging = "a=b"
        let stored = try await client(transport).putObject(request)
        #expect(stored.eTag == "\"e\"" && stored.versionId == "v" && stored.checksumCRC64NVME == "c")
        let sent = try #require(transport.requests.first)
        #expect(sent.method == "PUT" && sent.url == "http://s3.test/b/a%20b/%C3%BC%2B%25")
        #expect(sent.bodyText == "body")
        var headers = bound(sent)
        #expect(headers.removeValue(forKey: "x-amz-checksum-crc64nvme") != nil)
        #expect(
            headers == [
                "cache-control": "no-cache", "content-disposition": "inline", "content-encoding": "gzip",
                "content-type": "text/plain", "x-amz-meta-one": "1", "x-amz-meta-two": "2",
                "x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "key",
                "x-amz-storage-class": "STANDARD_IA", "x-amz-tagging": "a=b",
                "x-amz-expected-bucket-owner": "123456789012", "x-amz-sdk-checksum-algorithm": "CRC64NVME",
            ])
        // No binding was forgotten: those of the conditions and of the rest stand in the tests of conditional writes.
        #expect(S3.PutObjectRequest.bindings.count == 17)
    }

    @Test func aHeadIsReadWhole() async throws {
        let fields: [(String, String)] = [
            ("Content-Length", "4"), ("Content-Range", "bytes 0-3/9"), ("ETag", "\"e\""), ("x-amz-version-id", "v"),
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("cache-control", "c"), ("Content-Disposition", "d"),
            ("Content-Encoding", "e"), ("CONTENT-TYPE", "t"), ("x-amz-meta-One", "1"), ("X-Amz-Meta-two", "2"),
            ("x-amz-server-side-encryption", "s"), ("x-amz-server-side-encryption-aws-kms-key-id", "k"),
            ("x-amz-server-side-encryption-customer-algorithm", "a"), ("x-amz-storage-class", "sc"),
            ("x-amz-checksum-type", "FULL_OBJECT"), ("x-amz-checksum-crc64nvme", "64"), ("x-amz-checksum-crc32", "32"),
            ("x-amz-checksum-crc32c", "32c"), ("x-amz-checksum-sha1", "s1"), ("x-amz-checksum-sha256", "s2"),
            ("x-amz-checksum-sha512", "s5"), ("x-amz-checksum-md5", "m"), ("x-amz-other", "o"), ("ETag", "second"),
        ]
        var headers = HTTPHeaders()
        for (name, value) in fields { headers.add(name, value) }
        let answer = headers
        let transport = StubTransport { _, _ in HTTPResponse(status: 200, headers: answer, body: HTTPResponseBody([])) }
        let head = try await client(transport).headObject(.init(bucket: "b", key: "k"))
        #expect(head.contentLength == 4 && head.contentRange == "bytes 0-3/9" && head.eTag == "\"e\"")
        #expect(head.versionId == "v" && head.lastModified == Date(timeIntervalSince1970: 784_111_777))
        #expect(head.cacheControl == "c" && head.contentDisposition == "d" && head.contentEncoding == "e")
        #expect(head.contentType == "t" && head.metadata == ["one": "1", "two": "2"])
        #expect(head.serverSideEncryption == "s" && head.sseKMSKeyId == "k" && head.sseCustomerAlgorithm == "a")
        #expect(head.storageClass == "sc" && head.checksumType == "FULL_OBJECT" && head.checksumCRC64NVME == "64")
        #expect(head.checksumCRC32 == "32" && head.checksumCRC32C == "32c" && head.checksumSHA1 == "s1")
        #expect(head.checksumSHA256 == "s2" && head.checksumSHA512 == "s5" && head.checksumMD5 == "m")
        #expect(S3.HeadObjectResponse.bindings.count == 22)
    }

    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Fri, 31 Dec 1999 23:59:59 GMT", 946_684_799),
        ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400), ("2024-02-29T23:59:59Z", 1_709_251_199),
    ])
    func datesOfHeadersAreRead(_ text: String, _ seconds: Double) {
        #expect(HTTPDate.parse(text)?.timeIntervalSince1970 == seconds)
    }

    @Test func headsThatCannotBeReadAreErrors() async throws {
        for field in [("Content-Length", "many"), ("Last-Modified", "yesterday")] {
            let transport = StubTransport { _, _ in
                var headers = HTTPHeaders()
                headers.add(field.0, field.1)
                return HTTPResponse(status: 200, headers: headers, body: HTTPResponseBody([]))
            }
            let error = await #expect(throws: AWSError.self) {
                _ = try await client(transport).headObject(.init(bucket: "b", key: "k"))
            }
            #expect(error?.code == "InvalidResponse" && error?.message.contains(field.0) == true)
        }
    }

    @Test func aSmallObjectMayLookLikeAnError() async throws {
        let transport = StubTransport { _, _ in
            HTTPResponse.text(200, "<Error><Code>mine</Code></Error>", headers: ["ETag": "\"x\""])
        }
        let found = try await client(transport).getSmallObject(.init(bucket: "b", key: "k"))
        #expect(found?.bytes == Array("<Error><Code>mine</Code></Error>".utf8))
        let large = StubTransport { _, _ in HTTPResponse.text(200, String(repeating: "x", count: 61 << 10)) }
        #expect(try await client(large).getSmallObject(.init(bucket: "b", key: "k")) == nil)
    }
}
