import Support
import Testing
import YAML

struct YAMLNodeTests {
    private func parse(_ text: String, limits: YAMLLimits = YAMLLimits()) throws -> YAMLNode {
        try YAMLNode(parsing: text, file: "a.yml", limits: limits)
    }

    @Test func readsNestedMappingsAndListsInOrder() throws {
        let root = try parse("b: 1\na:\n  - x\n  - {k: v}\n")
        #expect(root.pairs?.map(\.key) == ["b", "a"])
        #expect(root["b"]?.scalar == .integer(1))
        #expect(root["a"]?.items?[0].text == "x")
        #expect(root["a"]?.items?[1]["k"]?.text == "v")
        #expect(root["missing"] == nil)
    }

    @Test func marksCountFromOneInUnicodeScalars() throws {
        let root = try parse("a: 1\nlist:\n  - äö: !Sub x\n")
        let entry = try #require(root["list"]?.items?.first)
        let pair = try #require(entry.pairs?.first)
        #expect("\(root.mark)" == "a.yml:1:1")
        #expect("\(pair.keyMark)" == "a.yml:3:5")
        #expect("\(pair.value.mark)" == "a.yml:3:9")
    }

    @Test func keepsTagsOfEveryKindOfNode() throws {
        let root = try parse("ref: !Ref Name\natt: !GetAtt [Role, Arn]\ncond: !Not {a: b}\nstr: !!str 7\nnone: !  7\n")
        #expect(root["ref"]?.tag == "!Ref")
        #expect(root["ref"]?.scalar == .text("Name"))
        #expect(root["att"]?.tag == "!GetAtt")
        #expect(root["att"]?.items?.count == 2)
        #expect(root["cond"]?.tag == "!Not")
        #expect(root["str"]?.tag == "tag:yaml.org,2002:str")
        #expect(root["str"]?.scalar == .text("7"))
        #expect(root["none"]?.scalar == .text("7"))
        #expect(try parse("a: 1")["a"]?.tag == nil)
    }

    @Test func tagsOfYAMLDecideOverQuotes() throws {
        let root = try parse("i: !!int \"7\"\nb: !!bool 'true'\n")
        #expect(root["i"]?.scalar == .integer(7))
        #expect(root["b"]?.scalar == .bool(true))
    }

    @Test func readsJSON() throws {
        let root = try parse("{\n\t\"a\": [1, true, null, \"x\\u00e9\\/\"],\n\t\"b\": {}\n}\n")
        #expect(root["a"]?.items?.map(\.scalar) == [.integer(1), .bool(true), .null, .text("xé/")])
        #expect(root["b"]?.pairs?.isEmpty == true)
    }

    @Test func blockScalarsKeepOrFoldLines() throws {
        let root = try parse("l: |\n  a\n  b\nf: >-\n  a\n  b\n")
        #expect(root["l"]?.text == "a\nb\n")
        #expect(root["f"]?.text == "a b")
        #expect(root["l"]?.scalar == .text("a\nb\n"))
    }

    @Test(arguments: ["", "# only a comment\n", "---\n", "---\n...\n"])
    func nothingIsNull(text: String) throws {
        #expect(try parse(text).isNull)
    }

    @Test func aliasesStandForTheirAnchor() throws {
        let root = try parse("a: &x [1, 2]\nb: *x\nc: &y !Ref Z\nd: *y\n")
        #expect(root["b"]?.items?.map(\.scalar) == [.integer(1), .integer(2)])
        #expect(root["d"]?.tag == "!Ref")
    }

    @Test func namesKindsForMessages() throws {
        let root = try parse("[a, 1, 2.5, true, ~, [], {}]")
        #expect(
            root.items?.map(\.kindName) == [
                "text", "a number", "a number", "true or false", "nothing", "a list", "a mapping",
            ])
    }

    // MARK: Limits

    @Test func refusesAliasBombsQuickly() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let failure = #expect(throws: Failure.self) { try parse(text) }
        #expect(failure?.message.contains("more than 500000 values, with aliases counted at each use") == true)
    }

    @Test func countsAliasesAtEachUse() throws {
        let limits = YAMLLimits(nodes: 9)
        // Two keys, two lists, two items each, and the mapping.
        #expect(try parse("a: &x [1, 2]\nb: *x\n", limits: limits).pairs?.count == 2)
        let failure = #expect(throws: Failure.self) { try parse("a: &x [1, 2]\nb: *x\nc: *x\n", limits: limits) }
        #expect(failure?.message == "a.yml:3:4: more than 9 values, with aliases counted at each use")
    }

    @Test(arguments: [("[", "]"), ("{a: ", "}")])
    func boundsDepth(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "x" + String(repeating: close, count: depth)
        }
        _ = try parse(nested(100))
        let failure = #expect(throws: Failure.self) { try parse(nested(101)) }
        #expect(failure?.message.hasSuffix("more than 100 lists and mappings inside each other") == true)
        // Far beyond: refused at the limit, without reading on.
        #expect(throws: Failure.self) { try parse(nested(200_000)) }
    }

    @Test func boundsSize() {
        let failure = #expect(throws: Failure.self) { try parse("abcdef", limits: YAMLLimits(bytes: 5)) }
        #expect(failure?.message == "a.yml:1:1: the text has 6 bytes, at most 5 are read")
    }
}
