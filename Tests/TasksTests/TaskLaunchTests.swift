import AWSServices
import FoundationEssentials
import Support
import Tasks
import TestSupport
import Testing

struct TaskLaunchTests {
    private static func facts(containers: [String] = ["nightly"], own: String? = "nightly") throws -> TaskFacts {
        let list = containers.map { #"{"name": "\#($0)"}"# }.joined(separator: ",")
        let text = #"{"taskDefinitionArn": "arn:td:3", "family": "nightly", "containerDefinitions": [\#(list)]}"#
        return TaskFacts(
            cluster: "cluster", definition: try JSONDecoder().decode(ECS.TaskDefinition.self, from: Data(text.utf8)),
            ownContainer: own,
            network: .init(subnets: ["subnet-1"], securityGroups: ["sg-1"], assignPublicIp: "ENABLED"))
    }

    private func request(_ change: (inout TaskOptions) -> Void, _ facts: TaskFacts) throws -> ECS.RunTaskRequest {
        var options = TaskOptions()
        change(&options)
        return try TaskLaunch.request(
            options, facts: facts, triggeredAt: Date(timeIntervalSince1970: 1_767_225_600), token: "token")
    }

    @Test func isResolvedCompletely() throws {
        let request = try request(
            {
                $0.command = ["sh", "-c", "exit 7"]
                $0.environment = [("A", "1"), ("B", "2"), ("A", "3")]
                $0.cpu = "512"
                $0.memory = "1024"
            }, try Self.facts())
        #expect(request.clientToken == "token")
        #expect(request.taskDefinition == "arn:td:3")
        #expect(request.launchType == "FARGATE")
        let override = try #require(request.overrides?.containerOverrides?.first)
        #expect(override.name == "nightly")
        #expect(override.command == ["sh", "-c", "exit 7"])
        #expect(
            override.environment == [
                .init(name: "TASK_TRIGGERED_AT", value: "2026-01-01T00:00:00Z"), .init(name: "A", value: "3"),
                .init(name: "B", value: "2"),
            ])
        #expect(request.overrides?.memory == "1024")
    }

    @Test(arguments: [0, 11, -1]) func refusesCountsThatTheServiceRefuses(_ count: Int) throws {
        let facts = try Self.facts()
        let failure = #expect(throws: Failure.self) { try request({ $0.count = count }, facts) }
        #expect(failure?.kind == .usage)
    }

    @Test func refusesOverridesOverTheLimit() throws {
        let facts = try Self.facts()
        let failure = #expect(throws: Failure.self) {
            try request({ $0.environment = [("BIG", String(repeating: "x", count: 8192))] }, facts)
        }
        #expect(failure?.message.contains("8192") == true)
    }

    @Test func asksWhichContainerIsMeant() throws {
        let facts = try Self.facts(containers: ["a", "b"], own: nil)
        let failure = #expect(throws: Failure.self) { try request({ _ in }, facts) }
        #expect(failure?.message == "task definition nightly has several containers: a, b")
        let named = try request({ $0.container = "b" }, facts)
        #expect(named.overrides?.containerOverrides?.first?.name == "b")
        let wrong = #expect(throws: Failure.self) { try request({ $0.container = "c" }, facts) }
        #expect(wrong?.hint == "it has: a, b")
    }
}

struct TaskRunnerTests {
    private static let started = StubAWS.Answer(#"{"tasks": [{"taskArn": "arn:1"}], "failures": []}"#)
    private static let full = StubAWS.Answer(
        #"{"tasks": [], "failures": [{"arn": "arn:x", "reason": "RESOURCE:MEMORY"}]}"#)

    private func start(_ answers: [StubAWS.Answer]) async throws -> (launch: TaskRunner.Launch, aws: StubAWS) {
        let aws = StubAWS(["RunTask": answers])
        var patience = TaskRunner.Patience()
        patience.sleep = { _ in }
        let runner = TaskRunner(aws.client, patience: patience) { _ in }
        return (try await runner.start(ECS.RunTaskRequest(taskDefinition: "nightly", clientToken: "first")), aws)
    }

    @Test func triesAgainWithANewTokenWhenThereIsNoCapacity() async throws {
        let (launch, aws) = try await start([Self.full, Self.full, Self.started])
        #expect(launch.arns == ["arn:1"])
        let bodies = aws.bodies("RunTask")
        #expect(bodies.count == 3)
        #expect(bodies.filter { $0.contains("\"first\"") }.count == 1)
    }

    @Test func givesUpWhenCapacityDoesNotCome() async throws {
        let failure = await #expect(throws: Failure.self) { _ = try await start([Self.full]) }
        #expect(failure?.message.contains("RESOURCE:MEMORY") == true)
    }

    @Test func failuresOtherThanCapacityAreFinal() async throws {
        let answer = StubAWS.Answer(#"{"tasks": [], "failures": [{"arn": "arn:x", "reason": "MISSING"}]}"#)
        let failure = await #expect(throws: Failure.self) { _ = try await start([answer, Self.started]) }
        #expect(failure?.message.contains("MISSING") == true)
    }

    @Test func adoptsWhatTheSameTokenStartedBefore() async throws {
        let answer = StubAWS.Answer(
            #"{"__type": "ConflictException", "message": "token", "resourceIds": ["arn:a", "arn:b"]}"#, status: 400)
        #expect(try await start([answer]).launch.arns == ["arn:a", "arn:b"])
    }
}
