import AWS
import AWSServices
import FoundationEssentials
import Schedules
import Support
import Synchronization
import TestSupport
import Testing

@testable import Flows

/// Schedules follow the stacks that they name things of.
struct SchedulesAfterChangeTests {
    private static let definition = "arn:aws:ecs:eu-west-1:1:task-definition/nightly"

    private static func stack(_ name: String, outputs: [String: String]) throws -> CloudFormation.Stack {
        let outputs = outputs.map { #"{"outputKey": "\#($0)", "outputValue": "\#($1)"}"# }
        return try JSONDecoder().decode(
            CloudFormation.Stack.self,
            from: Data(
                """
                {"stackName": "\(name)", "creationTime": 0, "stackStatus": "UPDATE_COMPLETE",
                 "outputs": [\(outputs.joined(separator: ","))]}
                """.utf8))
    }

    private static func network(_ subnets: String) throws -> CloudFormation.Stack {
        try stack("net", outputs: ["SubnetIds": subnets, "SecurityGroupId": "sg-1"])
    }

    private static func task(container: String = "nightly") throws -> CloudFormation.Stack {
        try stack("nightly", outputs: outputs(container))
    }

    private static func outputs(_ container: String) -> [String: String] {
        [
            "ScheduleGroupName": "nightly", "ScheduleRoleArn": "arn:role", "ClusterArn": "arn:cluster",
            "TaskDefinitionArn": definition + ":7", "ContainerName": container,
        ]
    }

    private static func schedule(subnets: String, definition: String = definition) -> StubAWS.Answer {
        .init(
            #"""
            {"Name": "a", "GroupName": "nightly", "ScheduleExpression": "rate(1 hour)", "State": "DISABLED",
            "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": "arn:cluster", "RoleArn": "arn:role",
            "Input": "{\"containerOverrides\":[{\"name\":\"nightly\",\"command\":[\"x\"]}]}",
            "EcsParameters": {"TaskDefinitionArn": "\#(definition)", "NetworkConfiguration": {"awsvpcConfiguration":
            {"Subnets": ["\#(subnets)"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"}}}}}
            """#)
    }

    private static let list = StubAWS.Answer(#"{"Schedules": [{"Name": "a"}]}"#)
    private static let here = ECS.AwsVpcConfiguration(
        subnets: ["subnet-1"], securityGroups: ["sg-1"], assignPublicIp: "ENABLED")

    private func aws(_ schedule: StubAWS.Answer, _ more: [String: [StubAWS.Answer]] = [:]) -> StubAWS {
        StubAWS(
            [
                "GET /schedules": [Self.list], "GET /schedules/a": [schedule],
                "ListRules": [.init(#"{"Rules": []}"#)], "PUT /schedules/a": [.init(#"{"ScheduleArn": "arn:a"}"#)],
            ].merging(more) { $1 })
    }

    private func align(_ aws: StubAWS, _ stack: CloudFormation.Stack) async throws -> [ScheduleService.Pointing] {
        try await SchedulesAfterChange(aws.client) { _ in }.align(stack, network: Self.here)
    }

    @Test func whatIsRightIsNotWritten() async throws {
        let aws = aws(Self.schedule(subnets: "subnet-1"))
        let done = try await align(aws, try Self.task())
        #expect(done.map(\.schedule) == ["a"])
        #expect(done.allSatisfy { $0.changes.isEmpty && $0.skipped == nil })
        #expect(!aws.operations.contains("PUT /schedules/a"))
    }

    @Test func whatIsStoredByValueIsRewrittenAndAllElseStays() async throws {
        let aws = aws(Self.schedule(subnets: "subnet-old"))
        let done = try await align(aws, try Self.task(container: "job"))
        #expect(done.first?.changes.map(\.field) == ["subnets", "container"])
        let body = try #require(aws.bodies("PUT /schedules/a").first)
        for part in [
            #""Subnets":["subnet-1"]"#, #""AssignPublicIp":"DISABLED""#, #""State":"DISABLED""#, "rate(1 hour)",
            #"\"name\":\"job\""#, #"\"command\":[\"x\"]"#,
        ] {
            #expect(body.contains(part), "\(part) in \(body)")
        }
    }

    @Test func schedulesOfOtherTasksAreLeftAlone() async throws {
        let aws = aws(Self.schedule(subnets: "subnet-old", definition: "arn:aws:ecs:eu-west-1:1:task-definition/other"))
        let done = try await align(aws, try Self.task())
        #expect(done.first?.skipped == "it starts something else than the stack's task")
        #expect(!aws.operations.contains("PUT /schedules/a"))
    }

    @Test func aStackWithoutSchedulesNeedsNoNetwork() async throws {
        let aws = StubAWS(["GET /schedules": [.init(#"{"Schedules": []}"#)], "ListRules": [.init(#"{"Rules": []}"#)]])
        let done = try await SchedulesAfterChange(aws.client) { _ in }.align(try Self.task(), network: nil)
        #expect(done.isEmpty)
    }

    private static let users: StubAWS.Answer = {
        let outputs = Self.outputs("nightly").map {
            "<member><OutputKey>\($0)</OutputKey><OutputValue>\($1)</OutputValue></member>"
        }
        func member(_ name: String, _ network: String) -> String {
            """
            <member><StackName>\(name)</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
            <StackStatus>CREATE_COMPLETE</StackStatus><Outputs>\(outputs.joined())</Outputs>
            <Tags><member><Key>fgctl:network</Key><Value>\(network)</Value></member></Tags></member>
            """
        }
        return .init(
            """
            <R><DescribeStacksResult><Stacks>\(member("nightly", "net"))\(member("elsewhere", "net2"))</Stacks>
            </DescribeStacksResult></R>
            """)
    }()

    @Test func aNetworkThatMovesTakesItsUsersSchedulesAlong() async throws {
        let aws = aws(Self.schedule(subnets: "subnet-1"), ["DescribeStacks": [Self.users]])
        let done = try await SchedulesAfterChange(aws.client) { _ in }
            .align(usersOf: try Self.network("subnet-2"), before: try Self.network("subnet-1"))
        #expect(done.map { $0.changes.map(\.description) } == [["subnets: subnet-1 -> subnet-2"]])
    }

    @Test func schedulesOfOtherSubnetsStay() async throws {
        let aws = aws(Self.schedule(subnets: "subnet-own"), ["DescribeStacks": [Self.users]])
        let done = try await SchedulesAfterChange(aws.client) { _ in }
            .align(usersOf: try Self.network("subnet-2"), before: try Self.network("subnet-1"))
        #expect(done.isEmpty)
        #expect(!aws.operations.contains("PUT /schedules/a"))
    }

    @Test func aNetworkThatStaysIsNoReasonToLook() async throws {
        let aws = StubAWS([:])
        let network = try Self.network("subnet-1")
        let done = try await SchedulesAfterChange(aws.client) { _ in }.align(usersOf: network, before: network)
        #expect(done.isEmpty)
        #expect(aws.operations.isEmpty)
    }

    @Test func usersOfANetworkBearItsName() async throws {
        let aws = StubAWS(["DescribeStacks": [Self.users]])
        #expect(try await NetworkUsers(aws.client).stacks(of: "net").map(\.stackName) == ["nightly"])
    }
}
