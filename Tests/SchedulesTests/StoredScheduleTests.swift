import AWS
import AWSServices
import FoundationEssentials
import Schedules
import Support
import TestSupport
import Testing

/// What is done with a schedule as it is stored: enabling, disabling, removing, running its target by hand.
struct StoredScheduleTests {
    private typealias Answer = StubAWS.Answer
    private static let get = "GET /schedules/job"
    private static let update = "PUT /schedules/job"
    private static let missing = Answer(#"{"__type":"ResourceNotFoundException","message":"no"}"#, status: 404)

    @Test func disablingLosesNothing() async throws {
        let aws = StubAWS([Self.get: [Answer(try Fixtures.stored())], Self.update: [Answer("{}")]])
        let (isChanged, warnings) = try await ScheduleService(aws.client).set(
            .disabled, of: "job", group: "nightly", stack: "nightly")
        #expect(isChanged && warnings.isEmpty)
        var sent = try json(try #require(aws.bodies(Self.update).first))
        sent["ClientToken"] = nil
        var expected = try json(try Fixtures.stored(state: "DISABLED"))
        for name in ["Arn", "Name", "CreationDate", "LastModificationDate"] { expected[name] = nil }
        #expect(sent == expected)
    }

    /// A target that is no ECS task keeps its own parameters.
    @Test(arguments: [
        #""SqsParameters":{"MessageGroupId":"g"}"#, #""KinesisParameters":{"PartitionKey":"p"}"#,
        #""EventBridgeParameters":{"DetailType":"d","Source":"s"}"#,
        #""SageMakerPipelineParameters":{"PipelineParameterList":[{"Name":"n","Value":"v"}]}"#,
    ])
    func otherTargetsKeepTheirs(_ parameters: String) async throws {
        let target = #"{"Arn":"arn:aws:sqs:us-east-1:123456789012:q","RoleArn":"r","Input":"x",\#(parameters)}"#
        let stored = #"{"Name":"job","ScheduleExpression":"rate(1 day)","State":"ENABLED","Target":\#(target)}"#
        let aws = StubAWS([Self.get: [Answer(stored)], Self.update: [Answer("{}")]])
        _ = try await ScheduleService(aws.client).set(.disabled, of: "job", group: "nightly", stack: "nightly")
        #expect(try json(try #require(aws.bodies(Self.update).first))["Target"] == json(target))
    }

    @Test func nothingIsWrittenTwice() async throws {
        let aws = StubAWS([Self.get: [Answer(try Fixtures.stored(state: "DISABLED"))]])
        let (isChanged, _) = try await ScheduleService(aws.client).set(
            .disabled, of: "job", group: "nightly", stack: "nightly")
        #expect(!isChanged)
        #expect(aws.operations == [Self.get])
    }

    @Test func saysThatThereIsNoSuchSchedule() async throws {
        let aws = StubAWS([Self.get: [Self.missing], "DELETE /schedules/job": [Self.missing]])
        let service = ScheduleService(aws.client)
        let disabling = await #expect(throws: Failure.self) {
            try await service.set(.disabled, of: "job", group: "nightly", stack: "nightly")
        }
        #expect(disabling?.message == "disable schedule: there is no schedule 'job' in group 'nightly'")
        let removing = await #expect(throws: Failure.self) {
            try await service.remove("job", group: "nightly", stack: "nightly")
        }
        #expect(removing?.message == "remove schedule: there is no schedule 'job' in group 'nightly'")
        #expect(removing?.hint?.contains("needs --engine rule") == true)
    }

    @Test func pointsAtTheRuleOfTheSameName() async throws {
        let aws = StubAWS([Self.get: [Self.missing], "DescribeRule": [.init(#"{"Name": "nightly-job"}"#)]])
        let failure = await #expect(throws: Failure.self) {
            try await ScheduleService(aws.client).stored("job", group: "nightly", stack: "nightly", for: "run schedule")
        }
        #expect(failure?.hint == "there is a rule 'job' of the older engine: add --engine rule")
    }

    // MARK: Running it now

    private func launch(_ text: String) async throws -> ECS.RunTaskRequest {
        let aws = StubAWS([Self.get: [Answer(text)]])
        let stored = try await ScheduleService(aws.client).stored(
            "job", group: "nightly", stack: "nightly", for: "run schedule")
        return try stored.launch(now: Date(timeIntervalSince1970: 1_800_000_000), execution: "e-1", token: "t-1")
    }

    @Test func sendsWhatTheScheduleWould() async throws {
        let request = try await launch(try Fixtures.stored())
        let sent = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
        #expect(
            try json(sent)
                == json(
                    """
                    {"cluster":"arn:aws:ecs:us-east-1:123456789012:cluster/nightly","count":2,"clientToken":"t-1",
                    "taskDefinition":"arn:aws:ecs:us-east-1:123456789012:task-definition/nightly","platformVersion":"1.4.0",
                    "group":"g","enableECSManagedTags":true,"enableExecuteCommand":true,"propagateTags":"TASK_DEFINITION",
                    "referenceId":"r","tags":[{"key":"Team","value":"data"}],"startedBy":"fgctl/schedule-run/job",
                    "capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1,"base":0}],
                    "placementConstraints":[{"type":"memberOf","expression":"x"}],
                    "placementStrategy":[{"type":"spread","field":"f"}],
                    "networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-2","subnet-1"],
                    "securityGroups":["sg-1"],"assignPublicIp":"DISABLED"}},
                    "overrides":{"containerOverrides":[{"name":"nightly","environment":[
                    {"name":"SCHEDULE_EXECUTION_ID","value":"e-1"},
                    {"name":"TASK_TRIGGERED_AT","value":"2027-01-15T08:00:00Z"}]}]}}
                    """))
    }

    @Test func keepsAllOverrides() async throws {
        let input = #"""
            {"cpu":"512","memory":"1024","taskRoleArn":"r","executionRoleArn":"e","ephemeralStorage":{"sizeInGiB":30},
            "containerOverrides":[{"name":"a","command":["x"],"cpu":1,"memory":2,"memoryReservation":3,
            "environmentFiles":[{"value":"arn","type":"s3"}],"resourceRequirements":[{"value":"1","type":"GPU"}],
            "environment":[{"name":"S","value":"<aws.scheduler.schedule-arn> <aws.scheduler.attempt-number>"}]}]}
            """#
        let request = try await launch(try Fixtures.stored(input: input))
        let sent = String(decoding: try JSONEncoder().encode(request.overrides), as: UTF8.self)
        let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/nightly/job"
        #expect(
            try json(sent)
                == json(
                    input.replacing("<aws.scheduler.schedule-arn> <aws.scheduler.attempt-number>", with: "\(arn) 1")))
    }

    @Test(arguments: [
        ("not json", "is not a task override"), (#"{"containerOverrides":{}}"#, "is not a task override"),
        (#"{"containerOverrides":[{"name":"a","secrets":[]}]}"#, "sets 'containerOverrides.secrets'"),
        (#"{"wishes":1}"#, "sets 'wishes'"),
    ])
    func refusesInputThatRunTaskDoesNotTake(_ input: String, _ words: String) async throws {
        let failure = await #expect(throws: Failure.self) { try await launch(try Fixtures.stored(input: input)) }
        #expect(failure?.message.contains(words) == true)
    }

    @Test func refusesOtherTargets() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await launch(#"{"Name":"job","Target":{"Arn":"arn:aws:sqs:us-east-1:1:q","RoleArn":"r"}}"#)
        }
        #expect(failure?.message.contains("no ECS task") == true)
    }
}
