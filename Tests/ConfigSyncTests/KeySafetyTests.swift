import ConfigSync
import Support
import Testing

@Suite struct KeySafetyTests {
    @Test(
        arguments: [
            ("a", nil), ("a/b c/+%\n/é", nil), ("...", nil), (".a", nil), ("..a/a..", nil),
            ("", .empty), ("/a", .absolute), ("a//b", .emptyPart), ("a/", .emptyPart), (".", .dots), ("..", .dots),
            ("../a", .dots), ("a/../../b", .dots), ("a/..", .dots), ("a/./b", .dots), ("a\0b", .nul), ("a/\0", .nul),
            (String(repeating: "x", count: 255), nil), (String(repeating: "x", count: 256), .nameTooLong),
            ("a/" + String(repeating: "é", count: 128), .nameTooLong), (".fgctl-12ab.part", .reserved),
            ("a/.fgctl-0.part/b", .reserved), (".fgctl-.part", nil), (".fgctl-xyz.part", nil),
        ] as [(String, KeySafety.Problem?)])
    func aKeyIsSafeOrSaysWhyNot(_ key: String, _ problem: KeySafety.Problem?) {
        #expect(KeySafety.problem(of: key) == problem)
    }

    private func check(_ keys: [String], ignoresCase: Bool = false) -> KeySafety {
        var safety = KeySafety(FolderTraits(ignoresCase: ignoresCase))
        for key in keys.sorted(by: { ByteText($0) < ByteText($1) }) { safety.take(key) }
        return safety
    }

    @Test(
        arguments: [
            (["a", "a/b"], "a"), (["a", "a!", "a-b", "a/b", "a0"], "a"), (["x/a", "x/a.b", "x/a/c/d"], "x/a"),
            (["a", "a", "b"], nil), (["a", "ab", "abc", "ab/c"], "ab"), (["a-b/c", "a/b", "ab"], nil),
        ] as [([String], String?)])
    func aFileCannotBeAFolderToo(_ keys: [String], _ both: String?) {
        let safety = check(keys)
        #expect(safety.problems.map(\.key) == [both].compactMap { $0 })
        #expect(safety.problems.allSatisfy { if case .isFolderToo = $0.problem { true } else { false } })
    }

    @Test(arguments: [
        (["README", "readme"], true), (["A/x", "a/y"], true), (["a/x", "a/y"], false), (["É", "e\u{301}"], true),
        (["é", "e\u{301}"], true), (["straße", "STRASSE"], false),
    ])
    func caseCountsOnlyWhereTheFolderIgnoresIt(_ keys: [String], _ isSame: Bool) {
        #expect(check(keys).count == 0)
        #expect((check(keys, ignoresCase: true).count > 0) == isSame)
    }

    @Test func theMessageNamesKeysAndReasons() throws {
        let safety = check(["../etc/passwd", "a", "a/b", "c\nd/../e"] + (0..<20).map { "/x\($0)" })
        let failure = try #require(throws: Failure.self) { try safety.check("pull s3://b/c/ to /d") }
        #expect(failure.kind == .failed)
        #expect(failure.message.hasPrefix("pull s3://b/c/ to /d: nothing was written"))
        #expect(failure.message.contains("'../etc/passwd': has a part '.' or '..'"))
        #expect(failure.message.contains("and 13 more"))
        #expect(!failure.message.contains("\n"))
        #expect(throws: Never.self) { try check(["a", "b"]).check("x") }
    }

    @Test(arguments: [
        ("a", "b", true), ("a", "../b", false), ("a/b", "../c", true), ("a/b", "../../c", false), ("a", "/b", false),
        ("a/b/c", "../../x/../y", true), ("a", "x/../../y", false), ("a", ".", true),
    ])
    func linksStayInsideOrNot(_ path: String, _ target: String, _ stays: Bool) {
        #expect(LocalTree.staysInside(path, target: target) == stays)
    }
}
