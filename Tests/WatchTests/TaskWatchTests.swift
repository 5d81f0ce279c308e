import AWSServices
import FoundationEssentials
import Support
import Synchronization
import TestSupport
import Testing
import Watch

struct TaskWatchTests {
    private static let arn = "arn:aws:ecs:us-east-1:1:task/c/abc"

    private static func definition() throws -> ECS.TaskDefinition {
        let text = #"""
            {"family": "nightly", "containerDefinitions": [{"name": "main", "logConfiguration": {"logDriver": "awslogs",
             "options": {"awslogs-group": "/ecs/nightly", "awslogs-stream-prefix": "ecs"}}}]}
            """#
        return try JSONDecoder().decode(ECS.TaskDefinition.self, from: Data(text.utf8))
    }

    private static func tasks(_ status: String) -> StubAWS.Answer {
        let end = status == "STOPPED" ? #", "containers": [{"name": "main", "exitCode": 0}]"# : ""
        return .init(#"{"tasks": [{"taskArn": "\#(arn)", "lastStatus": "\#(status)"\#(end)}], "failures": []}"#)
    }

    private static func events(_ lines: [String], token: String) -> StubAWS.Answer {
        let events = lines.map { #"{"timestamp": 1, "message": "\#($0)"}"# }.joined(separator: ",")
        return .init(#"{"events": [\#(events)], "nextForwardToken": "\#(token)"}"#)
    }

    private static let missing = StubAWS.Answer(
        #"{"tasks": [], "failures": [{"arn": "\#(arn)", "reason": "MISSING"}]}"#)
    private static let noStream = StubAWS.Answer(
        #"{"__type": "ResourceNotFoundException", "message": "no stream"}"#, status: 400)

    private func follow(
        _ aws: StubAWS, _ change: (inout TaskWatch.Timing) -> Void = { _ in }
    ) async throws -> (tasks: [ECS.Task], lines: [String], states: [String]) {
        var timing = TaskWatch.Timing()
        // Time passes by the pauses alone: while other tests are at work no limit of the watch runs out.
        let clock = Mutex(ContinuousClock.now)
        timing.now = { clock.withLock { $0 } }
        timing.sleep = { pause in clock.withLock { $0 += pause } }
        change(&timing)
        let watch = TaskWatch(
            aws.client, cluster: "c", tasks: [Self.arn], definition: try Self.definition(), timing: timing)
        let told = Mutex<(lines: [String], states: [String])>(([], []))
        let tasks = try await watch.follow { news in
            told.withLock {
                switch news {
                case .line(_, _, let text): $0.lines.append(text)
                case .state(_, let state): $0.states.append(state)
                case .failure(_, let verdict): $0.states.append(verdict.cause ?? "")
                case .trouble(let line): $0.states.append(line)
                }
            }
        }
        return told.withLock { (tasks, $0.lines, $0.states) }
    }

    @Test func handsOverEveryLineOnceAlsoThoseThatComeAfterTheEnd() async throws {
        let aws = StubAWS([
            "DescribeTasks": [Self.missing, Self.tasks("PENDING"), Self.tasks("RUNNING"), Self.tasks("STOPPED")],
            "GetLogEvents": [
                Self.noStream,
                Self.events(["one"], token: "t1"), Self.events([], token: "t1"),
                Self.events(["two"], token: "t2"), Self.events([], token: "t2"),
                Self.events(["late"], token: "t3"), Self.events([], token: "t3"),
            ],
        ])
        let result = try await follow(aws)
        #expect(result.lines == ["one", "two", "late"])
        #expect(result.states == ["PENDING", "RUNNING", "STOPPED"])
        #expect(result.tasks.count == 1)
    }

    @Test func goesThroughEmptyPagesUntilTheTokenRepeats() async throws {
        let aws = StubAWS([
            "DescribeTasks": [Self.tasks("STOPPED")],
            "GetLogEvents": [
                Self.events([], token: "a"), Self.events([], token: "b"), Self.events(["deep"], token: "c"),
                Self.events([], token: "c"),
            ],
        ])
        #expect(try await follow(aws).lines == ["deep"])
    }

    @Test func toleratesMissingOnlyWhileTheTaskIsYoung() async throws {
        let aws = StubAWS(["DescribeTasks": [Self.missing], "GetLogEvents": [Self.noStream]])
        let failure = await #expect(throws: Failure.self) {
            _ = try await follow(aws) { $0.missingGrace = .zero }
        }
        #expect(failure?.message.contains("ECS does not know it") == true)
    }

    @Test func saysThatATaskVanished() async throws {
        let aws = StubAWS(["DescribeTasks": [Self.tasks("RUNNING"), Self.missing], "GetLogEvents": [Self.noStream]])
        let failure = await #expect(throws: Failure.self) { _ = try await follow(aws) }
        #expect(failure?.hint?.contains("about an hour") == true)
    }

    @Test func endsAtTheDeadlineWithTheTaskGoingOn() async throws {
        let aws = StubAWS(["DescribeTasks": [Self.tasks("RUNNING")], "GetLogEvents": [Self.noStream]])
        let failure = await #expect(throws: Failure.self) {
            _ = try await follow(aws) { $0.deadline = .zero }
        }
        #expect(failure?.kind == .timedOut)
        #expect(!aws.operations.contains("StopTask"))
    }

    /// One container that is silent, or writes all the time: few enough calls in the first minute that those of a launch fit
    /// into thirty with them, and the end seen in five seconds.
    @Test(arguments: [false, true]) func asksSeldomEnough(_ isChatty: Bool) async throws {
        let lines = (1...60).map { Self.events(["line \($0)"], token: "t\($0)") }
        let aws = StubAWS([
            "DescribeTasks": [Self.tasks("RUNNING")], "GetLogEvents": isChatty ? lines : [Self.noStream],
        ])
        let clock = Mutex<(now: ContinuousClock.Instant, pauses: [Duration])>((ContinuousClock.now, []))
        await #expect(throws: Failure.self) {
            _ = try await follow(aws) { timing in
                timing.deadline = .seconds(60)
                timing.now = { clock.withLock { $0.now } }
                timing.sleep = { pause in
                    clock.withLock {
                        $0.now += pause
                        $0.pauses.append(pause)
                    }
                }
            }
        }
        #expect(aws.operations.count <= 25)
        let pauses = clock.withLock { $0.pauses }
        #expect(pauses.first == .seconds(2))
        #expect(pauses.allSatisfy { $0 <= .seconds(5) })
    }

    /// What a look takes is no part of the five seconds in which a failure is told.
    @Test func looksBeginAPaceAfterOneAnother() async throws {
        let aws = StubAWS(["DescribeTasks": [Self.tasks("RUNNING")], "GetLogEvents": [Self.noStream]])
        let clock = Mutex<(now: ContinuousClock.Instant, pauses: [Duration])>((ContinuousClock.now, []))
        await #expect(throws: Failure.self) {
            _ = try await follow(aws) { timing in
                timing.deadline = .seconds(60)
                timing.now = {
                    clock.withLock {
                        $0.now += .milliseconds(100)
                        return $0.now
                    }
                }
                timing.sleep = { pause in
                    clock.withLock {
                        $0.now += pause
                        $0.pauses.append(pause)
                    }
                }
            }
        }
        let pauses = clock.withLock { $0.pauses }
        #expect(zip(pauses, [.milliseconds(1900), .milliseconds(2900), .milliseconds(4600)]).allSatisfy { $0 <= $1 })
        #expect(pauses.count > 10)
    }

    @Test func readsNoLinesWhileNothingRuns() async throws {
        let aws = StubAWS([
            "DescribeTasks": [Self.tasks("PROVISIONING"), Self.tasks("PENDING"), Self.tasks("STOPPED")],
            "GetLogEvents": [Self.noStream],
        ])
        _ = try await follow(aws)
        #expect(aws.operations.filter { $0 == "GetLogEvents" }.count == 2)
    }

    /// Fargate takes a while to take a task down; why it failed is known at once.
    @Test func aFailureIsToldOnceAndBeforeTheEnd() async throws {
        func task(_ status: String) -> StubAWS.Answer {
            .init(
                #"{"tasks": [{"taskArn": "\#(Self.arn)", "lastStatus": "\#(status)", "startedAt": 1, "#
                    + #""stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited", "#
                    + #""containers": [{"name": "main", "exitCode": 1}]}], "failures": []}"#)
        }
        let aws = StubAWS([
            "DescribeTasks": [Self.tasks("RUNNING"), task("DEPROVISIONING"), task("STOPPED")],
            "GetLogEvents": [Self.noStream],
        ])
        #expect(
            try await follow(aws).states
                == ["RUNNING", "DEPROVISIONING", "container main ended with 1", "STOPPED"])
    }

    @Test func aTaskThatNeverRanHasNoLinesToWaitFor() async throws {
        let aws = StubAWS([
            "DescribeTasks": [
                .init(
                    #"{"tasks": [{"taskArn": "\#(Self.arn)", "lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "#
                        + #""stoppedReason": "CannotPullContainerError: x", "containers": [{"name": "main"}]}], "#
                        + #""failures": []}"#)
            ]
        ])
        #expect(
            try await follow(aws).states
                == ["STOPPED", "the task never started: CannotPullContainerError: x"])
        #expect(aws.operations == ["DescribeTasks"])
    }

    @Test func aMissingLogGroupIsSaidOnce() async throws {
        let noGroup = StubAWS.Answer(
            #"{"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."}"#,
            status: 400)
        let aws = StubAWS([
            "DescribeTasks": [Self.tasks("RUNNING"), Self.tasks("RUNNING"), Self.tasks("STOPPED")],
            "GetLogEvents": [noGroup],
        ])
        let states = try await follow(aws).states
        #expect(states.filter { $0 == "no log lines: log group /ecs/nightly does not exist" }.count == 1)
    }

    @Test func pokesOnce() async throws {
        for (status, ended) in [("RUNNING", false), ("STOPPED", true)] {
            let aws = StubAWS(["DescribeTasks": [Self.tasks(status)], "GetLogEvents": [Self.noStream]])
            var timing = TaskWatch.Timing()
            timing.sleep = { _ in }
            let watch = TaskWatch(
                aws.client, cluster: "c", tasks: [Self.arn], definition: try Self.definition(), timing: timing)
            let tasks = try await watch.poke { _ in }
            #expect((tasks != nil) == ended)
            #expect(aws.operations.filter { $0 == "DescribeTasks" }.count == 1)
        }
    }
}
