import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import Commands

/// ecs-run-task from the command line to its exit code.
struct RunTaskTests {
    private static let arn = "arn:aws:ecs:eu-west-1:1:task/nightly/abc"

    private static func stack(_ outputs: [String: String]) -> StubAWS.Answer {
        let members = outputs.map {
            "<member><OutputKey>\($0)</OutputKey><OutputValue>\($1)</OutputValue></member>"
        }
        return .init(
            """
            <R><DescribeStacksResult><Stacks><member><StackName>nightly</StackName>
            <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>
            <Outputs>\(members.joined())</Outputs></member></Stacks></DescribeStacksResult></R>
            """)
    }

    private static func tasks(_ status: String, code: Int? = nil) -> StubAWS.Answer {
        let exit = code.map { #", "exitCode": \#($0)"# } ?? ""
        return .init(
            """
            {"tasks": [{"taskArn": "\(arn)", "lastStatus": "\(status)", "startedAt": 1,
              "stopCode": "EssentialContainerExited", "containers": [{"name": "nightly"\(exit)}]}]}
            """)
    }

    /// No log configuration: there is nothing to wait for after the end.
    private static let answers: [String: [StubAWS.Answer]] = [
        "DescribeStacks": [
            stack(["TaskDefinitionArn": "arn:td:1", "ClusterName": "nightly", "ContainerName": "nightly"]),
            stack(["SubnetIds": "subnet-1,subnet-2", "SecurityGroupId": "sg-1"]),
        ],
        "DescribeTaskDefinition": [
            .init(
                #"""
                {"taskDefinition": {"taskDefinitionArn": "arn:td:1", "family": "nightly", "cpu": "256", "memory": "512",
                 "containerDefinitions": [{"name": "nightly"}]}}
                """#)
        ],
        "GetCallerIdentity": [.caller()],
        "RunTask": [.init(#"{"tasks": [{"taskArn": "\#(arn)"}], "failures": []}"#)],
        "StopTask": [.init("{}")],
    ]

    private static func script(_ changes: [String: [StubAWS.Answer]]) -> [String: [StubAWS.Answer]] {
        answers.merging(changes) { $1 }
    }

    @Test(arguments: [(0, 0), (7, 7)] as [(Int, Int32)]) func exitsWithTheContainersCode(code: Int, exit: Int32) async {
        let world = World(Self.script(["DescribeTasks": [Self.tasks("STOPPED", code: code)]]))
        #expect(await world.run("ecs-run-task", "--command", "sh -c 'exit 7'", "--set-env", "A=1") == exit)
        #expect(world.err.last?.contains("nightly exit \(code)") == true)
        #expect(world.out.isEmpty)
        let body = world.aws.bodies("RunTask").first ?? ""
        for part in [
            #""command":["sh","-c","exit 7"]"#, #""name":"TASK_TRIGGERED_AT","value":"2026-01-01T00:00:00Z""#,
            #""subnets":["subnet-1","subnet-2"]"#, #""taskDefinition":"arn:td:1""#,
        ] {
            #expect(body.contains(part), "\(part)")
        }
    }

    @Test func printsTheARNAloneWhenItDoesNotWait() async {
        let world = World(Self.answers)
        #expect(await world.run("ecs-run-task", "--no-wait") == 0)
        #expect(world.out == [Self.arn])
        #expect(!world.aws.operations.contains("DescribeTasks"))
    }

    @Test func aDryRunStartsNothing() async {
        let world = World(Self.answers)
        #expect(await world.run("ecs-run-task", "--dry-run") == 0)
        #expect(world.out.first?.contains("arn:td:1") == true)
        #expect(!world.aws.operations.contains("RunTask"))
    }

    @Test func aStackThatIsMissingIsNamed() async {
        let world = World(["DescribeStacks": [.noStack]])
        #expect(await world.run("ecs-run-task") == 125)
        #expect(world.err.first == "fgctl: run task: stack nightly does not exist")
    }

    @Test func nothingPlacedIsAFailureOfItsOwn() async {
        let refused = StubAWS.Answer(#"{"tasks": [], "failures": [{"arn": "c", "reason": "MISSING"}]}"#)
        let world = World(Self.script(["RunTask": [refused]]))
        #expect(await world.run("ecs-run-task") == 125)
        #expect(world.err.contains { $0.contains("ECS started nothing: MISSING") })
    }

    /// Runs the command and interrupts it when the named operation is sent.
    private func interrupted(
        at operation: String, _ answers: [String: [StubAWS.Answer]], signal: Int32 = 2
    ) async -> (code: Int32, world: World) {
        let work = Mutex<Task<Int32, Never>?>(nil)
        let interruption = Interruption()
        let world = World(
            answers, interruption: interruption,
            onRequest: { request in
                guard request.headers["X-Amz-Target"]?.hasSuffix(".\(operation)") == true else { return }
                if interruption.note(signal) { work.withLock { $0?.cancel() } }
            })
        let (gate, open) = AsyncStream<Void>.makeStream()
        let running = Task {
            for await _ in gate { break }
            return await world.run("ecs-run-task")
        }
        work.withLock { $0 = running }
        open.finish()
        return (await running.value, world)
    }

    @Test(arguments: [(2, 130), (15, 143)] as [(Int32, Int32)])
    func anInterruptionStopsTheTask(signal: Int32, code: Int32) async {
        let answers = Self.script(["DescribeTasks": [Self.tasks("RUNNING"), Self.tasks("STOPPED", code: 143)]])
        let run = await interrupted(at: "DescribeTasks", answers, signal: signal)
        #expect(run.code == code)
        #expect(run.world.aws.operations.filter { $0 == "StopTask" }.count == 1)
        #expect(run.world.err.contains { $0.contains("asking ECS to stop the task") })
        #expect(run.world.err.last?.contains("nightly exit 143") == true)
    }

    @Test func anInterruptionOfTheStartFindsTheTaskAndStopsIt() async {
        let run = await interrupted(
            at: "RunTask", Self.script(["DescribeTasks": [Self.tasks("STOPPED", code: 143)]]))
        #expect(run.code == 130)
        #expect(run.world.aws.bodies("StopTask").first?.contains(Self.arn) == true)
    }

    @Test func anInterruptionBeforeTheStartStartsNothing() async {
        let run = await interrupted(at: "DescribeTaskDefinition", Self.answers)
        #expect(run.code == 130)
        #expect(!run.world.aws.operations.contains("RunTask"))
        #expect(run.world.err.last == "fgctl: interrupted")
    }

    @Test func aStopThatIsRefusedIsSaid() async {
        let refusal = StubAWS.Answer(#"{"__type": "AccessDeniedException", "message": "not you"}"#, status: 400)
        let answers = Self.script(["DescribeTasks": [Self.tasks("RUNNING")], "StopTask": [refusal]])
        let run = await interrupted(at: "DescribeTasks", answers)
        #expect(run.code == 125)
        #expect(
            run.world.err.contains { $0.hasPrefix("fgctl: the task was not seen to stop: ") && $0.contains("not you") })
        #expect(run.world.err.last?.contains(Self.arn) == true)
    }
}
