import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

struct StreamingTests {
    private struct Put: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["Bucket": .path, "Key": .path]
        var Bucket = "my-bucket"
        var Key = "a b"
    }
    private struct PutOutput: Decodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["ETag": .header("ETag")]
        var ETag: String
    }
    private struct GetOutput: Decodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["ContentLength": .header("Content-Length")]
        var ContentLength: Int64
    }
    private let put = Operation<Put, PutOutput>(
        "PutObject", of: Samples.s3, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")
    private let get = Operation<Put, GetOutput>(
        "GetObject", of: Samples.s3, .reads, method: "GET", path: "/{Bucket}/{Key+}")
    private let complete = Operation<Put, Nothing>(
        "CompleteMultipartUpload", of: Samples.s3, .mutates, idempotent: .byNature, path: "/{Bucket}/{Key+}")
    private let body = HTTPBody.stream(length: 3) { OneShotReader(Array("abc".utf8)) }

    @Test func overTLSTheBodyGoesUnsignedAndIsOpenedForEachAttempt() async throws {
        let read = Mutex<[String]>([])
        let (client, stub) = AWSClient.stub { request, index in
            if case .stream(_, let open) = request.body {
                var bytes: [UInt8] = []
                let reader = try await open()
                while let piece = try await reader.read(maximum: 10) { bytes += piece }
                read.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            }
            return index == 0
                ? .text(503, "<Error><Code>SlowDown</Code></Error>") : .text(200, "", headers: ["ETag": "\"e\""])
        }
        #expect(try await client.sendStreaming(put, Put(), body: body).ETag == "\"e\"")
        #expect(read.withLock { $0 } == ["abc", "abc"])
        #expect(
            stub.requests.map(\.url) == Array(repeating: "https://my-bucket.s3.eu-west-1.amazonaws.com/a%20b", count: 2)
        )
        #expect(stub.requests[0].headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
    }

    @Test func overPlainHTTPTheBodyIsSigned() async throws {
        let settings = Samples.settings(Samples.keys.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:4566"]) { $1 })
        let (client, stub) = AWSClient.stub(settings) { _, _ in .text(200, "", headers: ["ETag": "e"]) }
        _ = try await client.sendStreaming(put, Put(), body: body)
        _ = try await client.sendStreaming(put, Put(), body: body, sha256: "f00")
        #expect(stub.requests.map(\.url) == Array(repeating: "http://127.0.0.1:4566/my-bucket/a%20b", count: 2))
        #expect(
            stub.requests.map { $0.headers["x-amz-content-sha256"] } == [
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "f00",
            ])
    }

    @Test func aBodyThatCanNotBeReadAgainIsSentOnce() async throws {
        let settings = Samples.settings(Samples.keys.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:4566"]) { $1 })
        let (client, stub) = AWSClient.stub(settings) { _, _ in .text(503, "<Error><Code>SlowDown</Code></Error>") }
        await #expect(throws: AWSError.self) {
            try await client.sendStreaming(put, Put(), body: body, isRepeatable: false)
        }
        #expect(stub.requests.map { $0.headers["x-amz-content-sha256"] } == ["UNSIGNED-PAYLOAD"])
    }

    @Test func anAnswersBodyIsLeftToTheCaller() async throws {
        let (client, _) = AWSClient.stub { _, index in
            index == 0
                ? .text(500, "<Error><Code>InternalError</Code></Error>")
                : .text(200, "<not xml", headers: ["Content-Length": "8"])
        }
        let (output, body) = try await client.receiveStreaming(get, Put())
        #expect(output.ContentLength == 8)
        #expect(String(decoding: try await body.collect(), as: UTF8.self) == "<not xml")
    }

    @Test func anErrorUnderStatus200IsAnError() async throws {
        let (client, stub) = AWSClient.stub { _, _ in
            .text(200, "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code><Message>m</Message></Error>")
        }
        let error = await #expect(throws: AWSError.self) { try await client.send(complete, Put()) }
        #expect(error?.code == "InternalError")
        #expect(stub.requests.count == 3)
    }

    private struct Tag: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["Bucket": .path, "Tagging": .payload]
        struct Tagging: Encodable { var TagSet: [String] }
        var Bucket = "b.c"
        var Tagging = Tagging(TagSet: [])
    }

    @Test func bodiesThatNeedAChecksumHaveOne() async throws {
        let (client, stub) = AWSClient.stub { _, _ in .text(204, "") }
        let operation = Operation<Tag, Nothing>(
            "PutBucketTagging", of: Samples.s3, .mutates, method: "PUT", path: "/{Bucket}?tagging")
        _ = try await client.send(operation, Tag())
        let request = try #require(stub.requests.first)
        #expect(request.url == "https://s3.eu-west-1.amazonaws.com/b.c?tagging")
        #expect(request.bodyText == "<Tagging><TagSet></TagSet></Tagging>")
        // The base64 of the hash that stands in hex in the signature's header.
        let hex = try #require(request.headers["x-amz-content-sha256"])
        let sum = try #require(request.headers["x-amz-checksum-sha256"].flatMap { Data(base64Encoded: $0) })
        #expect(sum.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == hex)
    }
}
