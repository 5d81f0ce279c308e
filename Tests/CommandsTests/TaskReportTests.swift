import AWSServices
import FoundationEssentials
import Testing
import Watch

@testable import Commands

struct TaskReportTests {
    /// A task with one container, `main`.
    private static func verdict(_ exitCode: Int?, stopCode: String = "EssentialContainerExited") throws -> TaskVerdict {
        let decoder = JSONDecoder()
        let code = exitCode.map { ", \"exitCode\": \($0)" } ?? ""
        let task = try decoder.decode(
            ECS.Task.self,
            from: Data(
                """
                {"taskArn": "arn:aws:ecs:us-east-1:1:task/c/abc", "lastStatus": "STOPPED", "stopCode": "\(stopCode)",
                 "startedAt": 1, "stoppedReason": "it ended", "containers": [{"name": "main"\(code)}]}
                """.utf8))
        let definition = try decoder.decode(
            ECS.TaskDefinition.self, from: Data(#"{"containerDefinitions": [{"name": "main"}]}"#.utf8))
        return TaskVerdict(task, definition: definition)
    }

    static let codes: [([Int?], Int32)] = [
        ([0], 0), ([7], 7), ([0, 7, 9], 7), ([255], 255), ([256], 1), ([-1], 255), ([nil], 125), ([0, nil], 125),
    ]

    @Test(arguments: codes)
    func givesTheFirstCodeThatIsNotZero(codes: [Int?], expected: Int32) throws {
        #expect(TaskReport(try codes.map { try Self.verdict($0) }).exitCode == expected)
    }

    @Test func tasksThatNeverStartedAreAFailure() throws {
        #expect(TaskReport([try Self.verdict(0)], missesTasks: true).exitCode == 125)
        #expect(TaskReport([try Self.verdict(3)], missesTasks: true).exitCode == 3)
    }

    @Test func aStopIsNoSuccess() throws {
        #expect(TaskReport([try Self.verdict(0, stopCode: "UserInitiated")]).exitCode == 130)
        #expect(TaskReport([try Self.verdict(143, stopCode: "UserInitiated")]).exitCode == 143)
        #expect(TaskReport([try Self.verdict(0)], signal: 15).exitCode == 143)
    }

    @Test func saysEachThingOnce() throws {
        #expect(
            TaskReport([try Self.verdict(7)]).lines == ["task abc failed: container main ended with 7; it ended"])
        #expect(
            TaskReport([try Self.verdict(nil, stopCode: "UserInitiated")]).lines == [
                "task abc stopped: main exit none; the task was stopped: it ended"
            ])
        #expect(TaskReport([try Self.verdict(0)]).lines == ["task abc succeeded: main exit 0"])
    }

    @Test func aCauseThatWasToldIsNotToldAgain() throws {
        let verdict = try Self.verdict(7)
        var report = TaskReport([verdict])
        report.told = [verdict.taskArn]
        #expect(report.lines == ["task abc failed: main exit 7; it ended"])
    }

    @Test func whatIsMissingStandsBelow() throws {
        var report = TaskReport([try Self.verdict(nil)])
        report.findings = [Finding(.missingImage, "r/x:1", advice: "push it", facts: ["repository x has no 1"])]
        #expect(
            report.lines.suffix(3) == ["missing image: r/x:1", "  repository x has no 1", "next: push it"])
    }
}
