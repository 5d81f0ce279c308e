import Support
import Testing
import YAML

/// What PyYAML reads beyond YAML 1.2, and refuses.
struct YAMLDialectTests {
    private func parse(_ text: String) throws(Failure) -> YAMLNode {
        try YAMLNode(parsing: text, file: "f", dialect: .python)
    }

    @Test func mergedKeysComeAfterOnesOwn() throws {
        let node = try parse("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [{x: 4}, *a], z: 5}\n")
        #expect(node["b"]?.pairs?.map(\.key) == ["y", "x"])
        #expect(node["b"]?["y"]?.text == "3")
        #expect(node["c"]?["x"]?.text == "4")
        #expect(node["c"]?["y"]?.text == "2")
        #expect(node["b"]?["<<"] == nil)
    }

    @Test func aQuotedMergeKeyIsAKey() throws {
        #expect(try parse("'<<': 1\n")["<<"]?.text == "1")
    }

    @Test(arguments: [
        ("a: {<<: text}\n", "f:1:9: merged (<<) are mappings and lists of mappings, this is text"),
        ("a: {<<: [{x: 1}, 2]}\n", "f:1:9: merged (<<) are mappings and lists of mappings, this is a list"),
        ("a: &x 1\nb: &x 2\n", "f:2:4: anchor &x occurs twice, first in line 1, column 4"),
        ("a: {<<: {x: 1}, y: 2, y: 3}\n", "f:1:23: key y occurs twice, first in line 1, column 17"),
    ])
    func isRefused(text: String, message: String) {
        let failure = #expect(throws: Failure.self) { try parse(text) }
        #expect(failure?.message == message)
    }

    @Test func theCoreTakesAnAnchorAgain() throws {
        let node = try YAMLNode(parsing: "a: &x 1\nb: &x 2\nc: *x\n", file: "f")
        #expect(node["c"]?.text == "2")
    }

    @Test func aFailureIsSplitIntoItsPlaceAndItsMessage() throws {
        let failure = try #require(throws: Failure.self) { try parse("a: 1\nb: [\n") }
        let (mark, message) = YAMLMark.splitting(failure, file: "f")
        #expect(mark == YAMLMark(file: "f", line: 3, column: 1))
        #expect(!message.hasPrefix("f:") && !message.isEmpty)
        let other = YAMLMark.splitting(Failure(.failed, "read f: out of memory"), file: "f")
        #expect(other.mark.line == 1 && other.message == "read f: out of memory")
    }
}
