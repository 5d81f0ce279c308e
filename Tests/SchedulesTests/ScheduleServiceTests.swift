import AWS
import AWSServices
import FoundationEssentials
import Schedules
import Support
import Synchronization
import TestSupport
import Testing

/// A clock that moves only when something sleeps.
private final class ManualTime: Sendable {
    private let now = Mutex(Duration.zero)
    var passed: Duration { now.withLock { $0 } }
    var pauses: ScheduleService.Pauses {
        ScheduleService.Pauses(
            elapsed: { self.passed }, sleep: { pause in self.now.withLock { $0 += pause } })
    }
}

struct ScheduleServiceTests {
    private typealias Answer = StubAWS.Answer
    private static let get = "GET /schedules/job"
    private static let create = "POST /schedules/job"
    private static let update = "PUT /schedules/job"
    private static let noRule = [error("ResourceNotFoundException", "Rule does not exist.")]
    private static let missing = error("ResourceNotFoundException", "Schedule job does not exist.", 404)
    private static let written = Answer(
        #"{"ScheduleArn":"arn:aws:scheduler:us-east-1:123456789012:schedule/nightly/job"}"#)
    private static let roleNotReady = error(
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")

    private static func error(_ code: String, _ message: String, _ status: Int = 400) -> Answer {
        Answer(#"{"__type":"\#(code)","message":"\#(message)"}"#, status: status)
    }

    private func outcome(
        _ aws: StubAWS, _ desired: ScheduleDesired, pauses: ScheduleService.Pauses = ManualTime().pauses,
        onWait: @Sendable (String) -> Void = { _ in }
    ) async throws -> ScheduleOutcome {
        let service = ScheduleService(aws.client, pauses: pauses)
        let stack = try Fixtures.stack()
        let prepared = try await service.prepare(desired, stack: stack)
        return try await service.apply(prepared, desired, stack: stack, onWait: onWait)
    }

    @Test func createsWithAllDefaults() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Self.missing, Answer(try Fixtures.stored())],
            Self.create: [Self.written],
        ])
        let outcome = try await outcome(aws, try Fixtures.desired())
        #expect(outcome.action == .created)
        #expect(
            outcome.schedule
                == ScheduleOutcome.exampleSummary)
        #expect(aws.operations == [Self.get, "DescribeRule", Self.create, Self.get])
        #expect(aws.bodies("DescribeRule") == [#"{"Name":"nightly-job"}"#])
        var sent = try json(try #require(aws.bodies(Self.create).first))
        #expect(sent["ClientToken"]?.text?.count == 36)
        sent["ClientToken"] = nil
        let quoted = String(decoding: try JSONEncoder().encode(Fixtures.input), as: UTF8.self)
        #expect(
            sent
                == (try json(
                    """
                    {"GroupName":"nightly","ScheduleExpression":"cron(0 0 * * ? *)","ScheduleExpressionTimezone":"UTC",
                    "State":"ENABLED","FlexibleTimeWindow":{"Mode":"OFF"},
                    "Target":{"Arn":"arn:aws:ecs:us-east-1:123456789012:cluster/nightly",
                    "RoleArn":"arn:aws:iam::123456789012:role/nightly-ScheduleRole-1",
                    "RetryPolicy":{"MaximumEventAgeInSeconds":3600,"MaximumRetryAttempts":185},"Input":\(quoted),
                    "EcsParameters":{"LaunchType":"FARGATE","PropagateTags":"TASK_DEFINITION","TaskCount":1,
                    "TaskDefinitionArn":"arn:aws:ecs:us-east-1:123456789012:task-definition/nightly",
                    "NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-1","subnet-2"],
                    "SecurityGroups":["sg-1"],"AssignPublicIp":"ENABLED"}}}}}
                    """)))
    }

    @Test func writesBackAllThatWasNotNamed() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Answer(try Fixtures.stored())], Self.update: [Self.written],
        ])
        let outcome = try await outcome(aws, try Fixtures.desired("0 1 * * ? *"))
        #expect(outcome.action == .updated)
        #expect(
            outcome.changes == [
                ScheduleChange(field: "expression", from: "cron(0 0 * * ? *)", to: "cron(0 1 * * ? *)")
            ])
        var sent = try json(try #require(aws.bodies(Self.update).first))
        sent["ClientToken"] = nil
        var expected = try json(try Fixtures.stored())
        for name in ["Arn", "Name", "CreationDate", "LastModificationDate"] { expected[name] = nil }
        expected["ScheduleExpression"] = .text("cron(0 1 * * ? *)")
        #expect(sent == expected)
    }

    @Test func sendsNothingWhenAllIsAsAsked() async throws {
        let aws = StubAWS(["DescribeRule": Self.noRule, Self.get: [Answer(try Fixtures.stored())]])
        var desired = try Fixtures.desired("00 00 */1 * ? *")
        desired.timezone = "Europe/Berlin"
        desired.state = .enabled
        desired.retries = 4
        desired.maximumAge = 600
        desired.assignPublicIP = false
        #expect(try await outcome(aws, desired).action == .unchanged)
        #expect(aws.operations == [Self.get, "DescribeRule", Self.get])
    }

    // MARK: The role of a new stack

    @Test func waitsForANewRole() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Self.missing, Answer(try Fixtures.stored())],
            Self.create: [Self.roleNotReady, Self.roleNotReady, Self.written],
        ])
        let time = ManualTime()
        let told = Mutex(0)
        let outcome = try await outcome(aws, try Fixtures.desired(), pauses: time.pauses) { _ in
            told.withLock { $0 += 1 }
        }
        #expect(outcome.action == .created)
        #expect(told.withLock { $0 } == 1)
        #expect(time.passed > .zero)
        let tokens = try aws.bodies(Self.create).map { try json($0)["ClientToken"]?.text }
        #expect(Set(tokens).count == 3)
    }

    @Test func givesUpOnARoleAfterAMinute() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Self.missing], Self.create: [Self.roleNotReady],
        ])
        let time = ManualTime()
        let failure = await #expect(throws: Failure.self) {
            try await outcome(aws, try Fixtures.desired(), pauses: time.pauses)
        }
        #expect(failure?.kind == .failed)
        #expect(failure?.message.contains("must allow AWS EventBridge Scheduler") == true)
        #expect(failure?.hint?.contains("nightly-ScheduleRole-1") == true)
        #expect(time.passed == .seconds(60))
    }

    @Test func otherValidationErrorsAreNotRetried() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Self.missing],
            Self.create: [Self.error("ValidationException", "Invalid Schedule Expression")],
        ])
        let failure = await #expect(throws: AWSError.self) { try await outcome(aws, try Fixtures.desired()) }
        #expect(failure?.message == "Invalid Schedule Expression")
        #expect(aws.bodies(Self.create).count == 1)
    }

    @Test func dropsAStartThatAWSRefusesAsPast() async throws {
        let stored = try Fixtures.stored(expression: "rate(1 day)")
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Answer(stored)],
            Self.update: [
                Self.error("ValidationException", "The StartDate you specify cannot be earlier than 5 minutes ago."),
                Self.written,
            ],
        ])
        let outcome = try await outcome(aws, try Fixtures.desired("rate(2 days)"))
        let bodies = try aws.bodies(Self.update).map(json)
        #expect(bodies.map { $0["StartDate"] != nil } == [true, false])
        #expect(bodies.map { $0["EndDate"] != nil } == [true, true])
        #expect(outcome.warnings.contains { $0.contains("start date is past") })
    }

    // MARK: Races

    @Test func mergesIntoAScheduleThatAppearedMeanwhile() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule,
            Self.get: [Self.missing, Answer(try Fixtures.stored(expression: "rate(1 day)"))],
            Self.create: [Self.error("ConflictException", "Schedule job already exists.", 409)],
            Self.update: [Self.written],
        ])
        let outcome = try await outcome(aws, try Fixtures.desired())
        #expect(outcome.action == .updated)
        #expect(outcome.changes.map(\.field) == ["expression"])
    }

    @Test func createsAScheduleThatVanishedMeanwhile() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule,
            Self.get: [
                Answer(try Fixtures.stored(expression: "rate(1 day)")), Self.missing, Answer(try Fixtures.stored()),
            ],
            Self.update: [Self.missing], Self.create: [Self.written],
        ])
        #expect(try await outcome(aws, try Fixtures.desired()).action == .created)
    }

    @Test func endsAnEndlessRace() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Self.missing],
            Self.create: [Self.error("ConflictException", "Schedule job already exists.", 409)],
        ])
        let error = await #expect(throws: AWSError.self) { try await outcome(aws, try Fixtures.desired()) }
        #expect(error?.code == "ConflictException")
        #expect(aws.bodies(Self.create).count == 3)
    }

    @Test func saysThatTheGroupIsMissing() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.noRule, Self.get: [Self.missing],
            Self.create: [Self.error("ResourceNotFoundException", "Schedule group nightly does not exist.", 404)],
        ])
        let failure = await #expect(throws: Failure.self) { try await outcome(aws, try Fixtures.desired()) }
        #expect(failure?.message.contains("there is no schedule group 'nightly'") == true)
    }

    // MARK: The other engine

    private static func rule(_ state: String) -> [Answer] {
        [Answer(#"{"Name":"nightly-job","ScheduleExpression":"cron(0 0 * * ? *)","State":"\#(state)"}"#)]
    }

    @Test(arguments: [true, false]) func refusesWhileARuleWouldFireToo(_ exists: Bool) async throws {
        let aws = StubAWS([
            "DescribeRule": Self.rule("ENABLED"), Self.get: [exists ? Answer(try Fixtures.stored()) : Self.missing],
        ])
        let failure = await #expect(throws: Failure.self) { try await outcome(aws, try Fixtures.desired()) }
        #expect(failure?.message.contains("rule 'nightly-job'") == true)
        #expect(failure?.hint?.contains("disable-rule --name nightly-job") == true)
        #expect(aws.operations == [Self.get, "DescribeRule"])
    }

    @Test func aDisabledRuleIsNoHindrance() async throws {
        let aws = StubAWS([
            "DescribeRule": Self.rule("DISABLED"), Self.get: [Self.missing, Answer(try Fixtures.stored())],
            Self.create: [Self.written],
        ])
        #expect(try await outcome(aws, try Fixtures.desired()).action == .created)
    }

    @Test func aDisabledScheduleNeedsNoLook() async throws {
        let aws = StubAWS([
            Self.get: [Self.missing, Answer(try Fixtures.stored(state: "DISABLED"))], Self.create: [Self.written],
        ])
        var desired = try Fixtures.desired()
        desired.state = .disabled
        #expect(try await outcome(aws, desired).schedule.state == "DISABLED")
    }

    @Test func aLookThatIsDeniedIsAWarning() async throws {
        let aws = StubAWS([
            "DescribeRule": [Self.error("AccessDeniedException", "not authorized")],
            Self.get: [Self.missing, Answer(try Fixtures.stored())], Self.create: [Self.written],
        ])
        let outcome = try await outcome(aws, try Fixtures.desired())
        #expect(outcome.warnings.count == 1)
        #expect(outcome.warnings.first?.contains("second time") == true)
    }

    @Test func nothingIsWrittenUnderDryRun() async throws {
        let aws = StubAWS(["DescribeRule": Self.noRule, Self.get: [Self.missing], Self.create: [Self.written]])
        let service = ScheduleService(aws.client(dryRun: true))
        let (stack, desired) = (try Fixtures.stack(), try Fixtures.desired())
        let prepared = try await service.prepare(desired, stack: stack)
        await #expect(throws: Failure.self) { try await service.apply(prepared, desired, stack: stack) }
        #expect(aws.bodies(Self.create).isEmpty)
    }

    // MARK: Listing

    @Test func listsEachScheduleByName() async throws {
        let names = (1...20).map { "s\($0)" }
        let items = names.map { #"{"Name":"\#($0)"}"# }
        var answers = names.reduce(into: [String: [Answer]]()) { answers, name in
            answers["GET /schedules/\(name)"] = [
                Answer(#"{"Name":"\#(name)","ScheduleExpression":"rate(1 day)","State":"ENABLED"}"#)
            ]
        }
        answers["GET /schedules/s7"] = [Self.missing]
        answers["GET /schedules"] = [
            Answer(#"{"NextToken":"more","Schedules":[\#(items[..<10].joined(separator: ","))]}"#),
            Answer(#"{"Schedules":[\#(items[10...].joined(separator: ","))]}"#),
        ]
        let found = try await ScheduleService(StubAWS(answers).client).list(group: "nightly")
        #expect(found.map(\.name) == names.filter { $0 != "s7" }.sorted())
        #expect(found.allSatisfy { $0.expression == "rate(1 day)" && $0.timezone == "UTC" && $0.group == "nightly" })
    }

    @Test func listingAMissingGroupSaysSo() async throws {
        let aws = StubAWS(["GET /schedules": [Self.error("ResourceNotFoundException", "no such group", 404)]])
        let failure = await #expect(throws: Failure.self) { try await ScheduleService(aws.client).list(group: "gone") }
        #expect(failure?.message.contains("no schedule group 'gone'") == true)
    }
}

extension ScheduleOutcome {
    /// What the fixtures' stored schedule reads back as.
    fileprivate static let exampleSummary = ScheduleSummary(
        name: "job", group: "nightly", expression: "cron(0 0 * * ? *)", timezone: "Europe/Berlin", state: "ENABLED",
        taskFamily: "nightly", arn: "arn:aws:scheduler:us-east-1:123456789012:schedule/nightly/job")
}
