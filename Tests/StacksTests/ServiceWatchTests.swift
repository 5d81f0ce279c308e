import AWSServices
import Support
import Synchronization
import TestSupport
import Testing

@testable import Stacks

/// Services whose tasks fail while CloudFormation waits for them.
struct ServiceWatchTests {
    private static let service = "arn:aws:ecs:eu-west-1:1:service/nightly/web"

    private func event(_ status: String, of name: String? = nil) throws -> CloudFormation.StackEvent {
        try Samples.decode(
            """
            {"stackId": "arn:new", "eventId": "1", "stackName": "nightly", "logicalResourceId": "\(name ?? "Web")",
             "physicalResourceId": "\(name.map { "arn:aws:ecs:eu-west-1:1:service/nightly/\($0)" } ?? Self.service)", "resourceType": "AWS::ECS::Service", "timestamp": 0,
             "resourceStatus": "\(status)"}
            """)
    }

    /// Stopped tasks 1 to `count`; the decoder's reference date is 2001, that of the events.
    private static func tasks(_ count: Int) -> [String: [StubAWS.Answer]] {
        let arns = (1...count).map { "arn:aws:ecs:eu-west-1:1:task/nightly/\($0)" }
        let tasks = arns.enumerated().map {
            #"""
            {"taskArn": "\#($1)", "taskDefinitionArn": "web:1", "lastStatus": "STOPPED", "stoppedAt": \#(2_000_000_000 + $0),
            "stopCode": "TaskFailedToStart",
            "stoppedReason": "CannotPullContainerError: failed to resolve ref r.example/web:9: not found",
            "containers": [{"name": "web", "lastStatus": "STOPPED"}]}
            """#
        }
        let list = arns.map { "\"\($0)\"" }.joined(separator: ",")
        return [
            "ListTasks": [.init(#"{"taskArns": [\#(list)]}"#)],
            "DescribeTasks": [.init(#"{"tasks": [\#(tasks.joined(separator: ","))], "failures": []}"#)],
            "DescribeTaskDefinition": [
                .init(
                    #"{"taskDefinition": {"family": "web", "containerDefinitions": [{"name": "web", "essential": true}]}}"#
                )
            ],
        ]
    }

    private func watch(_ aws: StubAWS) -> (ServiceWatch, shown: @Sendable () -> [String]) {
        let shown = Lines()
        let watch = ServiceWatch(
            client: aws.client, what: "create stack nightly", cancelHint: "delete it", show: { shown.add($0) })
        return (watch, { shown.all })
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    @Test func namesAFailedTaskOnceAndSoon() async throws {
        let aws = StubAWS(Self.tasks(1))
        let (watch, shown) = watch(aws)
        try await watch.look()
        try await watch.look()
        #expect(aws.operations.isEmpty)
        watch.note(try event("CREATE_IN_PROGRESS"))
        for _ in 0..<6 { try await watch.look() }
        #expect(shown().first == "  service Web: a task failed")
        #expect(shown().contains("  missing image: r.example/web:9"))
        #expect(shown().filter { $0.contains("a task failed") }.count == 1)
        // Every second look asks.
        #expect(aws.operations.filter { $0 == "ListTasks" }.count == 3)
    }

    @Test func givesUpOnAServiceThatKeepsFailing() async throws {
        let (watch, _) = watch(StubAWS(Self.tasks(3)))
        watch.note(try event("UPDATE_IN_PROGRESS"))
        try await watch.look()
        let failure = await #expect(throws: Failure.self) { try await watch.look() }
        #expect(failure?.kind == .failed)
        #expect(failure?.message.contains("service Web keeps failing") == true)
        #expect(failure?.message.contains("missing image: r.example/web:9") == true)
        #expect(failure?.hint?.contains("delete it") == true)
    }

    @Test func anUpdateIsEndedByItsService() async throws {
        let aws = StubAWS(Self.tasks(3))
        let watch = ServiceWatch(
            client: aws.client, what: "update stack nightly", cancelHint: nil, isUpdate: true, show: { _ in })
        #expect(watch.cancelHint == nil)
        watch.note(try event("UPDATE_IN_PROGRESS"))
        #expect(watch.cancelHint == "roll it back with 'fgctl service-rollback web'")
        try await watch.look()
        let failure = await #expect(throws: Failure.self) { try await watch.look() }
        #expect(failure?.hint?.contains("for hours: roll it back with 'fgctl service-rollback web'") == true)
    }

    /// However many services there are, a look asks for the tasks of their cluster once, and tells whose task failed.
    @Test func severalServicesCostOneLook() async throws {
        let task = #"""
            {"taskArn": "arn:aws:ecs:eu-west-1:1:task/nightly/1", "taskDefinitionArn": "web:1", "lastStatus": "STOPPED",
            "stoppedAt": 2000000000, "stopCode": "TaskFailedToStart", "stoppedReason": "CannotPullContainerError: x",
            "group": "service:api", "containers": [{"name": "web", "lastStatus": "STOPPED"}]}
            """#
        var answers = Self.tasks(1)
        answers["DescribeTasks"] = [.init(#"{"tasks": [\#(task)], "failures": []}"#)]
        let aws = StubAWS(answers)
        let (watch, shown) = watch(aws)
        for name in ["web", "api", "worker"] { watch.note(try event("CREATE_IN_PROGRESS", of: name)) }
        for _ in 0..<4 { try await watch.look() }
        #expect(aws.operations.filter { $0 == "ListTasks" }.count == 2)
        #expect(shown().filter { $0.contains("a task failed") } == ["  service api: a task failed"])
    }

    @Test func leavesSettledServicesAlone() async throws {
        let aws = StubAWS(Self.tasks(3))
        let (watch, shown) = watch(aws)
        watch.note(try event("CREATE_IN_PROGRESS"))
        watch.note(try event("CREATE_COMPLETE"))
        for _ in 0..<4 { try await watch.look() }
        #expect(aws.operations.isEmpty)
        #expect(shown().isEmpty)
    }

    @Test func aLookThatFailsIsNoFailureOfTheStack() async throws {
        let (watch, shown) = watch(StubAWS([:]))
        watch.note(try event("CREATE_IN_PROGRESS"))
        for _ in 0..<4 { try await watch.look() }
        #expect(shown().isEmpty)
    }
}
