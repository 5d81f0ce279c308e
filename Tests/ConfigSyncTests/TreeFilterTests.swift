import ConfigSync
import Support
import Testing

@Suite struct TreeFilterTests {
    @Test(arguments: [
        // pattern, path, whether the pattern names it
        ("*.yaml", "a.yaml", true), ("*.yaml", "deep/er/a.yaml", true), ("*.yaml", "a.yaml.bak", false),
        ("*.yaml", ".yaml", true), ("a", "a", true), ("a", "x/a", true), ("a", "a/b/c", true), ("a", "ab", false),
        ("/a", "a", true), ("/a", "x/a", false), ("/a", "a/b", true), ("a/*.py", "a/b.py", true),
        ("a/*.py", "a/b/c.py", false), ("a/*.py", "x/a/b.py", false), ("a/**/c", "a/c", true),
        ("a/**/c", "a/b/b/c", true), ("a/**/c", "a/b/d", false), ("**/x", "x", true), ("**/x", "a/b/x", true),
        ("a/**", "a", false), ("a/**", "a/b", true), ("a/**", "a/b/c", true), ("**", "a", true), ("**", "a/b", true),
        ("drafts/", "drafts/a", true), ("drafts/", "x/drafts/a", true), ("drafts/", "drafts", false),
        ("/drafts/", "x/drafts/a", false), ("a/b/", "a/b/c", true), ("a/b/", "a/b", false),
        ("?.txt", "a.txt", true), ("?.txt", "ab.txt", false), ("?.txt", "é.txt", true), ("?", "/", false),
        ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true), ("[^a-c]x", "ax", false),
        ("[]]", "]", true), ("[a-]", "-", true), ("[*]", "*", true), ("[*]", "a", false), ("\\*", "*", true),
        ("\\*", "a", false), ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("a**b", "aXb", true),
        ("a**b", "a/b", false), ("*", "a/b", true), ("a b", "a b", true), ("a+%", "a+%", true),
        ("*\n*", "a\nb", true), ("aaaaaaaaaaaaaaaa*a*a*a*a*a*a*a*b", String(repeating: "a", count: 200), false),
    ])
    func aPatternNamesWhatItSays(_ pattern: String, _ path: String, _ isNamed: Bool) throws {
        #expect(try TreeFilter(include: [pattern], exclude: []).admits(path) == isNamed)
        #expect(try TreeFilter(include: [], exclude: [pattern]).admits(path) != isNamed)
    }

    @Test func excludesWinInWhateverOrder() throws {
        let filter = try TreeFilter(include: ["*.yaml", "secret/**"], exclude: ["secret/", "b.*"])
        #expect(filter.admits("a.yaml"))
        #expect(!filter.admits("b.yaml"))
        #expect(!filter.admits("secret/a.yaml"))
        #expect(!filter.admits("a.py"))
        #expect(filter.leavesOut(folder: "secret"))
        #expect(filter.leavesOut(folder: "x/secret/y"))
        #expect(!filter.leavesOut(folder: "x"))
        #expect(TreeFilter().admits("anything"))
    }

    @Test(arguments: ["[a", "a\\", "", "/", "//", "a//b", "[b-a]", "..", "a/./b", "[]"])
    func malformedPatternsAreUsageErrors(_ pattern: String) {
        let failure = #expect(throws: Failure.self) { try TreeFilter(include: [], exclude: [pattern]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("--exclude '\(pattern)'") == true)
    }
}
