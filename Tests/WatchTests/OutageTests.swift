import AWS
import AWSServices
import FoundationEssentials
import Support
import Synchronization
import TestSupport
import Testing
import Watch

struct OutageTests {
    private static let throttled = StubAWS.Answer(
        """
        <ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>
        <RequestId>r</RequestId></ErrorResponse>
        """, status: 400)
    private static let denied = StubAWS.Answer(
        """
        <ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message></Error>
        <RequestId>r</RequestId></ErrorResponse>
        """, status: 403)

    private static func stack(_ status: String) -> StubAWS.Answer {
        .init(
            """
            <DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><StackId>id</StackId>
            <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>\(status)</StackStatus></member></Stacks>
            </DescribeStacksResult></DescribeStacksResponse>
            """)
    }

    private static let event = StubAWS.Answer(
        """
        <DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents><member><StackId>id</StackId><EventId>1</EventId>
        <StackName>s</StackName><Timestamp>2026-01-01T00:00:00Z</Timestamp></member></StackEvents>
        </DescribeStackEventsResult></DescribeStackEventsResponse>
        """)

    private static let end = StubAWS.Answer(
        """
        <DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents><member><StackId>id</StackId><EventId>2</EventId>
        <StackName>s</StackName><LogicalResourceId>s</LogicalResourceId><PhysicalResourceId>id</PhysicalResourceId>
        <ResourceType>AWS::CloudFormation::Stack</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>
        <Timestamp>2026-01-01T00:00:00Z</Timestamp></member><member><StackId>id</StackId><EventId>1</EventId>
        <StackName>s</StackName><Timestamp>2026-01-01T00:00:00Z</Timestamp></member></StackEvents>
        </DescribeStackEventsResult></DescribeStackEventsResponse>
        """)

    /// A client gives up after three attempts: seven refusals are more than two of its calls bear.
    private static let looks = Array(repeating: throttled, count: 7)

    private func follow(
        _ aws: StubAWS, outage: Duration
    ) async throws -> (outcome: StackEvents.Outcome, shown: Int, warnings: [String]) {
        let told = Mutex<(shown: Int, warnings: [String])>((0, []))
        let events = StackEvents(CloudFormation(aws.client), outage: outage, sleep: { _ in })
        let outcome = try await events.follow("s", after: nil) { line in
            told.withLock { $0.warnings.append(line) }
        } show: { _ in
            told.withLock { $0.shown += 1 }
        }
        return told.withLock { (outcome, $0.shown, $0.warnings) }
    }

    @Test func aThrottledWatchOfAStackGoesOnAndSaysSoOnce() async throws {
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("CREATE_COMPLETE")],
            "DescribeStackEvents": [Self.event] + Self.looks + [Self.end],
        ])
        let result = try await follow(aws, outage: .seconds(600))
        #expect(result.outcome.status == .createComplete)
        #expect(result.shown == 2)
        #expect(result.warnings.count == 1)
        #expect(result.warnings.first?.contains("Rate exceeded") == true)
    }

    @Test func anOutageHasALimit() async throws {
        let aws = StubAWS(["DescribeStackEvents": Self.looks])
        let error = await #expect(throws: AWSError.self) { _ = try await follow(aws, outage: .zero) }
        #expect(error?.isThrottling == true)
    }

    @Test func whatDoesNotPassByItselfEndsTheWatchAtOnce() async throws {
        let aws = StubAWS(["DescribeStackEvents": [Self.denied, Self.end]])
        let error = await #expect(throws: AWSError.self) { _ = try await follow(aws, outage: .seconds(600)) }
        #expect(error?.isAccessDenied == true)
        #expect(aws.operations == ["DescribeStackEvents"])
    }

    @Test func aThrottledWatchOfATaskGoesOn() async throws {
        let definition = try JSONDecoder().decode(ECS.TaskDefinition.self, from: Data(#"{"family": "f"}"#.utf8))
        let throttled = StubAWS.Answer(
            #"{"__type": "InvalidParameterException", "message": "Rate exceeded"}"#, status: 400)
        let aws = StubAWS([
            "DescribeTasks": Array(repeating: throttled, count: 7) + [
                .init(#"{"tasks": [{"taskArn": "a/b", "lastStatus": "STOPPED"}], "failures": []}"#)
            ]
        ])
        var timing = TaskWatch.Timing()
        timing.sleep = { _ in }
        let troubles = Mutex(0)
        let watch = TaskWatch(aws.client, cluster: "c", tasks: ["a/b"], definition: definition, timing: timing)
        let tasks = try await watch.follow { news in
            if case .trouble = news { troubles.withLock { $0 += 1 } }
        }
        #expect(tasks.map(\.lastStatus) == ["STOPPED"])
        #expect(troubles.withLock { $0 } == 1)
    }
}
