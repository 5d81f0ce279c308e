/// The value of a scalar in the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema).
///
/// `yes`, `no`, `on`, `off`, dates and sexagesimal numbers are text, unlike in YAML 1.1. In one place this is stricter
/// than the schema: digits that begin with a needless zero are text, since what people write so are account numbers and
/// file modes, never quantities.
package enum YAMLScalar: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case text(String)

    /// Reads a plain (unquoted) scalar. Integers beyond 64 bits stay text.
    package init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .bool(true)
        case "false", "False", "FALSE": self = .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": self = .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": self = .float(-.infinity)
        case ".nan", ".NaN", ".NAN": self = .float(.nan)
        default: self = Self.number(text) ?? .text(text)
        }
    }

    private static func number(_ text: String) -> YAMLScalar? {
        if text.hasPrefix("0o") { return unsigned(text.dropFirst(2), radix: 8) }
        if text.hasPrefix("0x") { return unsigned(text.dropFirst(2), radix: 16) }
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = digits(&rest)
        if whole.count > 1, whole.first == UInt8(ascii: "0") { return nil }
        if rest.isEmpty { return whole.isEmpty ? nil : Int(text).map(YAMLScalar.integer) }
        var hasDigits = !whole.isEmpty
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            hasDigits = !digits(&rest).isEmpty || hasDigits
        }
        guard hasDigits else { return nil }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            if digits(&rest).isEmpty { return nil }
        }
        guard rest.isEmpty else { return nil }
        return Double(text).map(YAMLScalar.float)
    }

    /// Takes the leading decimal digits off `rest`.
    private static func digits(_ rest: inout Substring.UTF8View) -> Substring.UTF8View {
        let found = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest[found.endIndex...]
        return found
    }

    /// Octal and hexadecimal numbers have no sign in the core schema, which `Int(_:radix:)` would take.
    private static func unsigned(_ digits: Substring, radix: Int) -> YAMLScalar? {
        guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else { return nil }
        return Int(digits, radix: radix).map(YAMLScalar.integer)
    }
}
