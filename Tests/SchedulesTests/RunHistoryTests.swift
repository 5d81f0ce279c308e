import AWS
import AWSServices
import Schedules
import Synchronization
import TestSupport
import Testing

/// What is read of a family's tasks and log.
struct RunHistoryTests {
    private typealias Answer = StubAWS.Answer

    private static let definition = Answer(
        """
        {"taskDefinition":{"family":"nightly","containerDefinitions":[{"name":"nightly","logConfiguration":
        {"logDriver":"awslogs","options":{"awslogs-group":"/ecs/nightly","awslogs-stream-prefix":"ecs"}}}]}}
        """)
    private static let denied = [Answer(#"{"__type":"AccessDeniedException","message":"not you"}"#, status: 400)]

    private func read(_ aws: StubAWS) async throws -> (evidence: RunEvidence, warnings: [String]) {
        let warnings = Mutex<[String]>([])
        let evidence = try await RunHistory(aws.client).evidence(cluster: "nightly", family: "nightly") { line in
            warnings.withLock { $0.append(line) }
        }
        return (evidence, warnings.withLock { $0 })
    }

    @Test func readsTasksByTheHundred() async throws {
        func page(_ range: Range<Int>, more: Bool) -> Answer {
            let arns = range.map { #""arn:aws:ecs:us-east-1:123456789012:task/nightly/t\#($0)""# }
            return Answer(#"{"taskArns":[\#(arns.joined(separator: ","))]\#(more ? #","nextToken":"n""# : "")}"#)
        }
        let aws = StubAWS([
            "ListTasks": [page(0..<100, more: true), page(100..<120, more: false), page(120..<121, more: false)],
            "DescribeTasks": [Answer(#"{"tasks":[{"taskArn":"t"}]}"#)], "DescribeTaskDefinition": [Self.definition],
            "DescribeLogStreams": [
                Answer(#"{"logStreams":[{"logStreamName":"ecs/nightly/a"},{"logStreamName":"ecs/sidecar/a"}]}"#)
            ],
        ])
        let (evidence, warnings) = try await read(aws)
        #expect(warnings.isEmpty)
        #expect(evidence.tasks?.count == 2)
        #expect(aws.bodies("DescribeTasks").map { $0.count { $0 == "/" } } == [200, 42])
        #expect(
            try aws.bodies("ListTasks").map { try json($0)["desiredStatus"]?.text } == [
                "RUNNING", "RUNNING", "STOPPED",
            ])
        #expect(evidence.streams?.compactMap(\.logStreamName) == ["ecs/nightly/a"])
        #expect(!evidence.hasMoreStreams)
    }

    @Test func saysWhatMayNotBeLookedInto() async throws {
        let (evidence, warnings) = try await read(
            StubAWS([
                "ListTasks": Self.denied, "DescribeTaskDefinition": [Self.definition],
                "DescribeLogStreams": Self.denied,
            ]))
        #expect(evidence.tasks == nil && evidence.streams == nil && evidence.definition != nil)
        #expect(warnings.count == 2)
        #expect(warnings.first?.contains("the tasks of cluster nightly") == true)
    }

    @Test func whatIsGoneHasNoRuns() async throws {
        let (evidence, warnings) = try await read(
            StubAWS([
                "ListTasks": [Answer(#"{"__type":"ClusterNotFoundException","message":"no"}"#, status: 400)],
                "DescribeTaskDefinition": [Answer(#"{"__type":"ClientException","message":"no"}"#, status: 400)],
            ]))
        #expect(evidence.tasks?.isEmpty == true && evidence.definition == nil && evidence.streams == nil)
        #expect(warnings.isEmpty)
    }

    @Test func otherErrorsAreErrors() async throws {
        let aws = StubAWS([
            "ListTasks": [Answer(#"{"__type":"InvalidParameterException","message":"no"}"#, status: 400)]
        ])
        await #expect(throws: AWSError.self) { try await read(aws) }
    }
}
