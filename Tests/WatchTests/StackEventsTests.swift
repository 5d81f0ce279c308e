import AWSServices
import Support
import Synchronization
import TestSupport
import Testing
import Watch

struct StackEventsTests {
    private static func stack(_ status: String) -> StubAWS.Answer {
        .init(
            """
            <DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><StackId>id</StackId>
            <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>\(status)</StackStatus></member></Stacks>
            </DescribeStacksResult></DescribeStacksResponse>
            """)
    }

    /// Newest first, as the service answers.
    private static func events(_ items: [(id: String, status: String, reason: String)], next: String? = nil)
        -> StubAWS.Answer
    {
        let members = items.map {
            // Ids that begin with `s` are the stack's own events.
            let isOwn = $0.id.hasPrefix("s")
            return """
                <member><StackId>id</StackId><EventId>\($0.id)</EventId><StackName>s</StackName>
                <LogicalResourceId>\(isOwn ? "s" : "R\($0.id)")</LogicalResourceId>
                <PhysicalResourceId>\(isOwn ? "id" : "")</PhysicalResourceId>
                <ResourceType>\(isOwn ? "AWS::CloudFormation::Stack" : "AWS::X::Y")</ResourceType>
                <Timestamp>2026-01-01T00:00:00Z</Timestamp><ResourceStatus>\($0.status)</ResourceStatus>
                <ResourceStatusReason>\($0.reason)</ResourceStatusReason></member>
                """
        }
        return .init(
            """
            <DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>\(members.joined())</StackEvents>
            \(next.map { "<NextToken>\($0)</NextToken>" } ?? "")</DescribeStackEventsResult></DescribeStackEventsResponse>
            """)
    }

    private func follow(_ aws: StubAWS, after mark: String?) async throws -> (StackEvents.Outcome, [String]) {
        let shown = Mutex<[String]>([])
        let events = StackEvents(CloudFormation(aws.client), sleep: { _ in })
        let outcome = try await events.follow("s", after: mark) { event in shown.withLock { $0.append(event.eventId) } }
        return (outcome, shown.withLock { $0 })
    }

    @Test func showsOnlyWhatCameAfterTheMarkInOrderAndOnce() async throws {
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("CREATE_COMPLETE")],
            "DescribeStackEvents": [
                Self.events([("2", "CREATE_IN_PROGRESS", ""), ("1", "CREATE_IN_PROGRESS", ""), ("0", "OLD", "")]),
                Self.events([("s4", "CREATE_COMPLETE", ""), ("3", "CREATE_COMPLETE", "")], next: "more"),
                Self.events([("2", "CREATE_IN_PROGRESS", ""), ("1", "CREATE_IN_PROGRESS", ""), ("0", "OLD", "")]),
            ],
        ])
        let (outcome, shown) = try await follow(aws, after: "0")
        #expect(shown == ["1", "2", "3", "s4"])
        #expect(outcome.status == .createComplete)
    }

    @Test func namesTheFirstCauseAndDropsItsEchoes() async throws {
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("ROLLBACK_COMPLETE")],
            "DescribeStackEvents": [
                Self.events([
                    ("s5", "ROLLBACK_COMPLETE", ""), ("s4", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed"),
                    ("3", "CREATE_FAILED", "Resource creation cancelled"), ("2", "CREATE_FAILED", "Invalid cpu"),
                    ("1", "CREATE_FAILED", "Resource creation cancelled"),
                ])
            ],
        ])
        let (outcome, _) = try await follow(aws, after: nil)
        let cause = try #require(StackCause.first(in: outcome.events))
        #expect(StackCause.text(cause) == "R2 (AWS::X::Y): Invalid cpu")
    }

    @Test func aStackThatIsGoneIsDeleted() async throws {
        let gone = StubAWS.Answer(
            """
            <ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
            <Message>Stack with id s does not exist</Message></Error><RequestId>r</RequestId></ErrorResponse>
            """, status: 400)
        let aws = StubAWS(["DescribeStacks": [gone], "DescribeStackEvents": [gone]])
        let (outcome, shown) = try await follow(aws, after: nil)
        #expect(outcome.status == .deleteComplete)
        #expect(shown.isEmpty)
    }

    @Test func whatCloudFormationHasNotBegunYetIsNotTheEnd() async throws {
        let old = Self.events([("0", "OLD", "")])
        let aws = StubAWS([
            // The state may lag behind the events: an end is only where both say so.
            "DescribeStacks": [
                Self.stack("ROLLBACK_COMPLETE"), Self.stack("DELETE_IN_PROGRESS"), Self.stack("DELETE_FAILED"),
            ],
            "DescribeStackEvents": Array(repeating: old, count: 5) + [
                Self.events([("s1", "DELETE_IN_PROGRESS", ""), ("0", "OLD", "")]),
                Self.events([("s2", "DELETE_FAILED", ""), ("s1", "DELETE_IN_PROGRESS", ""), ("0", "OLD", "")]),
            ],
        ])
        let (outcome, shown) = try await follow(aws, after: "0")
        #expect(outcome.status.rawValue == "DELETE_FAILED")
        #expect(shown == ["s1", "s2"])
    }

    @Test func anOperationThatNeverBeginsEnds() async throws {
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("REVIEW_IN_PROGRESS")],
            "DescribeStackEvents": [Self.events([("0", "OLD", "")])],
        ])
        let (outcome, shown) = try await follow(aws, after: "0")
        #expect(outcome.status == .reviewInProgress)
        #expect(shown.isEmpty)
    }

    @Test func aLostMarkShowsEachEventOnceAllTheSame() async throws {
        let two = Self.events([("s2", "CREATE_COMPLETE", ""), ("1", "CREATE_IN_PROGRESS", "")])
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("CREATE_IN_PROGRESS"), Self.stack("CREATE_COMPLETE")],
            "DescribeStackEvents": [two],
        ])
        #expect(try await follow(aws, after: "gone").1 == ["1", "s2"])
        #expect(try await follow(aws, after: nil).1 == ["1", "s2"])
    }

    /// Both bars at once: thirty looks are what a minute takes, and no two of them are two seconds apart.
    @Test func aMinuteCostsThirtyCallsAtMost() async throws {
        let begun = Self.events([("s1", "CREATE_IN_PROGRESS", "")])
        let over = Self.events([("s2", "CREATE_COMPLETE", ""), ("s1", "CREATE_IN_PROGRESS", "")])
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("CREATE_COMPLETE")],
            "DescribeStackEvents": Array(repeating: begun, count: 30) + [over],
            // Nobody asks for the stack's state while its events tell enough.
        ])
        let pauses = Mutex<[Duration]>([])
        let events = StackEvents(
            CloudFormation(aws.client), sleep: { pause in pauses.withLock { $0.append(pause) } })
        _ = try await events.follow("s", after: nil) { _ in }
        // The thirty-first look, which sees the end, is later than a minute. (Each pause is shorter by the look before it.)
        #expect(StackEvents.firstPause + StackEvents.interval * 30 > .seconds(60))
        #expect(StackEvents.interval < .seconds(2))
        #expect(aws.operations.count == 32)
        #expect(pauses.withLock { $0 }.count == 31)
        #expect(pauses.withLock { $0 }.allSatisfy { $0 <= StackEvents.interval })
        #expect(aws.operations.filter { $0 == "DescribeStacks" }.count == 1)
    }

    @Test func throttlingSlowsItDown() async throws {
        let throttled = StubAWS.Answer(
            """
            <ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>
            <RequestId>r</RequestId></ErrorResponse>
            """, status: 400)
        let over = Self.events([("s2", "CREATE_COMPLETE", "")])
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("CREATE_COMPLETE")],
            // The client itself tries each look several times.
            "DescribeStackEvents": Array(repeating: throttled, count: 12) + [over],
        ])
        let pauses = Mutex<[Duration]>([])
        let events = StackEvents(
            CloudFormation(aws.client), sleep: { pause in pauses.withLock { $0.append(pause) } })
        _ = try await events.follow("s", after: nil) { _ in }
        #expect(pauses.withLock { $0.contains { $0 > StackEvents.interval } })
    }

    @Test func theLastOperationBeginsWhereItWasAskedFor() async throws {
        let aws = StubAWS([
            "DescribeStackEvents": [
                Self.events([
                    ("s9", "UPDATE_ROLLBACK_COMPLETE", ""), ("s8", "UPDATE_ROLLBACK_IN_PROGRESS", "it failed"),
                    ("7", "UPDATE_FAILED", "no"), ("s6", "UPDATE_IN_PROGRESS", "User Initiated"),
                    ("s5", "CREATE_COMPLETE", ""),
                ])
            ]
        ])
        let last = try await StackEvents(CloudFormation(aws.client)).lastOperation(of: "s")
        #expect(last.mark == "s5")
        #expect(last.events.map(\.eventId) == ["s6", "7", "s8", "s9"])
    }
}
