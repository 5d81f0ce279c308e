import Support
import Testing

struct ShellWordsTests {
    @Test(arguments: [
        ("", []),
        ("   ", []),
        (#"sh -c "echo hi; exit 7""#, ["sh", "-c", "echo hi; exit 7"]),
        ("a\tb\nc", ["a", "b", "c"]),
        (#"a'b c'"d e"f"#, ["ab cd ef"]),
        (#"'' "" x"#, ["", "", "x"]),
        (#"a\ b \"c\'"#, ["a b", "\"c'"]),
        (#""a\"b\\c\$d\`e\nf""#, [#"a"b\c$d`e\nf"#]),
        (#"'a\b $X `y`'"#, [#"a\b $X `y`"#]),
        ("one\\\ntwo", ["onetwo"]),
        ("# no $comment", ["#", "no", "$comment"]),
        ("größe 'ß ü'", ["größe", "ß ü"]),
    ])
    func splits(_ text: String, _ words: [String]) throws {
        #expect(try ShellWords.split(text) == words)
    }

    @Test(arguments: [
        (#"sh -c "echo"#, "column 7: the quote \" of the command is never closed"),
        ("a 'b", "column 3: the quote ' of the command is never closed"),
        (#"a b\"#, "column 4: nothing follows the last backslash of the command"),
    ])
    func refuses(_ text: String, _ message: String) throws {
        let failure = try #require(throws: Failure.self) { try ShellWords.split(text) }
        #expect(failure.kind == .usage)
        #expect(failure.message == message)
        #expect(failure.hint != nil)
    }

    @Test(arguments: [
        ["sh", "-c", "echo 'hi'; exit 7"], [""], ["a b", "plain-1.0_x/y:z=1"], [#"\"#, "$HOME", "*", "ä"],
    ])
    func joinsWhatItSplits(_ words: [String]) throws {
        #expect(try ShellWords.split(ShellWords.join(words)) == words)
    }

    @Test func joinsPlainWordsUnquoted() {
        #expect(ShellWords.join(["sh", "-c", "it's"]) == #"sh -c 'it'\''s'"#)
    }
}
