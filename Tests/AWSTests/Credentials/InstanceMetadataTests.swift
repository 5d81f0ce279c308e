import HTTP
import Support
import TestSupport
import Testing

@testable import AWS

struct InstanceMetadataTests {
    private let path = "latest/meta-data/placement/region"

    private func metadata(
        _ values: [String: String] = [:], config: String? = nil, _ responder: @escaping StubTransport.Responder
    ) -> (InstanceMetadata, StubTransport) {
        let files = config.map { ["/home/u/.aws/config": $0] } ?? [:]
        let stub = StubTransport(responder)
        return (
            InstanceMetadata(settings: Samples.settings([Samples.layer(values)], files: files), transport: stub), stub
        )
    }

    @Test func asksForATokenFirst() async throws {
        let (metadata, stub) = metadata { request, _ in
            .text(200, request.method == "PUT" ? "TOKEN" : "eu-west-1")
        }
        #expect(try await metadata.text(at: path) == "eu-west-1")
        let token = try #require(stub.requests.first)
        #expect(token.method == "PUT")
        #expect(token.url == "http://169.254.169.254/latest/api/token")
        #expect(token.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        #expect(token.timeouts.total == .seconds(1))
        #expect(!token.usesProxy)
        let question = try #require(stub.requests.last)
        #expect(question.url == "http://169.254.169.254/latest/meta-data/placement/region")
        #expect(question.headers["x-aws-ec2-metadata-token"] == "TOKEN")
    }

    @Test(arguments: [
        ([:], "http://169.254.169.254"),
        (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], "http://[fd00:ec2::254]"),
        (["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9/"], "http://127.0.0.1:9"),
        (
            [
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv6",
            ], "http://127.0.0.1:9"
        ),
    ])
    func asksWhereTheSettingsSay(values: [String: String], base: String) async throws {
        let (metadata, stub) = metadata(values) { _, _ in .text(200, "x") }
        _ = try await metadata.text(at: path)
        #expect(stub.requests.map(\.url) == ["\(base)/latest/api/token", "\(base)/\(path)"])
    }

    @Test func theProfileMaySayWhereAndHow() async throws {
        let config = """
            [default]
            ec2_metadata_service_endpoint = http://localhost:8
            metadata_service_timeout = 3
            metadata_service_num_attempts = 2
            """
        let (metadata, stub) = metadata(config: config) { _, _ in throw HTTPError.connectionLost(reason: "x") }
        await #expect(throws: InstanceMetadataError.noAnswer("http://localhost:8", "connection lost: x")) {
            try await metadata.text(at: path)
        }
        #expect(stub.requests.count == 2)
        #expect(stub.requests.first?.timeouts.connect == .seconds(3))
    }

    @Test func version1IsAskedOnlyWhenAskedFor() async throws {
        let responder: StubTransport.Responder = { request, _ in
            request.method == "PUT" ? .text(404, "") : .text(200, "eu-west-1")
        }
        let (strict, strictStub) = metadata([:], responder)
        await #expect(
            throws: InstanceMetadataError.noAnswer("http://169.254.169.254", "HTTP 404 instead of a token")
        ) { try await strict.text(at: path) }
        #expect(strictStub.requests.map(\.method) == ["PUT"])
        let (lax, laxStub) = metadata(["AWS_EC2_METADATA_V1_DISABLED": "false"], responder)
        #expect(try await lax.text(at: path) == "eu-west-1")
        #expect(laxStub.requests.last?.headers["x-aws-ec2-metadata-token"] == nil)
    }

    @Test func turnedOffMeansNothingIsSent() async {
        let (metadata, stub) = metadata(["AWS_EC2_METADATA_DISABLED": "TRUE"]) { _, _ in .text(200, "x") }
        await #expect(throws: InstanceMetadataError.disabled("environment AWS_EC2_METADATA_DISABLED")) {
            try await metadata.text(at: path)
        }
        #expect(stub.requests.isEmpty)
    }

    @Test func whatIsNotThereIsSaidAtOnce() async {
        let (metadata, stub) = metadata(["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "5"]) { request, _ in
            request.method == "PUT" ? .text(200, "T") : .text(404, "")
        }
        await #expect(throws: InstanceMetadataError.notThere("http://169.254.169.254/\(path)")) {
            try await metadata.text(at: path)
        }
        #expect(stub.requests.count == 2)
    }

    @Test func otherErrorsAreAskedAgain() async throws {
        let (metadata, stub) = metadata(["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"]) { request, index in
            if request.method == "PUT" { return .text(200, "T") }
            return index < 3 ? .text(503, "") : .text(200, "eu-west-1")
        }
        #expect(try await metadata.text(at: path) == "eu-west-1")
        #expect(stub.requests.count == 4)
    }

    @Test(arguments: [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://a@b"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv5"), ("AWS_METADATA_SERVICE_TIMEOUT", "soon"),
        ("AWS_METADATA_SERVICE_TIMEOUT", "nan"), ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "0"),
    ])
    func unusableSettingsAreNamed(name: String, value: String) async {
        let (metadata, _) = metadata([name: value]) { _, _ in .text(200, "x") }
        let failure = await #expect(throws: Failure.self) { try await metadata.text(at: path) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("(environment \(name))") == true)
    }
}
