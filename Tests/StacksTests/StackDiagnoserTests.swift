import AWSServices
import TestSupport
import Testing
import Watch

@testable import Stacks

/// Diagnoses against an AWS from a script.
struct StackDiagnoserTests {
    private static func event(
        _ id: String, _ logical: String, _ type: String, _ status: String, _ reason: String = "", physical: String = "",
        stack: String = "arn:new"
    ) -> String {
        """
        <member><StackId>\(stack)</StackId><EventId>\(id)</EventId><StackName>nightly</StackName>
        <LogicalResourceId>\(logical)</LogicalResourceId><PhysicalResourceId>\(physical)</PhysicalResourceId>
        <ResourceType>\(type)</ResourceType><Timestamp>2026-01-01T07:50:31Z</Timestamp>
        <ResourceStatus>\(status)</ResourceStatus><ResourceStatusReason>\(reason)</ResourceStatusReason></member>
        """
    }

    /// Newest first.
    private static func page(_ events: String...) -> StubAWS.Answer {
        .init(
            "<R><DescribeStackEventsResult><StackEvents>\(events.joined())</StackEvents></DescribeStackEventsResult></R>"
        )
    }

    private func diagnose(_ answers: [String: [StubAWS.Answer]], status: String) async throws -> Diagnosis {
        let aws = StubAWS(answers)
        return try await StackDiagnoser(client: aws.client).diagnose(
            stack: try Samples.stack(status), cluster: "nightly")
    }

    private static let stackType = "AWS::CloudFormation::Stack"
    private static let begin = event("1", "nightly", stackType, "CREATE_IN_PROGRESS", "User Initiated")
    private static let noTasks = StubAWS.Answer(#"{"taskArns": []}"#)

    @Test func theCauseInNestedStacksHasItsPath() async throws {
        let inner = "arn:aws:cloudformation:r:1:stack/inner/1"
        let diagnosis = try await diagnose(
            [
                "DescribeStackEvents": [
                    Self.page(
                        Self.event("5", "nightly", Self.stackType, "ROLLBACK_COMPLETE"),
                        Self.event("4", "Other", "AWS::SNS::Topic", "CREATE_FAILED", "Resource creation cancelled"),
                        Self.event(
                            "3", "Inner", Self.stackType, "CREATE_FAILED", "Embedded stack failed", physical: inner),
                        Self.begin),
                    Self.page(
                        Self.event(
                            "i3", "Queue", "AWS::SQS::Queue", "CREATE_FAILED", "Resource creation cancelled",
                            stack: inner),
                        Self.event(
                            "i2", "Bus", "AWS::Events::EventBus", "CREATE_FAILED", "it already exists", stack: inner),
                        Self.event("i1", "nightly", Self.stackType, "CREATE_IN_PROGRESS", physical: inner, stack: inner)
                    ),
                ], "ListTasks": [Self.noTasks],
            ], status: "ROLLBACK_COMPLETE")
        #expect(diagnosis.cause?.path == ["Inner", "Bus"])
        #expect(diagnosis.causeText == "Inner/Bus (AWS::Events::EventBus): it already exists")
        #expect(diagnosis.others.isEmpty)
        #expect(diagnosis.findings.map(\.kind) == [.nameTaken])
    }

    private static let service = "arn:aws:ecs:eu-west-1:1:service/nightly/web"
    private static let failing = page(
        event("3", "nightly", stackType, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Web]"),
        event("2", "Web", "AWS::ECS::Service", "CREATE_FAILED", "Exceeded attempts to wait", physical: service), begin)

    /// An update that failed may leave the service's ARN to the event of its rollback.
    private static let rolledBack = page(
        event("4", "Web", "AWS::ECS::Service", "UPDATE_COMPLETE", physical: service),
        event(
            "3", "nightly", stackType, "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to update: [Web]"),
        event("2", "Web", "AWS::ECS::Service", "UPDATE_FAILED", "Circuit Breaker was triggered"), begin)

    @Test(arguments: [(failing, "ROLLBACK_IN_PROGRESS"), (rolledBack, "UPDATE_ROLLBACK_IN_PROGRESS")])
    func aFailingServiceIsToldByItsTasks(events: StubAWS.Answer, status: String) async throws {
        let task = #"""
            {"tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:1:task/nightly/0a", "taskDefinitionArn": "web:1",
            "lastStatus": "STOPPED", "stopCode": "EssentialContainerExited", "startedAt": 1, "stoppedAt": 2,
            "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "web", "exitCode": 1, "lastStatus": "STOPPED"}]}], "failures": []}
            """#
        let definition = #"""
            {"taskDefinition": {"family": "web", "containerDefinitions": [{"name": "web", "essential": true,
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web",
            "awslogs-stream-prefix": "ecs"}}}]}}
            """#
        let diagnosis = try await diagnose(
            [
                "DescribeStackEvents": [events],
                "ListTasks": [.init(#"{"taskArns": ["arn:aws:ecs:eu-west-1:1:task/nightly/0a"]}"#)],
                "DescribeTasks": [.init(task)], "DescribeTaskDefinition": [.init(definition)],
                "GetLogEvents": [.init(#"{"events": [{"message": "no such table"}]}"#)],
            ], status: status)
        #expect(diagnosis.cause?.path == ["Web"])
        #expect(diagnosis.causeText?.hasSuffix("container web ended with 1") == true)
        #expect(diagnosis.tasks.first?.logs.first?.lines == ["no such table"])
        #expect(diagnosis.tasks.first?.logs.first?.stream == "ecs/web/0a")
        #expect(diagnosis.notes.isEmpty)
    }

    /// ECS goes on naming what tasks of an earlier deployment did.
    @Test func tasksFromBeforeTheOperationAreNotItsCause() async throws {
        func answers(made: Int) -> [String: [StubAWS.Answer]] {
            [
                "DescribeStackEvents": [Self.rolledBack],
                "ListTasks": [.init(#"{"taskArns": ["arn:aws:ecs:eu-west-1:1:task/nightly/0a"]}"#)],
                "DescribeServices": [Self.services(status: "ACTIVE")],
                "DescribeTasks": [
                    .init(
                        #"""
                        {"tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:1:task/nightly/0a", "taskDefinitionArn": "web:1",
                        "lastStatus": "STOPPED", "createdAt": \#(made), "stoppedAt": 1800000000,
                        "containers": [{"name": "web", "exitCode": 1}]}], "failures": []}
                        """#)
                ],
                "DescribeTaskDefinition": [
                    .init(#"{"taskDefinition": {"containerDefinitions": [{"name": "web", "essential": true}]}}"#)
                ],
            ]
        }
        func diagnose(made: Int) async throws -> Diagnosis {
            let aws = StubAWS(answers(made: made))
            let events = try await StackEvents(CloudFormation(aws.client)).lastOperation(of: "arn:new").events
            return await StackDiagnoser(client: aws.client).diagnose(
                stack: "nightly", id: "arn:new", status: .updateRollbackComplete, events: events, keptEvidence: false)
        }
        // The operation began on 2026-01-01 at 07:50:31.
        #expect(try await diagnose(made: 1_767_253_832).tasks.count == 1)
        let before = try await diagnose(made: 1_767_253_830)
        #expect(before.tasks.isEmpty && before.causeText?.hasSuffix("Circuit Breaker was triggered") == true)
        #expect(before.notes.first?.contains("that failed in this operation") == true)
    }

    /// How ECS answers for a service that is gone: what ListTasks says, and what DescribeServices.
    private static let gone: [(StubAWS.Answer, StubAWS.Answer)] = [
        (refused("ServiceNotFoundException"), services(status: nil)), (noTasks, services(status: nil)),
        (noTasks, services(status: "INACTIVE")), (noTasks, services(status: "DRAINING")),
        (noTasks, refused("ClusterNotFoundException")),
    ]

    private static func refused(_ code: String) -> StubAWS.Answer {
        .init(#"{"__type": "\#(code)", "message": "it is not there"}"#, status: 400)
    }

    private static func services(status: String?) -> StubAWS.Answer {
        guard let status else {
            return .init(#"{"services": [], "failures": [{"arn": "\#(service)", "reason": "MISSING"}]}"#)
        }
        return .init(#"{"services": [{"serviceName": "web", "status": "\#(status)"}], "failures": []}"#)
    }

    @Test(arguments: gone)
    func destroyedEvidenceIsSaidWithTheFlagThatKeepsIt(
        tasks: StubAWS.Answer, services: StubAWS.Answer
    ) async throws {
        let diagnosis = try await diagnose(
            [
                "DescribeStackEvents": [Self.failing], "ListTasks": [tasks, Self.noTasks],
                "DescribeServices": [services],
            ], status: "ROLLBACK_COMPLETE")
        #expect(diagnosis.notes.count == 1)
        #expect(diagnosis.notes.first?.contains("has deleted service Web") == true)
        #expect(diagnosis.hint?.contains("--no-rollback") == true)
    }

    @Test func theRollbackOfAnUpdateHasDeletedNothing() async throws {
        let diagnosis = try await diagnose(
            [
                "DescribeStackEvents": [Self.rolledBack], "ListTasks": [Self.noTasks],
                "DescribeServices": [Self.services(status: "ACTIVE")],
            ], status: "UPDATE_ROLLBACK_COMPLETE")
        #expect(diagnosis.notes.count == 1)
        #expect(diagnosis.notes.first?.contains("ECS knows no task of service Web that failed") == true)
    }

    @Test func aLookUpThatFailsHidesNothing() async throws {
        let denied = StubAWS.Answer(#"{"__type": "AccessDeniedException", "message": "not you"}"#, status: 400)
        let diagnosis = try await diagnose(
            ["DescribeStackEvents": [Self.failing], "ListTasks": [denied]], status: "CREATE_FAILED")
        #expect(diagnosis.cause?.reason == "Exceeded attempts to wait")
        #expect(diagnosis.notes.allSatisfy { $0.contains("could not be looked at") })
        #expect(!diagnosis.notes.isEmpty)
    }

    @Test func whatIsStuckIsListedOnce() async throws {
        let diagnosis = try await diagnose(
            [
                "DescribeStackEvents": [
                    Self.page(
                        Self.event("4", "nightly", Self.stackType, "DELETE_FAILED", "it failed"),
                        Self.event("3", "Net", "AWS::EC2::VPC", "DELETE_FAILED", "it has dependencies"),
                        Self.event("2", "Net", "AWS::EC2::VPC", "DELETE_FAILED", "it has dependencies"),
                        Self.event("1", "nightly", Self.stackType, "DELETE_IN_PROGRESS", "User Initiated"))
                ], "ListTasks": [Self.noTasks],
            ], status: "DELETE_FAILED")
        #expect(diagnosis.stuck == ["Net"])
    }
}
