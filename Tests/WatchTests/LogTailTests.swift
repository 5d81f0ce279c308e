import FoundationEssentials
import Synchronization
import TestSupport
import Testing
import Watch

struct LogTailTests {
    private static func page(_ events: [(time: Int, text: String, id: String?)], next: String? = nil) -> StubAWS.Answer
    {
        let list = events.map { event in
            let id = event.id.map { #", "eventId": "\#($0)""# } ?? ""
            return #"{"logStreamName": "ecs/main/1", "timestamp": \#(event.time), "message": "\#(event.text)"\#(id)}"#
        }
        let token = next.map { #", "nextToken": "\#($0)""# } ?? ""
        return .init(#"{"events": [\#(list.joined(separator: ","))]\#(token)}"#)
    }

    private func read(_ pages: [StubAWS.Answer], looks: Int) async throws -> (lines: [String], aws: StubAWS) {
        let aws = StubAWS(["FilterLogEvents": pages])
        let tail = LogTail(aws.client, .init(group: "/ecs/nightly", since: Date(timeIntervalSince1970: 1)))
        let lines = Mutex<[String]>([])
        for _ in 0..<looks { try await tail.readNew { line in lines.withLock { $0.append(line.message) } } }
        return (lines.withLock { $0 }, aws)
    }

    @Test func readsAllPagesEmptyOnesToo() async throws {
        let (lines, aws) = try await read(
            [Self.page([], next: "a"), Self.page([(1000, "one", "1")], next: "b"), Self.page([(2000, "two", "2")])],
            looks: 1)
        #expect(lines == ["one", "two"])
        #expect(aws.operations.count == 3)
    }

    /// What becomes readable late, out of order, is shown; what was shown is not shown again.
    @Test func showsEachLineOnce() async throws {
        let (lines, aws) = try await read(
            [
                Self.page([(20_000, "one", "1"), (21_000, "three", "3")]),
                Self.page([(20_000, "one", "1"), (20_500, "two", "2"), (21_000, "three", "3")]),
            ], looks: 2)
        #expect(lines == ["one", "three", "two"])
        #expect(aws.bodies("FilterLogEvents").last?.contains("\"startTime\":11000") == true)
    }

    @Test func equalLinesOfOneMomentAreSeveral() async throws {
        let (lines, _) = try await read([Self.page([(5000, "x", nil), (5000, "x", nil)])], looks: 2)
        #expect(lines == ["x", "x"])
    }

    @Test(arguments: [
        ("ERROR", "ERROR"), ("exit code", "\"exit code\""), ("job-1", "\"job-1\""), ("{ $.a = 1 }", "{ $.a = 1 }"),
        ("?a ?b", "?a ?b"), ("say \"x\"", "\"say \\\"x\\\"\""),
    ]) func wordsBecomeAPhrase(_ text: String, _ pattern: String) {
        #expect(LogTail.pattern(text) == pattern)
    }
}
