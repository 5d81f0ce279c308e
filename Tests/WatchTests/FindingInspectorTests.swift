import AWSServices
import FoundationEssentials
import TestSupport
import Testing

@testable import Watch

/// What is seen of the thing itself, on an AWS from a script.
struct FindingInspectorTests {
    private static let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/hello:0.3"

    /// A task that did not start.
    private static func task(_ reason: String, group: String = "family:hello") throws -> FailedTask {
        let task = #"""
            {"taskArn": "arn:aws:ecs:us-east-1:1:task/nightly/0a", "clusterArn": "nightly", "lastStatus": "STOPPED",
            "stopCode": "TaskFailedToStart", "stoppedReason": "\#(reason)", "group": "\#(group)",
            "attachments": [{"type": "eni", "details": [{"name": "subnetId", "value": "subnet-1"}]}]}
            """#
        let definition = #"""
            {"executionRoleArn": "arn:aws:iam::111122223333:role/team/nightly-exec",
            "containerDefinitions": [{"name": "main", "image": "\#(image)"}]}
            """#
        let decoder = JSONDecoder()
        return FailedTask(
            try decoder.decode(ECS.Task.self, from: Data(task.utf8)),
            definition: try decoder.decode(ECS.TaskDefinition.self, from: Data(definition.utf8)))
    }

    private func facts(_ answers: [String: [StubAWS.Answer]], _ reason: String, group: String = "family:x") async throws
        -> (facts: [String], aws: StubAWS)
    {
        let aws = StubAWS(answers)
        // Patience that never runs out: the answers are here at once, the test's turn among all others may not be.
        let inspector = FindingInspector(client: aws.client, patience: .seconds(600))
        let findings = await inspector.findings(of: [try Self.task(reason, group: group)])
        return (try #require(findings.first).facts, aws)
    }

    private static let notFound = "CannotPullContainerError: failed to resolve ref \(image): not found"
    private static let denied = StubAWS.Answer(
        #"{"__type": "AccessDeniedException", "message": "not you"}"#, status: 400)

    @Test func aMissingTagIsToldWithTheNewestOnes() async throws {
        let details = (1...5).map { #"{"imageTags": ["1.\#($0)"], "imagePushedAt": \#($0)}"# }.joined(separator: ",")
        let images = StubAWS.Answer(#"{"imageDetails": [\#(details)]}"#)
        let (facts, aws) = try await facts(["DescribeImages": [images]], Self.notFound)
        #expect(facts == ["repository hello has no 0.3; the newest there: 1.5, 1.4, 1.3"])
        #expect(aws.bodies("DescribeImages").first?.contains(#""registryId":"111122223333""#) == true)
    }

    @Test func aRepositoryThatIsEmptyOrMissing() async throws {
        let none = StubAWS.Answer(#"{"imageDetails": []}"#)
        #expect(
            try await facts(["DescribeImages": [none]], Self.notFound).facts
                == ["repository hello has no 0.3, and no tagged image at all"])
        let gone = StubAWS.Answer(#"{"__type": "RepositoryNotFoundException", "message": "no"}"#, status: 400)
        #expect(
            try await facts(["DescribeImages": [gone]], Self.notFound).facts
                == ["ECR has no repository hello in account 111122223333"])
    }

    @Test func anImageThatIsThereAfterAll() async throws {
        let there = StubAWS.Answer(#"{"imageDetails": [{"imageTags": ["0.3"], "imagePushedAt": 0}]}"#)
        #expect(
            try await facts(["DescribeImages": [there]], Self.notFound).facts
                == ["repository hello has 0.3, pushed at 1970-01-01T00:00:00Z"])
    }

    @Test func aDeniedLookLeavesTheCauseAsItIs() async throws {
        #expect(try await facts(["DescribeImages": [Self.denied]], Self.notFound).facts == [])
        let timeout = "CannotPullContainerError: dial tcp 10.0.0.9:443: i/o timeout"
        #expect(try await facts(["DescribeSubnets": [Self.denied]], timeout).facts == [])
    }

    @Test func anImageOfAnotherRegistryIsNotAskedFor() async throws {
        let (facts, aws) = try await facts(
            [:], "CannotPullContainerError: failed to resolve ref registry.example/hello:0.3: not found")
        #expect(facts == [])
        #expect(aws.operations == [])
    }

    @Test func aRoleIsToldWithItsWholeARN() async throws {
        let reason =
            "ResourceInitializationError: AccessDeniedException: User: "
            + "arn:aws:sts::111122223333:assumed-role/nightly-exec/0c3 is not authorized to perform: "
            + "ecr:GetAuthorizationToken on resource: *"
        #expect(try await facts([:], reason).facts == ["the role is arn:aws:iam::111122223333:role/team/nightly-exec"])
        let refused = "CannotPullContainerError: failed to resolve ref \(Self.image): 403 Forbidden"
        #expect(try await facts([:], refused).facts == ["the role is arn:aws:iam::111122223333:role/team/nightly-exec"])
    }

    @Test func aSubnetIsToldWithItsRoutesEndpointsAndTheTasksAddress() async throws {
        let answers: [String: [StubAWS.Answer]] = [
            "DescribeSubnets": [
                .init("<R><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId></item></subnetSet></R>")
            ],
            "DescribeRouteTables": [
                .init(
                    """
                    <R><routeTableSet><item><routeTableId>rtb-1</routeTableId><routeSet><item>
                    <destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-1</gatewayId></item></routeSet>
                    </item></routeTableSet></R>
                    """)
            ],
            "DescribeVpcEndpoints": [
                .init(
                    """
                    <R><vpcEndpointSet><item><serviceName>com.amazonaws.r.s3</serviceName></item></vpcEndpointSet></R>
                    """)
            ],
            "DescribeServices": [
                .init(
                    #"{"services": [{"serviceName": "web", "networkConfiguration": {"awsvpcConfiguration": "#
                        + #"{"subnets": ["subnet-1"], "assignPublicIp": "DISABLED"}}}]}"#)
            ],
        ]
        let (facts, aws) = try await facts(
            answers, "CannotPullContainerError: dial tcp 10.0.0.9:443: i/o timeout", group: "service:web")
        #expect(
            facts == [
                "subnet-1 routes out by internet gateway igw-1, which serves only tasks with a public address",
                "vpc-1 has VPC endpoints for com.amazonaws.r.s3; none for ecr.api, ecr.dkr, logs",
                "the tasks have no public address (ASSIGN_PUBLIC_IP)",
            ])
        #expect(aws.operations.count == 4)
    }
}
