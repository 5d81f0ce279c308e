import AWSServices
import Support
import Synchronization
import Tasks
import TestSupport
import Testing
import Watch

struct TaskFinderTests {
    private static let id = "0123456789abcdef0123456789abcdef"
    private static let arn = "arn:aws:ecs:us-east-1:123456789012:task/c/\(id)"
    private static let missing = StubAWS.Answer(#"{"tasks": [], "failures": [{"arn": "x", "reason": "MISSING"}]}"#)
    private static let found = StubAWS.Answer(#"{"tasks": [{"taskArn": "\#(arn)", "taskDefinitionArn": "arn:td:1"}]}"#)

    @Test func takesClustersFromARNs() throws {
        #expect(try TaskFinder.cluster(of: [Self.arn]) { "fallback" } == "c")
        #expect(try TaskFinder.cluster(of: [Self.id]) { "fallback" } == "fallback")
        #expect(throws: Failure.self) { try TaskFinder.cluster(of: [Self.arn, Self.id]) { "other" } }
        #expect(throws: Failure.self) { try TaskFinder.cluster(of: ["arn:aws:s3:::b"]) { "c" } }
        #expect(throws: Failure.self) { try TaskFinder.cluster(of: []) { "c" } }
    }

    @Test(arguments: ["b", "abc", "0123456789abcdef", "0123456789abcdef0123456789abcdeg", ""])
    func refusesWhatCantBeAnID(_ word: String) {
        let failure = #expect(throws: Failure.self) { try TaskFinder.cluster(of: [Self.id, word]) { "c" } }
        #expect(failure?.kind == .usage)
        #expect(failure?.message == "'\(word)' names no task")
        let namesENV = failure?.hint?.contains("for another ENV say -e \(word.isEmpty ? "''" : word)")
        #expect(namesENV == (word != "0123456789abcdef"))
    }

    @Test func takesIDsWithDashes() throws {
        #expect(try TaskFinder.cluster(of: ["01234567-89ab-cdef-0123-456789abcdef"]) { "c" } == "c")
    }

    @Test func saysOnceThatItWaits() async throws {
        let aws = StubAWS([
            "DescribeTasks": [Self.missing, Self.missing, Self.missing, Self.found],
            "DescribeTaskDefinition": [.init(#"{"taskDefinition": {"family": "nightly"}}"#)],
        ])
        let said = Mutex<[String]>([])
        let finder = TaskFinder(
            aws.client, onWait: { line in said.withLock { $0.append(line) } }, sleep: { _ in })
        _ = try await finder.find([Self.id], cluster: "c")
        #expect(said.withLock { $0 } == ["waiting for ECS to know task \(Self.id) in cluster c (up to 1m)"])
    }

    @Test func waitsUntilATaskIsVisible() async throws {
        let aws = StubAWS([
            "DescribeTasks": [Self.missing, Self.missing, Self.found],
            "DescribeTaskDefinition": [.init(#"{"taskDefinition": {"family": "nightly"}}"#)],
        ])
        let finder = TaskFinder(aws.client, sleep: { _ in })
        let found = try await finder.find([Self.id], cluster: "c")
        #expect(found.subjects.map(\.arn) == [Self.arn])
        #expect(aws.operations.filter { $0 == "DescribeTasks" }.count == 3)
    }

    @Test func saysThatATaskIsForgotten() async throws {
        let finder = TaskFinder(StubAWS(["DescribeTasks": [Self.missing]]).client, patience: .zero)
        let failure = await #expect(throws: Failure.self) { try await finder.find([Self.arn], cluster: "c") }
        #expect(failure?.kind == .failed)
        #expect(failure?.hint?.contains("about an hour") == true)
    }

    @Test func listsRunningAndStopped() async throws {
        let aws = StubAWS([
            "ListTasks": [
                .init(#"{"taskArns": ["arn:1"], "nextToken": "t"}"#), .init(#"{"taskArns": ["arn:2"]}"#),
                .init(#"{"taskArns": ["arn:2", "arn:3"]}"#),
            ],
            "DescribeTasks": [
                .init(
                    #"{"tasks": [{"taskArn": "arn:1", "createdAt": 1}, {"taskArn": "arn:2", "createdAt": 3}, "#
                        + #"{"taskArn": "arn:3", "createdAt": 2}]}"#)
            ],
        ])
        let tasks = try await TaskFinder(aws.client).list(family: "nightly", cluster: "c")
        #expect(tasks.map(\.taskArn) == ["arn:2", "arn:3", "arn:1"])
        #expect(aws.bodies("ListTasks").last?.contains("STOPPED") == true)
        #expect(aws.bodies("DescribeTasks").first?.contains("arn:3") == true)
    }
}
