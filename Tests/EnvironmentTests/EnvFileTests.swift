import Environment
import Support
import TestSupport
import Testing

private let variables = ["HOME": "/home/ada", "EMPTY": "", "OUTER": "outer value"]

private func parse(_ text: String) throws -> EnvFile {
    try EnvFile.parse(text, path: "env/default") { variables[$0] }
}

struct EnvFileTests {
    @Test(arguments: [
        ("K=v", "v"),
        ("export K=v", "v"),
        ("  export\t K=v  ", "v"),
        ("K=", ""),
        ("K=   ", ""),
        ("K= # nothing", ""),
        ("K=v # comment", "v"),
        ("K=v\t#comment", "v"),
        ("K=v#no-comment", "v#no-comment"),
        ("K=#v", "#v"),
        ("K='a b'", "a b"),
        (#"K='a\n$X `y` $(z) "q"'"#, #"a\n$X `y` $(z) "q""#),
        (#"K="a b" # c"#, "a b"),
        (#"K="a\nb\tc\rd\"e\\f\$g\`h\q""#, "a\nb\tc\rd\"e\\f$g`h\\q"),
        (#"K="it's""#, "it's"),
        (#"K='a'"b"c\ d"#, "abc d"),
        (##"K=a\#b\$c\'"##, "a#b$c'"),
        ("K=https://x/?a=1&b=2;c=(3)", "https://x/?a=1&b=2;c=(3)"),
        ("K=a=b=c", "a=b=c"),
        ("K=~/x", "/home/ada/x"),
        ("K=~", "/home/ada"),
        ("K=~ada/x", "~ada/x"),
        ("K='~/x'", "~/x"),
        ("K=x~", "x~"),
        ("K=$OUTER", "outer value"),
        ("K=${OUTER}/x", "outer value/x"),
        (#"K="<$OUTER>""#, "<outer value>"),
        ("K=$EMPTY", ""),
        ("K=${EMPTY:-d}", "d"),
        ("K=${EMPTY-d}", ""),
        ("K=${NONE:-d e}", "d e"),
        ("K=${NONE-d}", "d"),
        ("K=${NONE:-}", ""),
        ("K=${OUTER:-$NONE}", "outer value"),
        ("K=${NONE:-${OUTER}!}", "outer value!"),
        ("K=${NONE:-${NADA:-x}}", "x"),
        (#"K=${NONE:-a\$b}"#, "a$b"),
        ("K=5$", "5$"),
        ("K=$/x", "$/x"),
        (#"K="5$""#, "5$"),
        ("K=größe", "größe"),
        ("K=v\r", "v"),
        ("\u{FEFF}K=v", "v"),
        ("_k9=v", nil),
    ])
    func readsAValue(_ line: String, _ expected: String?) throws {
        #expect(try parse(line + "\n")["K"]?.value == expected)
    }

    @Test func readsAFile() throws {
        let file = try parse("# head\r\n\r\nA=1\r\n  # indented\r\nexport B=\"${A}2\"\r\nC=$B$A\r\n")
        #expect(file.entries.map(\.key) == ["A", "B", "C"])
        #expect(file.entries.map(\.value) == ["1", "12", "121"])
        #expect(file.entries.map(\.line) == [3, 5, 6])
        #expect(file.warnings.isEmpty)
        #expect(try parse("").entries.isEmpty)
    }

    @Test func earlierLinesWinOverTheEnvironment() throws {
        #expect(try parse("OUTER=inner\nK=$OUTER\nOUTER=last\n")["K"]?.value == "inner")
    }

    @Test func theLaterOfTwoCounts() throws {
        let file = try parse("A=1\nB=2\nA=$A$A\n")
        #expect(file["A"]?.value == "11")
        #expect(file.warnings == ["env/default:3: A stands on line 1 too; the later one counts"])
    }

    @Test(arguments: [
        ("STACK_NAME", "1:11: no '=' after 'STACK_NAME'"),
        ("export STACK_NAME", "1:18: no '=' after 'STACK_NAME'"),
        ("source other.env", "1:7: no '=' after 'source'"),
        ("A=1\nif true; then", "2:3: no '=' after 'if'"),
        ("=v", "1:1: no key before '='"),
        ("export =v", "1:8: no key before '='"),
        ("1A=v", "1:1: '1' in the key '1A'"),
        ("A-B=v", "1:2: '-' in the key 'A-B'"),
        ("A.B=v", "1:2: '.' in the key 'A.B'"),
        ("ÄB=v", "1:1: 'Ä' in the key 'ÄB'"),
        ("A+=v", "1:2: '+' in the key 'A+'"),
        ("A =v", "1:2: a space before '='"),
        ("A= v", "1:3: a space after '='"),
        ("A=b c", "1:5: more text after the value of A"),
        (#"A="b" c"#, "1:7: more text after the value of A"),
        ("A=b; B=c", "1:4: a ';' after the value of A"),
        ("A=b;", "1:4: a ';' after the value of A"),
        ("A='b", "1:3: the quote ' is never closed"),
        ("x=1\nA=b\"c\nd\"", "2:4: the quote \" is never closed"),
        (#"A="b\""#, "1:3: the quote \" is never closed"),
        (#"A=b\"#, "1:4: a backslash at the end of the line"),
        ("A=$(date)", "1:3: $(…) is refused: an env file is read, never executed"),
        ("A=\"x$(date)\"", "1:5: $(…) is refused: an env file is read, never executed"),
        ("A=$((1+1))", "1:3: $(…) is refused: an env file is read, never executed"),
        ("A=${X:-$(date)}", "1:8: $(…) is refused: an env file is read, never executed"),
        ("A=${OUTER:-$(date)}", "1:12: $(…) is refused: an env file is read, never executed"),
        ("A=`date`", "1:3: a backtick is refused: an env file is read, never executed"),
        ("A=\"`date`\"", "1:4: a backtick is refused: an env file is read, never executed"),
        ("A=${X:-`date`}", "1:8: a backtick is refused: an env file is read, never executed"),
        ("A=$NONE", "1:3: $NONE is not set"),
        ("A=\"x ${NONE}\"", "1:6: $NONE is not set"),
        ("A=${X:-$NONE}", "1:8: $NONE is not set"),
        ("A=$A", "1:3: $A is not set"),
        ("A=${", "1:5: no variable name after '${'"),
        ("A=${}", "1:5: no variable name after '${'"),
        ("A=${1}", "1:5: no variable name after '${'"),
        ("A=${OUTER", "1:3: '${' is never closed"),
        ("A=${X:-y", "1:3: '${' is never closed"),
        ("A=${OUTER:?no}", "1:11: ${…} takes a name, or a name and ':-default'"),
        ("A=${OUTER%x}", "1:10: ${…} takes a name, or a name and ':-default'"),
        ("A=${OUTER:}", "1:11: ${…} takes a name, or a name and ':-default'"),
        ("A=${X:-'y'}", "1:8: a quote in the default of ${…}"),
        ("A=pa$$word", "1:5: '$$' means nothing here"),
        ("A=$1", "1:3: '$1' means nothing here"),
        ("A=$'x'", "1:3: '$'' means nothing here"),
        ("A=a\rb", "1:4: a carriage return inside the line"),
        ("A=a\0b", "1:4: a NUL byte"),
        ("# größe \0", "1:9: a NUL byte"),
    ])
    func refuses(_ text: String, _ message: String) throws {
        let failure = try #require(throws: Failure.self) { try parse(text) }
        #expect(failure.kind == .badInput)
        #expect(failure.message == "env/default:" + message)
    }

    @Test func homeIsNeeded() throws {
        let failure = try #require(throws: Failure.self) { try EnvFile.parse("A=~/x", path: "e") { _ in nil } }
        #expect(failure.message == "e:1:3: '~' stands for HOME, which is not set")
    }

    @Test func saysWhatToDo() throws {
        let failure = try #require(throws: Failure.self) { try parse("GIT_REV=$(git rev-parse HEAD)") }
        #expect(
            failure.hint
                == "write the value itself; fgctl finds GIT_REV, AWS_ACCOUNT_ID and REGISTRY_URL on its own")
        let unset = try #require(throws: Failure.self) { try parse("A=$NONE") }
        #expect(unset.hint == "set it on an earlier line or in the environment, or write ${NONE:-default}")
    }

    @Test(arguments: ["AWS_SECRET_ACCESS_KEY=hunter2 x", "P='hunter2", "P=hunter2$1", "P=hunter2`", "P= hunter2"])
    func neverShowsAValue(_ text: String) throws {
        let failure = try #require(throws: Failure.self) { try parse(text) }
        #expect(!"\(failure)".contains("hunter2"))
    }
}

struct EnvFileLoadTests {
    private let location = EnvLocation(path: "/p/env/default", shown: "env/default", root: "/p")

    @Test func loadsBytes() throws {
        let files = MemoryFileSystem(["/p/env/default": "A=1\n"])
        let found = try #require(
            try EnvLocator.resolve(nil, fgctlEnv: nil, directory: "/p", home: nil, files: files))
        let file = try EnvFile.load(found, files: files) { _ in nil }
        #expect(file["A"]?.value == "1")
        #expect(file.path == "env/default")
        #expect(file.root == "/p")
    }

    @Test(
        arguments: [
            ([0x41, 0x3D, 0xC3, 0xA4, 0xFF], "env/default:1:4: a byte that is not UTF-8"),
            ([0x41, 0x3D, 0x31, 0x0A, 0x42, 0x3D, 0xC3], "env/default:2:3: a byte that is not UTF-8"),
            ([0xFF, 0xFE, 0x41, 0x00], "env/default:1:1: the file is UTF-16"),
        ] as [([UInt8], String)])
    func refusesBytesThatAreNoText(_ bytes: [UInt8], _ message: String) throws {
        let files = MemoryFileSystem([:]).with("/p/env/default", bytes: bytes)
        let failure = try #require(throws: Failure.self) { try EnvFile.load(location, files: files) { _ in nil } }
        #expect(failure.message == message)
        #expect(failure.hint == "save the file as UTF-8" || failure.hint == "save it as UTF-8")
    }

    @Test func namesAFileThatCanNotBeRead() throws {
        let missing = try #require(throws: Failure.self) {
            try EnvFile.load(location, files: MemoryFileSystem([:])) { _ in nil }
        }
        #expect(missing.message == "env/default: can't be read: No such file or directory")
        let files = MemoryFileSystem([:]).with(
            "/p/env/default", bytes: [UInt8](repeating: 0x23, count: EnvFile.limit + 1))
        let large = try #require(throws: Failure.self) { try EnvFile.load(location, files: files) { _ in nil } }
        #expect(large.message == "env/default: is larger than 1048576 bytes")
    }
}
