import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import AWS

struct RegionTests {
    private let config = "[default]\nregion = eu-central-1"

    private func region(_ layers: [SettingLayer], config: String? = nil) throws -> SettingLayer.Setting? {
        try Samples.settings(layers, files: config.map { ["/home/u/.aws/config": $0] } ?? [:]).namedRegion()
    }

    @Test func regionsComeFromTheHighestLayer() throws {
        let file = Samples.layer(["AWS_DEFAULT_REGION": "eu-west-2"], "env file")
        let environment = Samples.layer(["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-3"])
        #expect(try region([file, environment], config: config)?.origin == "env file AWS_DEFAULT_REGION")
        #expect(try region([environment], config: config)?.value == "eu-west-1")
        #expect(
            try region([], config: config)
                == .init(value: "eu-central-1", origin: "profile default, /home/u/.aws/config:2"))
        #expect(Samples.settings([file, environment], files: [:]).value("AWS_REGION")?.value == "eu-west-1")
    }

    @Test func aProfileOfALowerLayerDoesNotLendItsRegionToOtherKeys() throws {
        let keys = Samples.layer(["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"], "env file")
        let environment = Samples.layer(["AWS_PROFILE": "other"])
        #expect(try region([keys, environment], config: "[profile other]\nregion = eu-west-1") == nil)
    }

    @Test(arguments: ["eu west", "evil.example/x", "-eu", "eu-", "eü-west-1", "a@b", String(repeating: "x", count: 64)])
    func regionsCanNotNameOtherHosts(name: String) {
        #expect(throws: Failure.self) { try region([Samples.layer(["AWS_REGION": name])]) }
    }

    private func clientRegion(
        _ values: [String: String], _ responder: @escaping StubTransport.Responder
    ) async -> (Result<SettingLayer.Setting, any Error>, Int) {
        let (client, stub) = AWSClient.stub(Samples.settings(values), responder)
        let result: Result<SettingLayer.Setting, any Error>
        do { result = .success(try await client.regionSetting()) } catch { result = .failure(error) }
        // The answer is kept.
        _ = try? await client.regionSetting()
        return (result, stub.requests.count)
    }

    @Test func theMachineNamesTheRegionWhenNothingElseDoes() async throws {
        let (found, count) = await clientRegion([:]) { request, _ in
            .text(200, request.method == "PUT" ? "token" : "ap-south-2")
        }
        #expect(try found.get() == .init(value: "ap-south-2", origin: "instance metadata service"))
        #expect(count == 2)
    }

    @Test func aNamedRegionAsksNobody() async throws {
        let (found, count) = await clientRegion(["AWS_REGION": "eu-west-1"]) { _, _ in .text(200, "x") }
        #expect(try found.get().value == "eu-west-1")
        #expect(count == 0)
    }

    @Test(arguments: [("true", 200, 0), ("false", 404, 1)])
    func noRegionAnywhere(disabled: String, status: Int, requests: Int) async throws {
        let (found, count) = await clientRegion(["AWS_EC2_METADATA_DISABLED": disabled]) { _, _ in .text(status, "x") }
        let failure = #expect(throws: Failure.self) { try found.get() }
        #expect(failure?.kind == .usage)
        #expect(failure?.hint?.contains("--region") == true)
        #expect(count == requests)
    }

    @Test func theMachineCanNotNameAnotherHost() async throws {
        let (found, _) = await clientRegion([:]) { request, _ in
            .text(200, request.method == "PUT" ? "token" : "evil.example/")
        }
        #expect(throws: Failure.self) { try found.get() }
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
