/// Writes a `WireValue` as an XML document (REST-XML request bodies).
enum XMLWriter {
    static func write(_ value: WireValue, root: XMLRoot) -> [UInt8] {
        var out = ""
        let namespace = root.namespace.map { " xmlns=\"\(escape($0))\"" } ?? ""
        append(value, name: root.name, attributes: namespace, to: &out)
        return Array(out.utf8)
    }

    private static func append(_ value: WireValue, name: String, attributes: String = "", to out: inout String) {
        switch value {
        case .list(let items, let shape) where shape.isFlattened:
            for item in items { append(item, name: name, to: &out) }
        case .map(let entries, let shape) where shape.isFlattened:
            for entry in entries { append(entry, shape, name: name, to: &out) }
        case .null: break
        default:
            out += "<\(name)\(attributes)>"
            appendContent(value, to: &out)
            out += "</\(name)>"
        }
    }

    private static func appendContent(_ value: WireValue, to out: inout String) {
        switch value {
        case .structure(let structure):
            for member in structure.members { append(member.value, name: member.name, to: &out) }
        case .list(let items, let shape):
            for item in items { append(item, name: shape.itemName ?? "member", to: &out) }
        case .map(let entries, let shape):
            for entry in entries { append(entry, shape, name: "entry", to: &out) }
        default: out += escape(value.text(timestamps: .iso8601) ?? "")
        }
    }

    private static func append(
        _ entry: (key: String, value: WireValue), _ shape: MemberShape, name: String, to out: inout String
    ) {
        out += "<\(name)><\(shape.keyName)>\(escape(entry.key))</\(shape.keyName)>"
        append(entry.value, name: shape.valueName, to: &out)
        out += "</\(name)>"
    }

    /// Also line ends, which a reader of XML would otherwise change.
    private static func escape(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\r": out += "&#xD;"
            case "\n": out += "&#xA;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
