import AWS
import AWSServices
import FoundationEssentials
import Schedules
import Support
import TestSupport
import Testing

struct RuleServiceTests {
    private typealias Answer = StubAWS.Answer
    private static let schedule = "GET /schedules/job"
    private static let missing = [Answer(#"{"__type":"ResourceNotFoundException","message":"no"}"#, status: 404)]
    private static let done = [Answer("{}")]
    private static let allWell = [Answer(#"{"FailedEntryCount":0,"FailedEntries":[]}"#)]

    private static let input =
        #"{\"containerOverrides\":[{\"environment\":[{\"name\":\"MODE\",\"value\":\"fast\"}],\"name\":\"nightly\"}]}"#

    private static func rule(_ state: String = "ENABLED", more: String = "") -> Answer {
        Answer(
            #"{"Name":"nightly-job","Arn":"arn:aws:events:us-east-1:123456789012:rule/nightly-job","State":"\#(state)","#
                + #""ScheduleExpression":"cron(0 0 * * ? *)","Description":"by hand"\#(more)}"#)
    }

    private static func targets(_ more: String = "") -> [Answer] {
        [
            Answer(
                """
                {"Targets":[{"Id":"t1","Arn":"arn:aws:ecs:us-east-1:123456789012:cluster/nightly",
                "RoleArn":"arn:aws:iam::123456789012:role/nightly-ScheduleRole-1","Input":"\(input)",
                "RetryPolicy":{"MaximumRetryAttempts":4,"MaximumEventAgeInSeconds":600}\(more),
                "EcsParameters":{"TaskDefinitionArn":"arn:aws:ecs:us-east-1:123456789012:task-definition/nightly",
                "TaskCount":2,"LaunchType":"FARGATE","PlatformVersion":"1.4.0","Tags":[{"Key":"Team","Value":"data"}],
                "CapacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1}],
                "NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-2","subnet-1"],"SecurityGroups":["sg-1"],
                "AssignPublicIp":"DISABLED"}}}}]}
                """)
        ]
    }

    private func desired(_ expression: String = "0 0 * * ? *") throws -> ScheduleDesired {
        ScheduleDesired(name: "job", expression: try ScheduleExpression(expression), engine: .rule)
    }

    private func outcome(_ aws: StubAWS, _ desired: ScheduleDesired) async throws -> ScheduleOutcome {
        let service = RuleService(aws.client)
        let stack = try Fixtures.stack()
        let (plan, _) = try await service.prepare(
            desired, stack: stack, now: Date(timeIntervalSince1970: 1_790_000_000))
        return try await service.apply(plan, desired, stack: stack)
    }

    private static var noRule: Answer { Answer(#"{"__type":"ResourceNotFoundException","message":"no"}"#, status: 400) }

    // MARK: Creating and changing

    @Test func createsRuleAndTarget() async throws {
        let aws = StubAWS([
            "DescribeRule": [Self.noRule, Self.rule()], Self.schedule: Self.missing, "PutRule": Self.done,
            "PutTargets": Self.allWell, "ListTargetsByRule": Self.targets(),
        ])
        var wish = try desired()
        wish.command = ["sh", "-c", "true"]
        #expect(try await outcome(aws, wish).action == .created)
        #expect(
            aws.operations == [
                "DescribeRule", Self.schedule, "PutRule", "PutTargets", "DescribeRule", "ListTargetsByRule",
            ])
        #expect(
            try json(try #require(aws.bodies("PutRule").first))
                == json(
                    #"{"Name":"nightly-job","ScheduleExpression":"cron(0 0 * * ? *)","State":"ENABLED","#
                        + #""Description":"fgctl: runs the task of stack nightly since 2026-09-21T14:13:20Z"}"#))
        let put = try json(try #require(aws.bodies("PutTargets").first))
        // No context attributes: rules would hand them to the job as they are.
        let input =
            #"{\"containerOverrides\":[{\"command\":[\"sh\",\"-c\",\"true\"],\"environment\":[],\"name\":\"nightly\"}]}"#
        #expect(
            put
                == (try json(
                    """
                    {"Rule":"nightly-job","Targets":[{"Id":"job","Arn":"arn:aws:ecs:us-east-1:123456789012:cluster/nightly",
                    "RoleArn":"arn:aws:iam::123456789012:role/nightly-ScheduleRole-1","Input":"\(input)",
                    "RetryPolicy":{"MaximumEventAgeInSeconds":3600,"MaximumRetryAttempts":185},
                    "EcsParameters":{"LaunchType":"FARGATE","PropagateTags":"TASK_DEFINITION","TaskCount":1,
                    "TaskDefinitionArn":"arn:aws:ecs:us-east-1:123456789012:task-definition/nightly",
                    "NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-1","subnet-2"],
                    "SecurityGroups":["sg-1"],"AssignPublicIp":"ENABLED"}}}}]}
                    """)))
    }

    @Test func changesTheRuleAloneAndKeepsItsTarget() async throws {
        let aws = StubAWS([
            "DescribeRule": [Self.rule()], Self.schedule: Self.missing, "PutRule": Self.done,
            "ListTargetsByRule": Self.targets(),
        ])
        let outcome = try await outcome(aws, try desired("0 1 * * ? *"))
        #expect(outcome.action == .updated)
        #expect(outcome.changes.map(\.field) == ["expression"])
        let put = try json(try #require(aws.bodies("PutRule").first))
        #expect(put["Description"]?.text == "by hand")
        #expect(put["ScheduleExpression"]?.text == "cron(0 1 * * ? *)")
        #expect(aws.bodies("PutTargets").isEmpty)
    }

    @Test func writesTheTargetBackWithAllThatItHas() async throws {
        let aws = StubAWS([
            "DescribeRule": [Self.rule()], Self.schedule: Self.missing, "PutTargets": Self.allWell,
            "ListTargetsByRule": Self.targets(),
        ])
        var wish = try desired()
        wish.retries = 5
        #expect(try await outcome(aws, wish).changes.map(\.field) == ["retries"])
        var expected = try json(Self.targets()[0].body)
        expected["Rule"] = .text("nightly-job")
        let sent = try #require(aws.bodies("PutTargets").first)
        #expect(try json(sent.replacing(#""MaximumRetryAttempts":5"#, with: #""MaximumRetryAttempts":4"#)) == expected)
        #expect(aws.bodies("PutRule").isEmpty)
    }

    @Test func sendsNothingWhenAllIsAsAsked() async throws {
        let aws = StubAWS([
            "DescribeRule": [Self.rule()], Self.schedule: Self.missing, "ListTargetsByRule": Self.targets(),
        ])
        #expect(try await outcome(aws, try desired("00 00 */1 * ? *")).action == .unchanged)
    }

    @Test func checksForFailedEntries() async throws {
        let failed = Answer(
            #"{"FailedEntryCount":1,"FailedEntries":[{"TargetId":"job","ErrorCode":"LimitExceeded","ErrorMessage":"too many"}]}"#
        )
        for answer in [failed, Answer(#"{"FailedEntryCount":1}"#)] {
            let aws = StubAWS([
                "DescribeRule": [Self.noRule], Self.schedule: Self.missing, "PutRule": Self.done,
                "PutTargets": [answer],
            ])
            let failure = await #expect(throws: Failure.self) { try await outcome(aws, try desired()) }
            #expect(failure?.message.hasPrefix("put target job of rule nightly-job: ") == true)
        }
    }

    /// What a rule or its target hold that fgctl does not touch, and the words of the refusal.
    static let foreign: [(String, String, String)] = [
        (#","EventPattern":"{}""#, "", "reacts to events"), (#","ManagedBy":"ecs""#, "", "ecs manages it"),
        ("", #","InputPath":"$.x""#, "made from the event"),
        ("", #","InputTransformer":{"InputPathsMap":{"a":"$.time"},"InputTemplate":"<a>"}"#, "made from the event"),
    ]

    @Test(arguments: foreign) func leavesForeignRulesAlone(_ rule: String, _ target: String, _ words: String)
        async throws
    {
        let aws = StubAWS([
            "DescribeRule": [Self.rule(more: rule)], "ListTargetsByRule": Self.targets(target),
            Self.schedule: Self.missing,
        ])
        let failure = await #expect(throws: Failure.self) { try await outcome(aws, try desired("0 1 * * ? *")) }
        #expect(failure?.message.contains(words) == true)
    }

    // MARK: The other engine

    @Test func refusesWhileAScheduleWouldFireToo() async throws {
        let enabled = [Answer(try Fixtures.stored())]
        let aws = StubAWS(["DescribeRule": [Self.noRule], Self.schedule: enabled])
        let failure = await #expect(throws: Failure.self) { try await outcome(aws, try desired()) }
        #expect(failure?.message.contains("would run the job a second time") == true)
        let rules = RuleService(
            StubAWS([
                "DescribeRule": [Self.rule("DISABLED")], Self.schedule: enabled, "ListTargetsByRule": Self.targets(),
            ]).client)
        await #expect(throws: Failure.self) {
            try await rules.set(.enabled, of: "job", group: "nightly", stack: "nightly")
        }
    }

    @Test func aDisabledScheduleIsNoReason() async throws {
        let aws = StubAWS([
            "DescribeRule": [Self.rule("DISABLED")], Self.schedule: [Answer(try Fixtures.stored(state: "DISABLED"))],
            "ListTargetsByRule": Self.targets(), "EnableRule": Self.done,
        ])
        let (isChanged, warnings) = try await RuleService(aws.client).set(
            .enabled, of: "job", group: "nightly", stack: "nightly")
        #expect(isChanged && warnings.isEmpty)
        #expect(aws.bodies("EnableRule") == [#"{"Name":"nightly-job"}"#])
    }

    @Test func enablingAScheduleLooksForTheRule() async throws {
        let aws = StubAWS([
            Self.schedule: [Answer(try Fixtures.stored(state: "DISABLED"))], "DescribeRule": [Self.rule()],
        ])
        let service = ScheduleService(aws.client)
        let failure = await #expect(throws: Failure.self) {
            try await service.set(.enabled, of: "job", group: "nightly", stack: "nightly")
        }
        #expect(failure?.message.contains("rule 'nightly-job'") == true)
    }

    // MARK: Removing, listing

    @Test func removesTargetsFirst() async throws {
        let aws = StubAWS([
            "DescribeRule": [Self.rule()], "ListTargetsByRule": Self.targets(), "RemoveTargets": Self.allWell,
            "DeleteRule": Self.done,
        ])
        try await RuleService(aws.client).remove("job", stack: "nightly", family: "nightly")
        #expect(aws.operations.suffix(2) == ["RemoveTargets", "DeleteRule"])
        let removed = try json(try #require(aws.bodies("RemoveTargets").first))
        #expect(try removed == json(#"{"Ids":["t1"],"Rule":"nightly-job"}"#))
    }

    @Test func removesNoRuleOfAnotherTask() async throws {
        let aws = StubAWS(["DescribeRule": [Self.rule()], "ListTargetsByRule": Self.targets()])
        await #expect(throws: Failure.self) {
            try await RuleService(aws.client).remove("job", stack: "nightly", family: "other")
        }
    }

    @Test func listsRulesOfTheTaskOnly() async throws {
        let aws = StubAWS([
            "ListRules": [
                Answer(
                    #"{"Rules":[{"Name":"nightly-b","ScheduleExpression":"rate(1 day)"},{"Name":"nightly-e","EventPattern":"{}"},"#
                        + #"{"Name":"nightly-a","ScheduleExpression":"rate(1 day)"}]}"#)
            ],
            "ListTargetsByRule": [Self.targets()[0], Answer(#"{"Targets":[]}"#)],
        ])
        let found = try await RuleService(aws.client).list(stack: "nightly", family: "nightly")
        #expect(found.map(\.targetID) == ["b"])
    }

    @Test func runsWhatTheRuleWould() async throws {
        let aws = StubAWS(["DescribeRule": [Self.rule()], "ListTargetsByRule": Self.targets()])
        let stored = try await RuleService(aws.client).stored("job", stack: "nightly", for: "run rule")
        let request = try stored.launch(token: "t-1")
        let sent = try json(String(decoding: try JSONEncoder().encode(request), as: UTF8.self))
        #expect(sent["startedBy"]?.text == "fgctl/schedule-run/nightly-job")
        #expect(try sent["tags"] == json(#"[{"key":"Team","value":"data"}]"#))
        #expect(
            try sent["overrides"]
                == json(
                    #"{"containerOverrides":[{"environment":[{"name":"MODE","value":"fast"}],"name":"nightly"}]}"#))
        let foreign = StubAWS([
            "DescribeRule": [Self.rule()], "ListTargetsByRule": Self.targets(#","InputPath":"$.x""#),
        ])
        let other = try await RuleService(foreign.client).stored("job", stack: "nightly", for: "run rule")
        #expect(throws: Failure.self) { try other.launch(token: "t-1") }
    }

    @Test func refusesLongNames() throws {
        #expect(try RuleService.name(String(repeating: "a", count: 56), stack: "nightly").count == 64)
        let failure = #expect(throws: Failure.self) {
            try RuleService.name(String(repeating: "a", count: 57), stack: "nightly")
        }
        #expect(failure?.kind == .usage)
    }

    @Test func refusesWhatRulesDoNotKnow() throws {
        var wish = try desired("at(2130-01-01T00:00:00)")
        #expect(throws: Failure.self) { try wish.check(now: Date(timeIntervalSince1970: 0)) }
        wish = try desired()
        wish.timezone = "Europe/Berlin"
        #expect(throws: Failure.self) { try wish.check(now: Date(timeIntervalSince1970: 0)) }
        wish.timezone = "UTC"
        #expect(throws: Never.self) { try wish.check(now: Date(timeIntervalSince1970: 0)) }
    }

    @Test func readsItsOwnNotes() throws {
        let since = try #require(CivilTime("2026-11-21T08:00:00"))
        let note = RuleNote(stack: "nightly", since: since)
        #expect(RuleNote(note.text)?.since == since)
        #expect(RuleNote("by hand") == nil)
        #expect(RuleNote("fgctl: runs the task of stack x since yesterdayZ") == nil)
    }
}
