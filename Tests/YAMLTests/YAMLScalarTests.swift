import Testing
import YAML

struct YAMLScalarTests {
    @Test(
        arguments: [
            ("", .null), ("~", .null), ("null", .null), ("Null", .null), ("nULL", .text("nULL")),
            ("true", .bool(true)), ("True", .bool(true)), ("FALSE", .bool(false)), ("tRUE", .text("tRUE")),
            ("yes", .text("yes")), ("no", .text("no")), ("on", .text("on")), ("off", .text("off")), ("y", .text("y")),
            ("0", .integer(0)), ("7", .integer(7)), ("-12", .integer(-12)), ("+3", .integer(3)),
            ("0x1F", .integer(31)), ("0o17", .integer(15)), ("0x", .text("0x")), ("0x-1", .text("0x-1")),
            ("0o8", .text("0o8")), ("-0x1", .text("-0x1")), ("0b1", .text("0b1")),
            ("012345678901", .text("012345678901")), ("0755", .text("0755")), ("00", .text("00")),
            ("123456789012", .integer(123_456_789_012)),
            ("99999999999999999999", .text("99999999999999999999")),
            ("1_000", .text("1_000")), ("1:30", .text("1:30")), ("2012-10-17", .text("2012-10-17")),
            ("0.1", .float(0.1)), (".5", .float(0.5)), ("1.", .float(1)), ("-1.5e3", .float(-1500)),
            ("1e3", .float(1000)),
            ("1e", .text("1e")), (".", .text(".")), ("-", .text("-")), ("+", .text("+")), ("-.", .text("-.")),
            ("1.2.3", .text("1.2.3")), ("1 2", .text("1 2")), ("e3", .text("e3")), (".e3", .text(".e3")),
            (".inf", .float(.infinity)), ("-.INF", .float(-.infinity)), ("inf", .text("inf")), ("nan", .text("nan")),
        ] as [(String, YAMLScalar)])
    func plainScalarsFollowTheCoreSchema(text: String, value: YAMLScalar) {
        #expect(YAMLScalar(plain: text) == value)
    }

    @Test func readsNotANumber() {
        guard case .float(let value) = YAMLScalar(plain: ".nan") else {
            Issue.record("no number")
            return
        }
        #expect(value.isNaN)
    }

    @Test(arguments: ["\"true\"", "'12'", "\"null\"", "\"012345678901\"", "''"])
    func quotedScalarsAreText(text: String) throws {
        let node = try YAMLNode(parsing: text, file: "q")
        #expect(node.scalar == .text(String(text.dropFirst().dropLast())))
        #expect(node.kindName == "text")
    }

    @Test func accountNumbersKeepTheirZero() throws {
        let root = try YAMLNode(parsing: "quoted: \"012345678901\"\nplain: 012345678901\n", file: "q")
        #expect(root["quoted"]?.text == "012345678901")
        #expect(root["plain"]?.scalar == .text("012345678901"))
    }
}
