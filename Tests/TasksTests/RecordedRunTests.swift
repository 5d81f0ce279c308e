import AWS
import AWSServices
import FoundationEssentials
import HTTP
import Support
import Synchronization
import Tasks
import TestSupport
import Testing

/// ECS as far as launches go, with AWS's rule for tokens: they hold for the tasks' lifetime plus an hour.
private final class TokenECS: Sendable {
    struct State {
        var now = Date(timeIntervalSince1970: 1_800_000_000)
        var lifetime: TimeInterval = 300
        var launches: [(token: String, body: String, startedBy: String, arn: String, at: Date)] = []
        /// What happens to the next answers: `lost` after acting, `error` before.
        var faults: [Fault] = []
    }
    enum Fault { case lost, refused, noCapacity }

    let state = Mutex(State())
    var starts: Int { state.withLock { $0.launches.count } }

    func later(by seconds: TimeInterval) { state.withLock { $0.now += seconds } }
    func next(_ faults: Fault...) { state.withLock { $0.faults = faults } }

    func answer(_ operation: String, _ request: HTTPRequest) throws -> StubAWS.Answer {
        switch operation {
        case "RunTask": try runTask(request.bodyText)
        case "ListTasks": listTasks(request.bodyText)
        case "DescribeTasks": .init(#"{"tasks": [], "failures": []}"#)
        default: .init(#"{"__type": "UnscriptedCall"}"#, status: 400)
        }
    }

    private func runTask(_ body: String) throws -> StubAWS.Answer {
        struct Body: Decodable { let clientToken: String, startedBy: String }
        let wanted = try JSONDecoder().decode(Body.self, from: Data(body.utf8))
        return try state.withLock { state in
            let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
            if fault == .refused { return .init(#"{"__type": "AccessDeniedException", "message": "no"}"#, status: 400) }
            if fault == .noCapacity {
                return .init(#"{"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time"}]}"#)
            }
            let known = state.launches.first {
                $0.token == wanted.clientToken && state.now < $0.at + state.lifetime + 3600
            }
            if let known, known.body != body {
                return .init(#"{"__type": "ConflictException", "resourceIds": ["\#(known.arn)"]}"#, status: 400)
            }
            let arn = known?.arn ?? "arn:aws:ecs:us-east-1:123456789012:task/c/\(state.launches.count)"
            if known == nil {
                state.launches.append((wanted.clientToken, body, wanted.startedBy, arn, state.now))
            }
            if fault == .lost { throw HTTPError.connectionLost(reason: "reset") }
            return .init(#"{"tasks": [{"taskArn": "\#(arn)"}], "failures": []}"#)
        }
    }

    private func listTasks(_ body: String) -> StubAWS.Answer {
        let wantsStopped = body.contains("STOPPED")
        let arns = state.withLock { state in
            state.launches.filter { launch in
                let end = launch.at + state.lifetime
                let isShown = wantsStopped ? state.now >= end && state.now < end + 3600 : state.now < end
                return isShown && body.contains("\"\(launch.startedBy)\"")
            }.map(\.arn)
        }
        return .init(#"{"taskArns": [\#(arns.map { "\"\($0)\"" }.joined(separator: ","))]}"#)
    }
}

/// Records in memory.
private actor MemoryRunStore: RunStore {
    private(set) var records: [String: RunRecord] = [:]
    private var version = 0
    nonisolated func place(of id: String) -> String { "memory:\(id)" }
    func read(_ id: String) -> StoredRun? { records[id].map { StoredRun(record: $0, mark: "\(version)") } }
    func create(_ record: RunRecord) -> String? { records[record.id] == nil ? write(record) : nil }
    func replace(_ record: RunRecord, over mark: String) -> String? { mark == "\(version)" ? write(record) : nil }
    private func write(_ record: RunRecord) -> String {
        version += 1
        records[record.id] = record
        return "\(version)"
    }
}

struct RecordedRunTests {
    private let ecs = TokenECS()
    private let store = MemoryRunStore()

    private func launch(
        asked: [String: String] = ["--command": "job"], fate: RecordedRun.Fate = .unsaid,
        whileWaiting: @escaping @Sendable () async -> Void = {}
    ) async throws -> RecordedRun.Outcome {
        let ecs = ecs
        let aws = StubAWS { try ecs.answer($0, $1) }
        var patience = TaskRunner.Patience()
        patience.pauses = [.zero]
        patience.sleep = { _ in await whileWaiting() }
        let now: @Sendable () -> Date = { ecs.state.withLock { $0.now } }
        let run = RecordedRun(
            id: "r", store: store, client: aws.client, patience: patience, now: now, show: { _ in })
        return try await run.launch(asked: asked, fate: fate) {
            let token = RequestToken.make()
            var request = ECS.RunTaskRequest(taskDefinition: "arn:td:3", clientToken: token)
            request.cluster = "c"
            request.startedBy = RunRecord.startedBy(token: token)
            return RunRecord(
                id: "r", stack: "s", region: "us-east-1", account: "1", asked: asked, request: request, sentAt: now())
        }
    }

    private func arns(_ outcome: RecordedRun.Outcome) -> [String] {
        if case .started(_, let launch) = outcome { launch.arns } else { [] }
    }

    @Test func startsOnceHoweverOftenItIsAsked() async throws {
        let first = arns(try await launch())
        #expect(first.count == 1)
        #expect(arns(try await launch()) == first)
        #expect(ecs.starts == 1)
        #expect(await store.records["r"]?.state == .started)
    }

    @Test func aLostAnswerIsAskedForAgain() async throws {
        ecs.next(.lost, .lost, .lost)
        await #expect(throws: Failure.self) { try await launch() }
        #expect(await store.records["r"]?.state == .sent)
        ecs.later(by: 45 * 60)
        #expect(arns(try await launch()).count == 1)
        #expect(ecs.starts == 1)
    }

    /// The task ran five minutes, the token lived an hour more: a resend would start a second task.
    @Test func beyondTheTokensWindowTheFateIsUnknown() async throws {
        ecs.next(.lost, .lost, .lost)
        await #expect(throws: Failure.self) { try await launch() }
        ecs.later(by: 2 * 3600)
        let failure = await #expect(throws: Failure.self) { try await launch() }
        #expect(failure?.message.contains("unknown") == true)
        #expect(failure?.hint?.contains("--adopt ARN") == true)
        #expect(ecs.starts == 1)
        let arn = "arn:aws:ecs:us-east-1:123456789012:task/c/0"
        #expect(arns(try await launch(fate: .adopt([arn]))) == [arn])
        #expect(arns(try await launch()) == [arn])
        #expect(ecs.starts == 1)
    }

    @Test func relaunchesWhenToldTo() async throws {
        ecs.next(.lost, .lost, .lost)
        await #expect(throws: Failure.self) { try await launch() }
        ecs.later(by: 2 * 3600)
        #expect(arns(try await launch(fate: .relaunch)).count == 1)
        #expect(ecs.starts == 2)
        // Said once more it starts no third one: the launch is known now.
        _ = try await launch()
        #expect(ecs.starts == 2)
    }

    /// A task that still runs, or stopped within the hour, is found whatever the token's age.
    @Test(arguments: [40_000.0, 6000.0]) func findsTheTaskOfALostAnswer(_ lifetime: TimeInterval) async throws {
        ecs.state.withLock { $0.lifetime = lifetime }
        ecs.next(.lost, .lost, .lost)
        await #expect(throws: Failure.self) { try await launch() }
        ecs.later(by: 2 * 3600)
        #expect(arns(try await launch(fate: .relaunch)) == ["arn:aws:ecs:us-east-1:123456789012:task/c/0"])
        #expect(ecs.starts == 1)
    }

    @Test func refusesOtherParameters() async throws {
        _ = try await launch()
        let failure = await #expect(throws: Failure.self) {
            try await launch(asked: ["--command": "other", "--cpu": "512"])
        }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("--command, --cpu") == true)
    }

    @Test func aRefusedLaunchLeavesTheIdFree() async throws {
        ecs.next(.refused)
        await #expect(throws: AWSError.self) { try await launch() }
        #expect(await store.records["r"]?.state == .notStarted)
        #expect(arns(try await launch(asked: ["--command": "mended"])).count == 1)
        #expect(ecs.starts == 1)
    }

    /// Without capacity the next try has a token of its own, which must be on record before it is sent.
    @Test func aNewTokenIsWrittenDownBeforeItIsSent() async throws {
        ecs.next(.noCapacity, .lost, .lost, .lost)
        await #expect(throws: Failure.self) { try await launch() }
        #expect(await store.records["r"]?.request.clientToken == ecs.state.withLock { $0.launches.last?.token })
        #expect(arns(try await launch()).count == 1)
        #expect(ecs.starts == 1)
    }

    /// Another process writes while this one waits for capacity: one of the two must give way.
    @Test func twoThatWaitForCapacityDoNotBothLaunch() async throws {
        ecs.next(.noCapacity)
        let store = store
        await #expect(throws: Failure.self) {
            try await launch(whileWaiting: {
                guard let found = await store.read("r") else { return }
                var other = found.record
                other.request.clientToken = "another-process"
                _ = await store.replace(other, over: found.mark)
            })
        }
        #expect(ecs.starts == 0)
    }

    @Test func adoptsTasksOfItsOwnClusterOnly() async throws {
        ecs.next(.lost, .lost, .lost)
        await #expect(throws: Failure.self) { try await launch() }
        ecs.later(by: 2 * 3600)
        let failure = await #expect(throws: Failure.self) {
            try await launch(fate: .adopt(["arn:aws:ecs:us-east-1:123456789012:task/other/0"]))
        }
        #expect(failure?.kind == .usage)
    }

    @Test func givesTheRecordedVerdict() async throws {
        guard case .started(let record, _) = try await launch() else {
            Issue.record("not started")
            return
        }
        let run = RecordedRun(
            id: "r", store: store, client: StubAWS([:]).client, now: { Date() }, show: { _ in })
        try await run.finish(record, .init(exitCode: 7, tasks: []))
        guard case .finished(_, let result) = try await launch() else {
            Issue.record("not finished")
            return
        }
        #expect(result.exitCode == 7)
        #expect(ecs.starts == 1)
    }

    @Test(arguments: ["", ".", "../x", "a b", String(repeating: "x", count: 65)]) func refusesIds(_ id: String) {
        #expect(throws: Failure.self) { try RunRecord.check(id: id) }
    }
}
