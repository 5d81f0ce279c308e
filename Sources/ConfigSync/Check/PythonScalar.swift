import YAML

/// What a scalar means to Dagster, which reads YAML 1.1 with PyYAML, without its dates.
///
/// https://yaml.org/type/ and PyYAML's implicit resolvers: `yes`, `on` are true, `010` is 8, `1_000` is 1000, `22:30` is 1350,
/// and `1e3` is text.
enum PythonScalar: Sendable, Hashable {
    case null
    case flag(Bool)
    /// nil: beyond 64 bits.
    case integer(Int?)
    case number
    case text(String)

    /// The value of a scalar node; nil for lists and mappings.
    init?(_ node: YAMLNode) {
        guard case .scalar(let text, let plain) = node.content else { return nil }
        switch node.tag {
        case nil: self = plain ? Self.resolve(text) : .text(text)
        case "tag:yaml.org,2002:null": self = .null
        case "tag:yaml.org,2002:bool": self = Self.flag(text).map(PythonScalar.flag) ?? .text(text)
        case "tag:yaml.org,2002:int": self = Self.integer(text) ?? .text(text)
        case "tag:yaml.org,2002:float": self = .number
        default: self = .text(text)
        }
    }

    /// The value of a plain scalar.
    static func resolve(_ text: String) -> PythonScalar {
        if ["", "~", "null", "Null", "NULL"].contains(text) { return .null }
        if let flag = flag(text) { return .flag(flag) }
        return integer(text) ?? (isFloat(text) ? .number : .text(text))
    }

    private static func flag(_ text: String) -> Bool? {
        let lower = text.lowercased()
        // Written small, large, or with a capital letter; nothing between.
        guard text == lower || text == text.uppercased() || text == lower.prefix(1).uppercased() + lower.dropFirst()
        else {
            return nil
        }
        return ["yes": true, "true": true, "on": true, "no": false, "false": false, "off": false][lower]
    }

    private static func integer(_ text: String) -> PythonScalar? {
        var rest = text[...]
        let negative = rest.first == "-"
        if negative || rest.first == "+" { rest = rest.dropFirst() }
        if rest.hasPrefix("0b") { return number(rest.dropFirst(2), radix: 2, negative) }
        if rest.hasPrefix("0x") { return number(rest.dropFirst(2), radix: 16, negative) }
        if rest == "0" { return .integer(0) }
        if rest.hasPrefix("0") { return number(rest.dropFirst(), radix: 8, negative) }
        guard let first = rest.unicodeScalars.first, ("1"..."9").contains(first) else { return nil }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 1 {
            guard digits(parts[0]), parts.dropFirst().allSatisfy(isSixty) else { return nil }
            var total = 0
            for part in parts {
                let (shifted, over) = total.multipliedReportingOverflow(by: 60)
                let (sum, overflow) = shifted.addingReportingOverflow(Int(part.filter { $0 != "_" }) ?? 0)
                if over || overflow { return .integer(nil) }
                total = sum
            }
            return .integer(negative ? -total : total)
        }
        return number(rest, radix: 10, negative)
    }

    /// Digits of a base, underscores among them; nil when there is anything else, or nothing.
    private static func number(_ text: Substring, radix: Int, _ negative: Bool) -> PythonScalar? {
        let digits = text.filter { $0 != "_" }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 < 128 }), digits.allSatisfy({ isDigit($0, radix) }) else {
            return nil
        }
        return .integer(Int((negative ? "-" : "") + digits, radix: radix))
    }

    private static func isDigit(_ character: Character, _ radix: Int) -> Bool {
        character.hexDigitValue.map { $0 < radix } ?? false
    }

    private static func digits(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_") }
    }

    /// A part of a number to the base 60.
    private static func isSixty(_ part: Substring) -> Bool {
        guard digits(part), !part.contains("_"), let value = Int(part) else { return false }
        return part.count <= 2 && value < 60
    }

    /// YAML 1.1's floats as PyYAML takes them: with a point, and a sign in the exponent.
    private static func isFloat(_ text: String) -> Bool {
        var rest = text[...]
        let signed = rest.first == "-" || rest.first == "+"
        if signed { rest = rest.dropFirst() }
        if [".inf", ".Inf", ".INF"].contains(rest) { return true }
        if !signed, [".nan", ".NaN", ".NAN"].contains(rest) { return true }
        guard let point = rest.firstIndex(of: ".") else { return false }
        let whole = rest[..<point]
        var fraction = rest[rest.index(after: point)...]
        if let mark = fraction.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            let exponent = fraction[fraction.index(after: mark)...]
            guard exponent.first == "+" || exponent.first == "-", exponent.count > 1,
                digits(exponent.dropFirst()), !exponent.contains("_"), !whole.contains(":")
            else { return false }
            fraction = fraction[..<mark]
        }
        guard digits(fraction) else { return false }
        if whole.isEmpty { return !signed && fraction.first.map { $0 != "_" } ?? false }
        let parts = whole.split(separator: ":", omittingEmptySubsequences: false)
        guard let first = parts[0].first, first != "_", digits(parts[0]) else { return false }
        return parts.dropFirst().allSatisfy(isSixty)
    }
}
