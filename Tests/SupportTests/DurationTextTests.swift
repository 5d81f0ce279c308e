import Support
import Testing

struct DurationTextTests {
    @Test(arguments: [
        ("0", 0), ("90", 90), ("90s", 90), ("15m", 900), ("1h", 3600), ("1h30m", 5400), ("2d", 172_800),
        ("1d2h3m4s", 93_784),
    ])
    func parses(_ text: String, _ seconds: Int) throws {
        #expect(try DurationText.parse(text) == .seconds(seconds))
    }

    @Test(arguments: [
        ("", "'' is no duration: it is empty"),
        ("-5s", "'-5s' is no duration: '-' is neither a digit nor one of d, h, m, s"),
        ("5 m", "'5 m' is no duration: ' ' is neither a digit nor one of d, h, m, s"),
        ("1.5h", "'1.5h' is no duration: '.' is neither a digit nor one of d, h, m, s"),
        ("5w", "'5w' is no duration: 'w' is neither a digit nor one of d, h, m, s"),
        ("m", "'m' is no duration: no number stands before 'm'"),
        ("1m1h", "'1m1h' is no duration: the units must follow each other as d, h, m, s, each once"),
        ("1m2m", "'1m2m' is no duration: the units must follow each other as d, h, m, s, each once"),
        ("1h30", "'1h30' is no duration: the last number has no unit"),
        ("99999999999999999999", "'99999999999999999999' is no duration: '99999999999999999999' is too large"),
        ("999999999999999999d", "'999999999999999999d' is no duration: it is too long"),
    ])
    func refuses(_ text: String, _ message: String) throws {
        let failure = try #require(throws: Failure.self) { try DurationText.parse(text) }
        #expect(failure.kind == .usage)
        #expect(failure.message == message)
        #expect(failure.hint == "write it like 90s, 15m, 1h30m, 2d, or as plain seconds")
    }

    @Test(arguments: [(0, "0s"), (59, "59s"), (60, "1m"), (5400, "1h30m"), (93_784, "1d2h3m4s"), (-5, "0s")])
    func formats(_ seconds: Int, _ text: String) {
        #expect(DurationText.format(.seconds(seconds)) == text)
    }
}
