import Services
import Support
import TestSupport
import Testing

struct ServiceNamesTests {
    private static let names = ServiceNames(
        cluster: "nightly",
        services: [
            "nightly_webserver", "daemon", "other-daemon", "nightly-UsercodeService-1A2b3C4d5E6f", "a-web", "b-web",
            "hook",
        ],
        stack: "nightly",
        outputs: [("HookServiceName", "b-web"), ("ClusterName", "nightly"), ("GoneService", "not-there")])

    @Test(arguments: [
        ("nightly_webserver", "nightly_webserver", nil),
        ("webserver", "nightly_webserver", "ends so"),
        ("daemon", "daemon", nil),
        ("usercode", "nightly-UsercodeService-1A2b3C4d5E6f", "ends so"),
        ("UsercodeService", "nightly-UsercodeService-1A2b3C4d5E6f", "ends so"),
        // The exact name wins over an output.
        ("hook", "hook", nil),
        ("HookServiceName", "b-web", "output HookServiceName"),
        ("arn:aws:ecs:eu-west-1:111122223333:service/nightly/daemon", "daemon", nil),
    ])
    func means(_ word: String, _ name: String, _ note: String?) throws {
        let match = try #require(try Self.names.resolve([word]).first)
        #expect(match.name == name)
        #expect(match.note == nil || note.map { match.note?.contains($0) == true } == true)
        #expect((match.note == nil) == (note == nil))
    }

    @Test func twoMatchesAreAnErrorWithBoth() {
        let failure = #expect(throws: Failure.self) { try Self.names.resolve(["web"]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message == "service web can mean a-web or b-web")
    }

    @Test(arguments: ["eb", "ebserver", "gone", "nightly"])
    func partsOfWordsMeanNothing(_ word: String) {
        let failure = #expect(throws: Failure.self) { try Self.names.resolve([word]) }
        #expect(failure?.kind == .failed)
        #expect(failure?.hint?.contains("it has: a-web, b-web, daemon") == true)
    }

    @Test func oneServiceIsNamedOnce() {
        let failure = #expect(throws: Failure.self) { try Self.names.resolve(["webserver", "nightly_webserver"]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("'webserver' and 'nightly_webserver'") == true)
    }

    @Test func outputsAreAskedForOnlyWhereNeeded() async throws {
        let service = #"{"serviceName": "nightly-Web-1A2b3C4d5E6f", "status": "ACTIVE"}"#
        let aws = StubAWS([
            "DescribeServices": [
                .init(#"{"services": [], "failures": [{"reason": "MISSING"}]}"#),
                .init(#"{"services": [\#(service)]}"#),
            ],
            "ListServices": [.init(#"{"serviceArns": ["arn:aws:ecs:r:1:service/c/nightly-Web-1A2b3C4d5E6f"]}"#)],
            "DescribeStacks": [
                .init(
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>",
                    status: 403)
            ],
        ])
        let directory = ServiceDirectory(aws.client, cluster: "c", stack: "nightly")
        #expect(try await directory.find(["web"]).map(\.name) == ["nightly-Web-1A2b3C4d5E6f"])
        #expect(aws.operations == ["DescribeServices", "ListServices", "DescribeStacks", "DescribeServices"])
        #expect(try await directory.find(["nightly-Web-1A2b3C4d5E6f"]).map(\.note) == [nil])
        #expect(aws.operations.count == 5)
    }

    @Test func aClusterThatIsNotThereIsSaid() async throws {
        let gone = StubAWS.Answer(
            #"{"__type": "ClusterNotFoundException", "message": "Cluster not found."}"#, status: 400)
        let aws = StubAWS(["ListServices": [gone], "DescribeServices": [gone]])
        let directory = ServiceDirectory(aws.client, cluster: "nowhere", stack: nil)
        for look in [{ try await directory.all() }, { try await directory.find(["web"]) }] {
            let failure = await #expect(throws: Failure.self) { _ = try await look() }
            #expect(failure?.kind == .failed)
            #expect(failure?.message == "find services: cluster nowhere does not exist")
        }
    }
}
