import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import AWS

struct EndpointTests {
    private func endpoint(
        _ service: Service, _ layers: [SettingLayer], config: String? = nil
    ) throws -> (url: String, source: String, isConfigured: Bool) {
        let files = config.map { ["/home/u/.aws/config": $0] } ?? [:]
        let client = AWSClient(
            settings: Samples.settings(layers, files: files), transport: StubTransport { _, _ in .text(500, "") })
        return try client.endpoint(for: service)
    }

    private func endpoint(_ service: Service, _ values: [String: String], config: String? = nil) throws -> String {
        try endpoint(service, [Samples.layer(["AWS_REGION": "eu-west-1"].merging(values) { $1 })], config: config).url
    }

    @Test(arguments: [
        (Samples.ecs, "eu-west-1", "https://ecs.eu-west-1.amazonaws.com"),
        (Samples.ecs, "cn-north-1", "https://ecs.cn-north-1.amazonaws.com.cn"),
        (Samples.ecs, "us-gov-east-1", "https://ecs.us-gov-east-1.amazonaws.com"),
        (Samples.sts, "us-east-1", "https://sts.us-east-1.amazonaws.com"),
        (Samples.s3, "us-east-1", "https://s3.us-east-1.amazonaws.com"),
        (Samples.iam, "eu-west-1", "https://iam.amazonaws.com"),
        (Samples.iam, "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn"),
        (Samples.iam, "us-gov-east-1", "https://iam.us-gov.amazonaws.com"),
    ])
    func regularHosts(service: Service, region: String, url: String) throws {
        #expect(try endpoint(service, ["AWS_REGION": region]) == url)
    }

    @Test func globalServicesAreSignedForTheirRegion() throws {
        for (region, signing) in [
            ("eu-west-1", "us-east-1"), ("cn-northwest-1", "cn-north-1"), ("us-gov-east-1", "us-gov-west-1"),
        ] {
            let settings = Samples.settings(["AWS_REGION": region])
            #expect(try Endpoint.resolve(Samples.iam, settings: settings).signingRegion == signing)
            #expect(try Endpoint.resolve(Samples.ecs, settings: settings).signingRegion == region)
        }
    }

    @Test func configuredEndpointsByEitherName() throws {
        #expect(try endpoint(Samples.logs, ["AWS_ENDPOINT_URL": "http://a:1/"]) == "http://a:1")
        #expect(
            try endpoint(Samples.logs, ["AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_LOGS": "http://b:2/p/"])
                == "http://b:2/p")
        #expect(
            try endpoint(
                Samples.logs, ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://c:3", "AWS_ENDPOINT_URL_LOGS": "http://b:2"])
                == "http://c:3")
        #expect(
            try endpoint(Samples.ecs, ["AWS_ENDPOINT_URL_LOGS": "http://b:2"]) == "https://ecs.eu-west-1.amazonaws.com")
    }

    @Test func higherLayersGoFirst() throws {
        let flags = SettingLayer(
            name: "command line", values: ["AWS_ENDPOINT_URL": .init(value: "http://flag", origin: "--endpoint-url")])
        let environment = Samples.layer([
            "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_ECS": "http://ecs",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        ])
        let found = try endpoint(Samples.ecs, [flags, environment])
        #expect(found.url == "http://flag")
        #expect(found.source == "--endpoint-url")
        #expect(try endpoint(Samples.ecs, [environment]).url == "https://ecs.eu-west-1.amazonaws.com")
    }

    private let config = """
        [default]
        region = eu-central-1
        services = local
        endpoint_url = http://profile
        [services local]
        cloudwatch_logs =
          endpoint_url = http://logs
        [profile ignoring]
        ignore_configured_endpoint_urls = true
        endpoint_url = http://profile
        """

    @Test func profilesMayNameEndpoints() throws {
        #expect(try endpoint(Samples.logs, [:], config: config) == "http://logs")
        #expect(try endpoint(Samples.ecs, [:], config: config) == "http://profile")
        #expect(try endpoint(Samples.ecs, ["AWS_ENDPOINT_URL": "http://env"], config: config) == "http://env")
        #expect(
            try endpoint(Samples.ecs, ["AWS_PROFILE": "ignoring"], config: config)
                == "https://ecs.eu-west-1.amazonaws.com")
    }

    @Test(arguments: [
        "127.0.0.1:4566", "ftp://x", "http://", "http://:80", "http://a?b", "http://u@h", "http://a b", "http://h#f",
    ])
    func malformedEndpointsAreUsageErrors(url: String) {
        let failure = #expect(throws: Failure.self) { try endpoint(Samples.ecs, ["AWS_ENDPOINT_URL": url]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("environment AWS_ENDPOINT_URL") == true)
    }

    // MARK: region

    private func region(_ layers: [SettingLayer], config: String? = nil) throws -> SettingLayer.Setting {
        try Samples.settings(layers, files: config.map { ["/home/u/.aws/config": $0] } ?? [:]).region()
    }

    @Test func regionsComeFromTheHighestLayer() throws {
        let file = Samples.layer(["AWS_DEFAULT_REGION": "eu-west-2"], "env file")
        let environment = Samples.layer(["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-3"])
        #expect(try region([file, environment], config: config).origin == "env file AWS_DEFAULT_REGION")
        #expect(try region([environment], config: config).value == "eu-west-1")
        #expect(
            try region([], config: config)
                == .init(value: "eu-central-1", origin: "profile default, /home/u/.aws/config:2"))
        #expect(Samples.settings([file, environment], files: [:]).value("AWS_REGION")?.value == "eu-west-1")
    }

    @Test func aProfileOfALowerLayerDoesNotLendItsRegionToOtherKeys() throws {
        let keys = Samples.layer(["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"], "env file")
        let environment = Samples.layer(["AWS_PROFILE": "other"])
        let failure = #expect(throws: Failure.self) {
            try region([keys, environment], config: "[profile other]\nregion = eu-west-1")
        }
        #expect(failure?.kind == .usage)
        #expect(failure?.hint?.contains("--region") == true)
    }

    @Test(arguments: ["eu west", "evil.example/x", "-eu", "eu-", "eü-west-1", "a@b", String(repeating: "x", count: 64)])
    func regionsCanNotNameOtherHosts(name: String) {
        #expect(throws: Failure.self) { try region([Samples.layer(["AWS_REGION": name])]) }
    }

    @Test(arguments: ["0", "-1", "x", "101"])
    func attemptsMustBeANumber(text: String) {
        let failure = #expect(throws: Failure.self) {
            try Samples.settings(["AWS_MAX_ATTEMPTS": text]).maximumAttempts()
        }
        #expect(failure?.kind == .usage)
    }

    @Test func attemptsComeFromSettingsThenTheProfile() throws {
        #expect(try Samples.settings([:]).maximumAttempts() == 3)
        let files = ["/home/u/.aws/config": "[default]\nmax_attempts = 5"]
        #expect(try Samples.settings([], files: files).maximumAttempts() == 5)
        #expect(try Samples.settings([Samples.layer(["AWS_MAX_ATTEMPTS": "7"])], files: files).maximumAttempts() == 7)
    }
}

/// AWS's published endpoint cases, as far as they are regular: a region of a partition that fgctl knows, nothing else asked.
struct EndpointVectorTests {
    private struct Suite: Decodable {
        struct Case: Decodable {
            struct Params: Decodable {
                var Region: String?
                var UseFIPS: Bool?
                var UseDualStack: Bool?
                var UseGlobalEndpoint: Bool?
                var Endpoint: String?
            }
            struct Expect: Decodable {
                struct Endpoint: Decodable { var url: String }
                var endpoint: Endpoint?
            }
            var params: Params?
            var expect: Expect
        }
        var testCases: [Case]
    }

    private static let folder: String = SigV4VectorTests.folder.replacing("/aws4_testsuite", with: "/endpoints")
    private static var isThere: Bool { FileManager.default.fileExists(atPath: folder) }

    @Test(.enabled(if: isThere, "skipped: no vectors"), arguments: [Samples.ecs, Samples.sts, Samples.cloudFormation])
    func regularRegions(service: Service) throws {
        let data = try Data(contentsOf: URL(filePath: "\(Self.folder)/\(service.name).json"))
        var count = 0
        for test in try JSONDecoder().decode(Suite.self, from: data).testCases {
            guard let params = test.params, let region = params.Region, let expected = test.expect.endpoint?.url,
                params.UseFIPS != true, params.UseDualStack != true, params.UseGlobalEndpoint != true,
                params.Endpoint == nil, !region.hasPrefix("us-iso"), !region.hasSuffix("-global"),
                !region.hasPrefix("eu-iso"), !region.hasPrefix("eusc-")
            else { continue }
            count += 1
            let found = try Endpoint.resolve(service, settings: Samples.settings(["AWS_REGION": region]))
            #expect(found.base == expected, "\(region)")
        }
        #expect(count > 3)
    }
}

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
}
