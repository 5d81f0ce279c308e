import AWS
import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import Setup

struct ReachabilityTests {
    @Test(arguments: [
        (HTTPError.cannotConnect(host: "h", reason: "the name cannot be resolved"), Reachability.Trouble.name),
        (.timedOut(reason: "Resolving timed out after 4000 milliseconds", sent: false), .name),
        (.timedOut(reason: "Connection timed out after 4000 milliseconds", sent: false), .noAnswer),
        (.timedOut(reason: "no byte", sent: true), .noAnswer),
        (.cannotConnect(host: "h", reason: "connection refused"), .refused),
        (.cannotConnect(host: "h", reason: "connection timed out"), .noAnswer),
        (.cannotConnect(host: "h", reason: "Could not resolve proxy: p"), .proxy),
        (.cannotConnect(host: "h", reason: "CONNECT tunnel failed, response 403"), .proxy),
        (.cannotConnect(host: "h", reason: "network is unreachable"), .other),
        (.tls(host: "h", reason: "certificate"), .tls),
        (.connectionLost(reason: "reset"), .other),
    ])
    func troubles(error: HTTPError, expected: Reachability.Trouble) {
        #expect(Reachability.trouble(error) == expected)
    }

    private func client(_ answer: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse) -> AWSClient {
        let values = ["AWS_REGION": "eu-west-1"].mapValues { SettingLayer.Setting(value: $0, origin: "test") }
        return AWSClient(
            settings: AWSSettings(layers: [SettingLayer(name: "test", values: values)], home: nil) { _ in nil },
            transport: StubTransport { request, _ in try answer(request) })
    }

    @Test func everyServiceIsAskedOnceWithoutSignature() async throws {
        let asked = StubTransport { _, _ in .text(403, "", headers: ["Date": "Thu, 01 Jan 2026 00:00:00 GMT"]) }
        let values = ["AWS_REGION": "eu-west-1"].mapValues { SettingLayer.Setting(value: $0, origin: "test") }
        let client = AWSClient(
            settings: AWSSettings(layers: [SettingLayer(name: "test", values: values)], home: nil) { _ in nil },
            transport: asked)
        let reach = try await Reachability.look(client, proxied: false)
        #expect(reach.result().status == .ok)
        #expect(reach.result().detail.hasPrefix("9 services answer at 9 endpoints"))
        #expect(reach.sts?.serverDate?.timeIntervalSince1970 == 1_767_225_600)
        #expect(asked.requests.count == 9)
        for request in asked.requests {
            #expect(request.method == "HEAD")
            #expect(request.headers["Authorization"] == nil)
            #expect(request.timeouts.total == .seconds(4))
        }
    }

    @Test func whatFailsAlikeIsSaidOnce() async throws {
        let reach = try await Reachability.look(
            client { request in
                if request.url.contains("ecs.") || request.url.contains("logs.") {
                    throw HTTPError.timedOut(reason: "no answer", sent: false)
                }
                if request.url.contains("s3.") { throw HTTPError.tls(host: "s3", reason: "self-signed") }
                return .text(200, "")
            }, proxied: false)
        let result = reach.result()
        #expect(result.status == .failed)
        #expect(
            result.detail == """
                no answer: timed out: no answer: ecs at https://ecs.eu-west-1.amazonaws.com; logs at \
                https://logs.eu-west-1.amazonaws.com; TLS: no secure connection: self-signed: s3 at \
                https://s3.eu-west-1.amazonaws.com
                """)
        #expect(result.advice?.contains("VPC endpoint") == true)
    }

    @Test func aProxysRefusalIsTheProxys() async throws {
        let reach = try await Reachability.look(client { _ in .text(407, "") }, proxied: true)
        #expect(reach.result().detail.hasPrefix("proxy: the proxy wants a login"))
        #expect(reach.result().advice?.contains("HTTPS_PROXY") == true)
        #expect(reach.sts == nil)
    }
}
