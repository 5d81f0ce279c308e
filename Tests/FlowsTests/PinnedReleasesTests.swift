import ConfigSync
import TestSupport
import Testing

@testable import Flows

struct PinnedReleasesTests {
    private static func hash(_ digit: String) -> String { String(repeating: digit, count: 64) }

    private static let stack = StubAWS.Answer(
        """
        <R><DescribeStacksResult><Stacks><member><StackName>d</StackName><StackId>arn:stack/d/1</StackId>
        <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus>
        <Parameters><member><ParameterKey>ConfigRelease</ParameterKey><ParameterValue>\(hash("a"))</ParameterValue></member>
        </Parameters></member></Stacks></DescribeStacksResult></R>
        """)
    private static let resources = StubAWS.Answer(
        """
        <R><ListStackResourcesResult><StackResourceSummaries>
        <member><LogicalResourceId>T</LogicalResourceId><ResourceType>AWS::ECS::TaskDefinition</ResourceType>
        <PhysicalResourceId>arn:aws:ecs:us-east-1:1:task-definition/d-daemon:3</PhysicalResourceId>
        <ResourceStatus>UPDATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>
        <member><LogicalResourceId>S</LogicalResourceId><ResourceType>AWS::ECS::Service</ResourceType>
        <PhysicalResourceId>arn:aws:ecs:us-east-1:1:service/d/d-daemon</PhysicalResourceId>
        <ResourceStatus>UPDATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>
        </StackResourceSummaries></ListStackResourcesResult></R>
        """)

    private static func definition(_ command: String) -> StubAWS.Answer {
        .init(
            #"{"taskDefinition": {"taskDefinitionArn": "a", "containerDefinitions": [{"name": "config", "command": [\#(command)]}]}}"#
        )
    }

    @Test func whatTheStackAndItsTasksNameIsPinned() async throws {
        let aws = StubAWS([
            "DescribeStacks": [Self.stack], "ListStackResources": [Self.resources],
            "DescribeTaskDefinition": [
                Self.definition(#""config-pull", "/config", "--release", "\#(Self.hash("b"))""#),
                .init(#"{"__type": "ClientException", "message": "gone"}"#, status: 400),
                Self.definition(#""config-pull /config --release=\#(Self.hash("c"))""#),
            ],
        ])
        let found = try await PinnedReleases(aws.client, stack: "d").read()
        #expect(Set(found.map(\.text)) == [Self.hash("a"), Self.hash("b"), Self.hash("c")])
        #expect(aws.bodies("DescribeTaskDefinition").count == 3)
        #expect(aws.bodies("DescribeTaskDefinition")[1].contains(#""d-daemon:2""#))
    }

    @Test func withoutAStackNothingIs() async throws {
        let missing = StubAWS.Answer(
            "<R><Error><Code>ValidationError</Code><Message>Stack with id d does not exist</Message></Error></R>",
            status: 400)
        #expect(try await PinnedReleases(StubAWS(["DescribeStacks": [missing]]).client, stack: "d").read() == [])
    }

    @Test(arguments: ["DescribeStacks", "ListStackResources", "DescribeTaskDefinition"])
    func whoMayNotLookCannotTell(_ operation: String) async throws {
        var answers = [
            "DescribeStacks": [Self.stack], "ListStackResources": [Self.resources],
            "DescribeTaskDefinition": [Self.definition("")],
        ]
        answers[operation] = [
            operation.hasSuffix("Definition")
                ? .init(#"{"__type": "AccessDeniedException", "message": "not you"}"#, status: 400)
                : .init("<R><Error><Code>AccessDenied</Code><Message>not you</Message></Error></R>", status: 403)
        ]
        var told: [String] = []
        let pinned = PinnedReleases(StubAWS(answers).client, stack: "d")
        #expect(try await pinned.read { told.append($0) } == nil)
        #expect(told == ["not you"])
    }

    @Test func asManyRevisionsCountAsARollbackLooksAt() {
        #expect(PinnedReleases.revisions(of: "arn:x/f:9") == ["arn:x/f:9", "f:8", "f:7", "f:6", "f:5", "f:4", "f:3"])
        #expect(PinnedReleases.revisions(of: "arn:x/f:1") == ["arn:x/f:1"])
        #expect(PinnedReleases.revisions(of: "f") == ["f"])
    }
}
