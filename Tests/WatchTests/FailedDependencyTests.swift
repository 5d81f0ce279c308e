import AWSServices
import FoundationEssentials
import Testing
import Watch

/// Tasks in which a container that others wait for failed.
struct FailedDependencyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Of `main`, an essential container that ECS starts after `config`, which is not essential.
        var condition = "SUCCESS"
        let containers: String
        var started = false
        let outcome: TaskVerdict.Outcome
        let code: Int?
        /// The container at the root; `nil` where nothing was waited for in vain.
        let root: String?
        let says: String
        var testDescription: String { name }
    }

    private static func reason(_ dependency: String, _ end: String, of target: String = "main") -> String {
        """
        "exitCode": 143, "reason": "CannotStartContainerError: dependency graph: failed to resolve container ordering \
        dependency [\(dependency)(image) (STOPPED->RUNNING)] for target [\(target)(image) (NONE->RUNNING)] \(end)"
        """
    }

    static let cases = [
        Case(
            name: "init container failed",
            containers:
                #"{"name": "main", \#(reason("config", "as dependency did not exit successfully."))}, {"name": "config", "exitCode": 3}"#,
            outcome: .failedToStart, code: nil, root: "config",
            says: "container config, which main waits for (SUCCESS), ended with 3: release 12ab is not there"),
        Case(
            name: "its code alone tells, ECS gives no reason",
            containers: #"{"name": "main"}, {"name": "config", "exitCode": 3}"#,
            outcome: .failedToStart, code: nil, root: "config",
            says: "container config, which main waits for (SUCCESS), ended with 3"),
        Case(
            name: "its image is missing",
            containers:
                #"{"name": "main", \#(reason("config", "because dependency will never start"))}, {"name": "config", "reason": "CannotPullContainerError: gone"}"#,
            outcome: .failedToStart, code: nil, root: "config", says: "never started: CannotPullContainerError: gone"),
        Case(
            name: "start timeout",
            containers:
                #"{"name": "main", \#(reason("config", "has timed out."))}, {"name": "config", "exitCode": 137}"#,
            outcome: .failedToStart, code: nil, root: "config", says: "was not done within its start timeout"),
        Case(
            name: "not healthy", condition: "HEALTHY",
            containers:
                #"{"name": "main", \#(reason("config", "has timed out."))}, {"name": "config", "exitCode": 0}"#,
            outcome: .failedToStart, code: nil, root: "config", says: "(HEALTHY), was not done within its start timeout"
        ),
        Case(
            name: "the root of a chain",
            containers: """
                {"name": "main", \(reason("second", "because dependency will never start"))},
                {"name": "second", \(reason("config", "as dependency did not exit successfully.", of: "second"))},
                {"name": "config", "exitCode": 4}
                """,
            outcome: .failedToStart, code: nil, root: "config",
            says: "container config, which second waits for (SUCCESS), ended with 4"),
        Case(
            name: "another essential container ran and was taken down",
            containers:
                #"{"name": "main", \#(reason("config", "as dependency did not exit successfully."))}, {"name": "other", "exitCode": 137}, {"name": "config", "exitCode": 3}"#,
            outcome: .failed, code: 137, root: "config", says: "container config, which main waits for"),
        Case(
            name: "main failed by itself",
            containers: #"{"name": "main", "exitCode": 7}, {"name": "config", "exitCode": 0}"#, started: true,
            outcome: .failed, code: 7, root: nil, says: "container main ended with 7"),
        Case(
            name: "main failed by itself after an odd sidecar", condition: "COMPLETE",
            containers: #"{"name": "main", "exitCode": 7}, {"name": "config", "exitCode": 3}"#, started: true,
            outcome: .failed, code: 7, root: nil, says: "container main ended with 7"),
        Case(
            name: "main's own image is missing",
            containers:
                #"{"name": "main", "reason": "CannotPullContainerError: gone"}, {"name": "config", "exitCode": 0}"#,
            outcome: .failedToStart, code: nil, root: nil, says: "CannotPullContainerError: gone"),
        Case(
            name: "well", containers: #"{"name": "main", "exitCode": 0}, {"name": "config", "exitCode": 0}"#,
            started: true, outcome: .succeeded, code: 0, root: nil, says: ""),
    ]

    private func verdict(
        _ item: Case, stopCode: String = "EssentialContainerExited"
    ) throws -> (ECS.Task, ECS.TaskDefinition) {
        let hasChain = item.containers.contains(#""second""#)
        let others = [
            hasChain
                ? #"{"name": "second", "essential": false, "dependsOn": [{"containerName": "config", "condition": "SUCCESS"}]}"#
                : nil,
            item.containers.contains(#""other""#) ? #"{"name": "other"}"# : nil,
            #"{"name": "config", "essential": false}"#,
        ].compactMap { $0 }
        let waited = hasChain ? "second" : "config"
        let definition = """
            {"taskDefinitionArn": "arn:td", "containerDefinitions": [
             {"name": "main", "dependsOn": [{"containerName": "\(waited)", "condition": "\(hasChain ? "START" : item.condition)"}]},
             \(others.joined(separator: ", "))]}
            """
        let task = """
            {"taskArn": "arn:aws:ecs:us-east-1:1:task/c/abc", "lastStatus": "STOPPED", "stopCode": "\(stopCode)",
             "stoppedReason": "Essential container in task exited"\(item.started ? ", \"startedAt\": 1700000000" : ""),
             "containers": [\(item.containers)]}
            """
        let decoder = JSONDecoder()
        return (
            try decoder.decode(ECS.Task.self, from: Data(task.utf8)),
            try decoder.decode(ECS.TaskDefinition.self, from: Data(definition.utf8))
        )
    }

    @Test(arguments: cases, ["EssentialContainerExited", "TaskFailedToStart"])
    func namesTheRoot(_ item: Case, stopCode: String) throws {
        let (task, definition) = try verdict(item, stopCode: stopCode)
        var verdict = TaskVerdict(task, definition: definition)
        verdict.quote(["looking", "release 12ab is not there", "  push it again", " "], of: "config")
        #expect(verdict.outcome == item.outcome)
        #expect(verdict.exitCode == item.code)
        #expect(verdict.failedDependency?.container == item.root)
        #expect(
            item.root == nil
                || verdict.failedDependency?.lastLines == ["looking", "release 12ab is not there", "  push it again"])
        #expect(item.says.isEmpty ? verdict.cause == nil : verdict.cause?.contains(item.says) == true)
    }

    @Test func aTaskThatWasStoppedHasNoOtherCause() throws {
        let (task, definition) = try verdict(Self.cases[0], stopCode: "UserInitiated")
        let verdict = TaskVerdict(task, definition: definition)
        #expect(verdict.outcome == .stopped)
        #expect(verdict.failedDependency == nil)
    }

    @Test func aFailedTaskQuotesItsLog() throws {
        let (task, definition) = try verdict(Self.cases[0])
        let log = FailedTask.Log(
            container: "config", group: "/ecs/x", stream: "s", lines: ["release 12ab is not there"])
        #expect(
            FailedTask(task, definition: definition, logs: [log]).verdict.cause?.hasSuffix("release 12ab is not there")
                == true)
    }
}
