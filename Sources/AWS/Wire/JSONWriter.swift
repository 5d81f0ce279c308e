internal import FoundationEssentials

/// Writes a `WireValue` as JSON. Timestamps are seconds unless the member says otherwise.
enum JSONWriter {
    static func write(_ value: WireValue) -> [UInt8] {
        var out: [UInt8] = []
        append(value, to: &out)
        return out
    }

    private static func append(_ value: WireValue, to out: inout [UInt8]) {
        switch value {
        case .structure(let structure):
            let members = structure.members.filter { if case .null = $0.value { false } else { true } }
            appendObject(members.map { ($0.name, $0.value) }, to: &out)
        case .map(let entries, _): appendObject(entries.map { ($0.key, $0.value) }, to: &out)
        case .list(let items, _):
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                append(item, to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .string(let text): appendString(text, to: &out)
        case .integer(let digits): out += digits.utf8
        case .double(let number):
            let text = WireValue.text(number)
            number.isFinite ? out += text.utf8 : appendString(text, to: &out)
        case .bool(let flag): out += (flag ? "true" : "false").utf8
        case .timestamp(let date, let format):
            let text = Timestamp.text(date, format ?? .epochSeconds)
            format == nil || format == .epochSeconds ? out += text.utf8 : appendString(text, to: &out)
        case .blob(let bytes): appendString(Data(bytes).base64EncodedString(), to: &out)
        case .null: out += "null".utf8
        }
    }

    private static func appendObject(_ members: [(String, WireValue)], to out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        for (index, (name, value)) in members.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            appendString(name, to: &out)
            out.append(UInt8(ascii: ":"))
            append(value, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private static func appendString(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        // Nearly every text stands as it is.
        if !text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            out.append(contentsOf: text.utf8)
            out.append(UInt8(ascii: "\""))
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += "\\\"".utf8
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case 0x0a: out += "\\n".utf8
            case 0x0d: out += "\\r".utf8
            case 0x09: out += "\\t".utf8
            case 0..<0x20: out += ((byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
