import AWSServices
import FoundationEssentials
import Testing
import Watch

/// The table of endings of a task.
struct TaskVerdictTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let task: String
        let outcome: TaskVerdict.Outcome
        let code: Int?
        let says: String
        var picked: String?
        var testDescription: String { name }
    }

    static let definition = #"""
        {"taskDefinitionArn": "arn:td", "family": "nightly", "memory": "512", "containerDefinitions": [
          {"name": "main"}, {"name": "helper", "essential": false}, {"name": "second", "essential": true}]}
        """#

    private static func task(
        _ containers: String, stopCode: String = "EssentialContainerExited",
        reason: String = "Essential container in task exited",
        started: Bool = true
    ) -> String {
        """
        {"taskArn": "arn:aws:ecs:us-east-1:1:task/c/abc", "lastStatus": "STOPPED", "stopCode": "\(stopCode)",
         "stoppedReason": "\(reason)"\(started ? ", \"startedAt\": 1700000000" : ""), "containers": [\(containers)]}
        """
    }

    private static let allZero =
        #"{"name": "second", "exitCode": 0}, {"name": "helper", "exitCode": 0}, {"name": "main", "exitCode": 0}"#

    static let cases = [
        Case(name: "all zero", task: task(allZero), outcome: .succeeded, code: 0, says: ""),
        Case(
            name: "sidecar failed, not essential",
            task: task(
                #"{"name": "main", "exitCode": 0}, {"name": "second", "exitCode": 0}, {"name": "helper", "exitCode": 3}"#
            ),
            outcome: .succeeded, code: 0, says: "container helper, not essential, ended with 3"),
        Case(
            name: "first essential one in definition order",
            task: task(#"{"name": "second", "exitCode": 9}, {"name": "main", "exitCode": 7}"#),
            outcome: .failed, code: 7, says: "container main ended with 7"),
        Case(
            name: "picked container",
            task: task(#"{"name": "second", "exitCode": 9}, {"name": "main", "exitCode": 7}"#),
            outcome: .failed, code: 9, says: "container second ended with 9", picked: "second"),
        Case(
            name: "never started",
            task: task(
                #"{"name": "main", "reason": "CannotPullContainerError: not found"}, {"name": "second"}"#,
                stopCode: "TaskFailedToStart", reason: "Task failed to start", started: false),
            outcome: .failedToStart, code: nil, says: "CannotPullContainerError: not found"),
        Case(
            name: "no exit code", task: task(#"{"name": "main"}, {"name": "second", "exitCode": 0}"#),
            outcome: .failed, code: nil, says: "container main has no exit code"),
        Case(
            name: "out of memory",
            task: task(
                #"{"name": "main", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}"#
            ),
            outcome: .failed, code: 137, says: "out of memory: its limit is 512 MiB"),
        Case(
            name: "signal", task: task(#"{"name": "main", "exitCode": 139}"#), outcome: .failed, code: 139,
            says: "SIGSEGV"),
        Case(
            name: "stopped by the user", task: task(#"{"name": "main", "exitCode": 143}"#, stopCode: "UserInitiated"),
            outcome: .stopped, code: 143, says: "the task was stopped"),
        Case(
            name: "stopped by the user, ended itself with 0", task: task(allZero, stopCode: "UserInitiated"),
            outcome: .stopped, code: nil, says: "the task was stopped"),
        Case(
            name: "spot", task: task(#"{"name": "main", "exitCode": 143}"#, stopCode: "SpotInterruption"),
            outcome: .interrupted, code: 143, says: "AWS took the task away"),
    ]

    @Test(arguments: cases)
    func judges(_ item: Case) throws {
        let decoder = JSONDecoder()
        let task = try decoder.decode(ECS.Task.self, from: Data(item.task.utf8))
        let definition = try decoder.decode(ECS.TaskDefinition.self, from: Data(Self.definition.utf8))
        let verdict = TaskVerdict(task, definition: definition, picked: item.picked)
        #expect(verdict.outcome == item.outcome)
        #expect(verdict.exitCode == item.code)
        #expect(item.says.isEmpty ? verdict.cause == nil : verdict.cause?.contains(item.says) == true)
    }

    @Test func tellsDurationsAndLogs() throws {
        let definition = #"""
            {"taskDefinitionArn": "arn:td:3", "containerDefinitions": [{"name": "main", "logConfiguration": {"logDriver":
             "awslogs", "options": {"awslogs-group": "/ecs/nightly", "awslogs-stream-prefix": "ecs"}}}, {"name": "quiet"}]}
            """#
        let task = """
            {"taskArn": "arn:aws:ecs:us-east-1:1:task/c/abc", "createdAt": 1000, "pullStartedAt": 1002.5, "pullStoppedAt": 1010,
             "startedAt": 1012, "executionStoppedAt": 1072.25, "stoppedAt": 1080, "containers": [{"name": "main", "exitCode": 0}]}
            """
        let decoder = JSONDecoder()
        // AWS counts from 1970, Foundation's decoder by default from 2001: differences are what matters here.
        let verdict = TaskVerdict(
            try decoder.decode(ECS.Task.self, from: Data(task.utf8)),
            definition: try decoder.decode(ECS.TaskDefinition.self, from: Data(definition.utf8)))
        #expect(verdict.durations.pull == 7.5)
        #expect(verdict.durations.start == 12)
        #expect(verdict.durations.run == 60.25)
        #expect(verdict.durations.stop == 7.75)
        #expect(verdict.containers[0].log?.stream == "ecs/main/abc")
        #expect(verdict.containers[1].log == nil)
        #expect(verdict.taskDefinitionArn == "arn:td:3")
    }
}
