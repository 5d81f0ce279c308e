import AWSServices
import FoundationEssentials
import Schedules
import Support
import TestSupport
import Testing

struct SchedulePlanTests {
    /// The plan over a stored schedule, which comes through the wire as at AWS; `nil`: there is none.
    private func plan(
        over stored: String?, stack: StackFacts? = nil, _ change: (inout ScheduleDesired) -> Void = { _ in }
    ) async throws -> SchedulePlan {
        let missing = StubAWS.Answer(#"{"__type":"ResourceNotFoundException","message":"none"}"#, status: 404)
        let aws = StubAWS([
            "GET /schedules/job": [stored.map { StubAWS.Answer($0) } ?? missing], "DescribeRule": [missing],
        ])
        var desired = try Fixtures.desired()
        change(&desired)
        return try await ScheduleService(aws.client).prepare(desired, stack: stack ?? Fixtures.stack()).plan
    }

    /// A wish, the fields that change, and the same change made by hand.
    private struct Case: Sendable, CustomTestStringConvertible {
        let wish: @Sendable (inout ScheduleDesired) throws -> Void
        let fields: [String]
        let byHand: @Sendable (inout Scheduler.ScheduleRequest) -> Void
        var testDescription: String { fields.joined(separator: ", ") }
    }

    private static let cases: [Case] = [
        Case(wish: { $0.expression = try ScheduleExpression("rate(2 days)") }, fields: ["expression"]) {
            $0.scheduleExpression = "rate(2 days)"
        },
        Case(wish: { $0.timezone = "UTC" }, fields: ["time zone"]) { $0.scheduleExpressionTimezone = "UTC" },
        Case(wish: { $0.state = .disabled }, fields: ["state"]) { $0.state = "DISABLED" },
        Case(wish: { $0.retries = 0 }, fields: ["retries"]) { $0.target.retryPolicy?.maximumRetryAttempts = 0 },
        Case(wish: { $0.maximumAge = 60 }, fields: ["maximum age"]) {
            $0.target.retryPolicy?.maximumEventAgeInSeconds = 60
        },
        Case(
            wish: { $0.deadLetterARN = "arn:aws:sqs:us-east-1:123456789012:new" }, fields: ["dead-letter queue"]
        ) { $0.target.deadLetterConfig = .init(arn: "arn:aws:sqs:us-east-1:123456789012:new") },
        Case(wish: { $0.assignPublicIP = true }, fields: ["public IP"]) {
            $0.target.ecsParameters?.networkConfiguration?.awsvpcConfiguration?.assignPublicIp = "ENABLED"
        },
        Case(
            wish: {
                $0.retries = 1
                $0.state = .disabled
            }, fields: ["state", "retries"]
        ) {
            $0.state = "DISABLED"
            $0.target.retryPolicy?.maximumRetryAttempts = 1
        },
    ]

    @Test(arguments: cases) private func changesWhatWasNamedAndNothingElse(_ example: Case) async throws {
        let stored = try Fixtures.stored()
        let before = try await plan(over: stored)
        guard case .unchanged(var expected) = before else {
            Issue.record("the stored schedule is not as desired: \(before)")
            return
        }
        var wish = try Fixtures.desired()
        try example.wish(&wish)
        let after = try await plan(over: stored) { $0 = wish }
        #expect(after.changes.map(\.field) == example.fields)
        example.byHand(&expected)
        #expect(try Self.encoded(after.request) == Self.encoded(expected))
    }

    private static func encoded(_ request: Scheduler.ScheduleRequest) throws -> JSON {
        try JSONDecoder().decode(JSON.self, from: JSONEncoder().encode(request))
    }

    @Test func pointsAnewAfterAChangeOfTheStacks() async throws {
        var outputs = Fixtures.outputs
        outputs["ScheduleRoleArn"] = "arn:aws:iam::123456789012:role/new"
        outputs["ClusterArn"] = "arn:aws:ecs:us-east-1:123456789012:cluster/new"
        outputs["TaskDefinitionArn"] = "arn:aws:ecs:us-east-1:123456789012:task-definition/new:12"
        let stack = try StackFacts(
            stack: "nightly", outputs: outputs, subnets: ["subnet-3"], securityGroups: ["sg-2"])
        let plan = try await plan(over: try Fixtures.stored(), stack: stack)
        #expect(
            plan.changes.map(\.field) == ["cluster", "role", "task definition", "subnets", "security groups"])
        let ecs = try #require(plan.request.target.ecsParameters)
        #expect(ecs.taskDefinitionArn == "arn:aws:ecs:us-east-1:123456789012:task-definition/new")
        #expect(ecs.networkConfiguration?.awsvpcConfiguration?.subnets == ["subnet-3"])
        #expect(ecs.networkConfiguration?.awsvpcConfiguration?.assignPublicIp == "DISABLED")
        #expect(ecs.platformVersion == "1.4.0")
    }

    // MARK: Input

    @Test func setsCommandAndVariables() async throws {
        let plan = try await plan(over: nil) {
            $0.command = ["sh", "-c", "echo 'a/b'"]
            $0.environment = [("B", "2"), ("A", "1"), ("B", "3")]
        }
        let expected =
            #"{"containerOverrides":[{"command":["sh","-c","echo 'a/b'"],"environment":[{"name":"A","value":"1"},"#
            + #"{"name":"B","value":"3"},{"name":"SCHEDULE_EXECUTION_ID","value":"<aws.scheduler.execution-id>"},"#
            + #"{"name":"TASK_TRIGGERED_AT","value":"<aws.scheduler.scheduled-time>"}],"name":"nightly"}]}"#
        #expect(plan.request.target.input == expected)
    }

    @Test func changesReadAsOneLine() {
        #expect("\(ScheduleChange(field: "state", from: "ENABLED", to: "DISABLED"))" == "state: ENABLED -> DISABLED")
        #expect("\(ScheduleChange(field: "command", from: nil, to: "x"))" == "command: (none) -> x")
    }

    @Test func theSameWishAgainChangesNothing() async throws {
        let wish: (inout ScheduleDesired) -> Void = {
            $0.command = ["sh", "-c", "x"]
            $0.environment = [("B", "2"), ("A", "1"), ("B", "3")]
        }
        let input = try #require(try await plan(over: nil, wish).request.target.input)
        #expect(try await plan(over: try Fixtures.stored(input: input), wish).changes.isEmpty)
    }

    @Test func mergesIntoTheInputThatIsThere() async throws {
        let input =
            #"{"cpu":"512","ephemeralStorage":{"sizeInGiB":30},"containerOverrides":[{"name":"sidecar","cpu":64},"#
            + #"{"name":"nightly","memory":256,"command":["old"],"environment":[{"name":"KEEP","value":"1"},"#
            + #"{"name":"API_TOKEN","value":"s3cret"},{"name":"TASK_TRIGGERED_AT","value":"mine"}]}]}"#
        let plan = try await plan(over: try Fixtures.stored(input: input)) {
            $0.command = ["new", "a b"]
            $0.environment = [("API_TOKEN", "t0ken"), ("MORE", "2")]
        }
        #expect(
            plan.changes == [
                ScheduleChange(field: "command", from: "old", to: "new 'a b'"),
                ScheduleChange(field: "environment API_TOKEN", from: "****", to: "****"),
                ScheduleChange(field: "environment MORE", from: nil, to: "2"),
                ScheduleChange(
                    field: "environment SCHEDULE_EXECUTION_ID", from: nil, to: "<aws.scheduler.execution-id>"),
            ])
        let expected =
            #"{"cpu":"512","ephemeralStorage":{"sizeInGiB":30},"containerOverrides":[{"name":"sidecar","cpu":64},"#
            + #"{"name":"nightly","memory":256,"command":["new","a b"],"environment":[{"name":"API_TOKEN","value":"t0ken"},"#
            + #"{"name":"KEEP","value":"1"},{"name":"MORE","value":"2"},"#
            + #"{"name":"SCHEDULE_EXECUTION_ID","value":"<aws.scheduler.execution-id>"},"#
            + #"{"name":"TASK_TRIGGERED_AT","value":"mine"}]}]}"#
        #expect(try json(try #require(plan.request.target.input)) == json(expected))
    }

    @Test(arguments: ["plain text", "[1]", #"{"containerOverrides":{}}"#])
    func leavesAnInputAloneThatIsNoOverride(_ input: String) async throws {
        let stored = try Fixtures.stored(input: input)
        let failure = await #expect(throws: Failure.self) { try await plan(over: stored) }
        #expect(failure?.message.contains("not a task override") == true)
    }

    @Test func refusesOverridesOverTheLimitOfECS() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await plan(over: nil) { $0.environment = [("BIG", String(repeating: "x", count: 8192))] }
        }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("8192") == true)
    }

    @Test func leavesAScheduleAloneThatStartsNoTask() async throws {
        let stored =
            #"{"Name":"job","ScheduleExpression":"rate(1 day)","Target":{"Arn":"arn:aws:lambda:f","RoleArn":"r"}}"#
        let failure = await #expect(throws: Failure.self) { try await plan(over: stored) }
        #expect(failure?.message.contains("arn:aws:lambda:f") == true)
    }

    @Test func givesAnEmptySecurityGroupListNoPlace() async throws {
        let stack = try StackFacts(
            stack: "nightly", outputs: Fixtures.outputs, subnets: ["subnet-1"], securityGroups: [])
        let plan = try await plan(over: nil, stack: stack)
        let vpc = plan.request.target.ecsParameters?.networkConfiguration?.awsvpcConfiguration
        #expect(vpc?.subnets == ["subnet-1"])
        #expect(vpc?.securityGroups == nil)
    }

    // MARK: What is checked before any call

    @Test(arguments: ["ScheduleGroupName", "ScheduleRoleArn", "ClusterArn", "TaskDefinitionArn", "ContainerName"])
    func namesTheOutputThatIsMissing(_ output: String) throws {
        var outputs = Fixtures.outputs
        outputs[output] = nil
        let failure = #expect(throws: Failure.self) {
            try StackFacts(stack: "nightly", outputs: outputs, subnets: ["subnet-1"], securityGroups: [])
        }
        #expect(failure?.message.contains("stack nightly has no output \(output)") == true)
        #expect(failure?.hint?.isEmpty == false)
    }

    @Test func needsSubnets() throws {
        let failure = #expect(throws: Failure.self) {
            try StackFacts(stack: "nightly", outputs: Fixtures.outputs, subnets: [], securityGroups: [])
        }
        #expect(failure?.kind == .usage)
    }

    private static let bad: [(String, @Sendable (inout ScheduleDesired) -> Void)] = [
        ("TARGET_ID ''", { $0.name = "" }), ("TARGET_ID 'a b'", { $0.name = "a b" }),
        ("TARGET_ID 'a/b'", { $0.name = "a/b" }), ("TARGET_ID 'ä'", { $0.name = "ä" }),
        ("TARGET_ID", { $0.name = String(repeating: "a", count: 65) }),
        ("--retries 186", { $0.retries = 186 }), ("--retries -1", { $0.retries = -1 }),
        ("--max-age: 59 s", { $0.maximumAge = 59 }), ("--max-age: 86401 s", { $0.maximumAge = 86401 }),
        ("--dead-letter", { $0.deadLetterARN = "queue" }),
        ("--dead-letter", { $0.deadLetterARN = "arn:aws:sns:us-east-1:123456789012:topic" }),
        ("--dead-letter", { $0.deadLetterARN = "arn:aws:sqs:us-east-1:123456789012:queue.fifo" }),
        ("--set-env", { $0.environment = [("", "1")] }), ("time zone 'Mars/Base-1!'", { $0.timezone = "Mars/Base-1!" }),
    ]

    @Test(arguments: bad.indices) func refusesBadWishes(_ index: Int) throws {
        let (named, change) = Self.bad[index]
        var desired = try Fixtures.desired()
        change(&desired)
        let failure = #expect(throws: Failure.self) { try desired.check(now: Date(timeIntervalSince1970: 0)) }
        #expect(failure?.message.hasPrefix(named) == true, "\(failure?.message ?? "")")
    }

    @Test func acceptsTheEdges() throws {
        for (retries, age, name) in [(0, 60, "a"), (185, 86400, String(repeating: "Z9._-", count: 12))] {
            var desired = try Fixtures.desired()
            desired.name = name
            desired.retries = retries
            desired.maximumAge = age
            desired.deadLetterARN = "arn:aws-cn:sqs:cn-north-1:123456789012:a_b-C"
            #expect(throws: Never.self) { try desired.check(now: Date(timeIntervalSince1970: 0)) }
        }
    }
}
