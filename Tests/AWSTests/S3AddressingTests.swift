import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import AWS

struct S3AddressingTests {
    private struct Input: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["Bucket": .path]
        var Bucket: String
    }
    private let operation = Operation<Input, Nothing>(
        "ListObjectsV2", of: Samples.s3, .reads, method: "GET", path: "/{Bucket}?list-type=2")

    private func url(_ bucket: String, _ layers: [SettingLayer], config: String? = nil) async throws -> String? {
        let files = config.map { ["/home/u/.aws/config": $0] } ?? [:]
        let (client, stub) = AWSClient.stub(Samples.settings(layers, files: files)) { _, _ in .text(200, "") }
        _ = try await client.send(operation, Input(Bucket: bucket))
        return stub.requests.first?.url
    }

    @Test(arguments: [
        ("my-bucket", "https://my-bucket.s3.eu-west-1.amazonaws.com/?list-type=2"),
        ("my.bucket", "https://s3.eu-west-1.amazonaws.com/my.bucket?list-type=2"),
        ("My_Bucket", "https://s3.eu-west-1.amazonaws.com/My_Bucket?list-type=2"),
        ("-x-", "https://s3.eu-west-1.amazonaws.com/-x-?list-type=2"),
        ("x/../y", "https://s3.eu-west-1.amazonaws.com/x%2F..%2Fy?list-type=2"),
    ])
    func bucketsGoIntoTheHostWhereTheyCan(bucket: String, expected: String) async throws {
        #expect(try await url(bucket, [Samples.layer(Samples.keys)]) == expected)
    }

    @Test func configuredEndpointsAndProfilesUsePaths() async throws {
        let local = Samples.layer(Samples.keys.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:4566"]) { $1 })
        #expect(try await url("my-bucket", [local]) == "http://127.0.0.1:4566/my-bucket?list-type=2")
        #expect(
            try await url(
                "my-bucket", [Samples.layer(Samples.keys)], config: "[default]\ns3 =\n  addressing_style = path")
                == "https://s3.eu-west-1.amazonaws.com/my-bucket?list-type=2")
    }

    @Test(arguments: [
        ("auto", "http://127.0.0.1:4566/my-bucket?list-type=2"),
        ("path", "http://127.0.0.1:4566/my-bucket?list-type=2"),
        ("virtual", "http://127.0.0.1:4566/my-bucket?list-type=2"),
    ])
    func noNameStandsBeforeANumericAddress(style: String, expected: String) async throws {
        let layers = [Samples.layer(Samples.keys.merging(["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4566/"]) { $1 })]
        #expect(
            try await url("my-bucket", layers, config: "[default]\ns3 =\n  addressing_style = \(style)") == expected)
    }

    @Test func virtualStyleHoldsOnNamedEndpointsToo() async throws {
        let config = "[default]\ns3 =\n  addressing_style = virtual"
        let layers = [Samples.layer(Samples.keys.merging(["AWS_ENDPOINT_URL": "http://s3.test:9000/x"]) { $1 })]
        #expect(try await url("my-bucket", layers, config: config) == "http://my-bucket.s3.test:9000/x/?list-type=2")
        #expect(try await url("my.bucket", layers, config: config) == "http://my.bucket.s3.test:9000/x/?list-type=2")
    }

    @Test func accelerationIsForBuckets() async throws {
        let config = "[default]\ns3 =\n  use_accelerate_endpoint = true\n  addressing_style = path"
        let layers = [Samples.layer(Samples.keys)]
        #expect(
            try await url("my-bucket", layers, config: config)
                == "https://my-bucket.s3-accelerate.amazonaws.com/?list-type=2")
        await #expect(throws: Failure.self) { try await url("my.bucket", layers, config: config) }
    }
}
