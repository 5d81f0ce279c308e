import Support
import Testing
import YAML

/// A malformed text and the whole message it has to give.
struct MalformedCase: Sendable, CustomTestStringConvertible {
    let text: String
    let message: String

    var testDescription: String { text.debugDescription }

    init(_ text: String, _ message: String) {
        self.text = text
        self.message = message
    }
}

struct YAMLMalformedTests {
    @Test(arguments: [
        MalformedCase("a: 1\na: 2\n", "2:1: key a occurs twice, first in line 1, column 1"),
        MalformedCase("x:\n  a: 1\n  b: 2\n  \"a\": 3\n", "4:3: key a occurs twice, first in line 2, column 3"),
        MalformedCase("{a: 1, b: 2, a: 3}", "1:14: key a occurs twice, first in line 1, column 2"),
        MalformedCase("? [a]\n: 1\n", "1:3: a key must be text, this is a list"),
        MalformedCase(
            "a: &x {b: 1}\nc:\n  <<: *x\n", "3:3: merge keys (<<) are no part of YAML 1.2; write the keys out"),
        MalformedCase("a: *x\n", "1:4: alias *x stands before the end of its anchor &x, or there is none"),
        MalformedCase("a: &x [*x]\n", "1:8: alias *x stands before the end of its anchor &x, or there is none"),
        MalformedCase("a: 1\n---\nb: 2\n", "2:1: a second document begins here; only one is allowed"),
        MalformedCase("a: 1\n...\n---\n", "3:1: a second document begins here; only one is allowed"),
        MalformedCase("a:\n\t- b\n", "2:1: a tab can't indent; use spaces"),
        MalformedCase("ä: ö\n\t- b\n", "2:1: a tab can't indent; use spaces"),
        MalformedCase(
            "a: [1, 2\nb: 3\n",
            "2:2: did not find expected ',' or ']' while parsing a flow sequence that began in line 1"),
        MalformedCase("a: b: c\n", "1:5: mapping values are not allowed in this context"),
        MalformedCase("a: 1\n b: 2\n", "2:3: mapping values are not allowed in this context"),
        MalformedCase(
            "a: \"x\n", "2:1: found unexpected end of stream while scanning a quoted scalar that began in line 1"),
        MalformedCase("a: %x\n", "1:4: found character that cannot start any token while scanning for the next token"),
        MalformedCase("a: 1\nb: \u{1}\n", "2:4: control characters are not allowed"),
        MalformedCase("a: \"\\q\"\n", "1:5: found unknown escape character while parsing a quoted scalar"),
        MalformedCase("a: !x!y 1\n", "1:4: found undefined tag handle while parsing a node"),
    ])
    func isRefusedWithItsPlace(malformed: MalformedCase) {
        let failure = #expect(throws: Failure.self) { try YAMLNode(parsing: malformed.text, file: "conf/a.yml") }
        #expect(failure?.message == "conf/a.yml:" + malformed.message)
        #expect(failure?.kind == .badInput)
    }

    /// Cut at every byte, a text is either read or refused; it never crashes and never hangs.
    @Test func everyPrefixIsReadOrRefused() {
        let text = "a: &x [1, \"é\\n\", 'it''s']\nb: !Ref {c: *x, ? d : |\n}\ne: |2-\n   x\nf: >+\n  y\n\n"
        var read = 0
        var refused = 0
        for end in text.indices {
            do throws(Failure) {
                _ = try YAMLNode(parsing: String(text[..<end]), file: "p")
                read += 1
            } catch {
                #expect(error.message.hasPrefix("p:"))
                refused += 1
            }
        }
        #expect(read > 0)
        #expect(refused > 0)
    }
}
