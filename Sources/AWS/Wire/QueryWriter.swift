/// Writes a `WireValue` as the form body of the Query and EC2 protocols.
struct QueryWriter {
    /// EC2: names start with a capital, lists have no wrapper, empty lists are not sent.
    let isEC2: Bool
    private(set) var pairs: [(name: String, value: String)]

    init(action: String, version: String, isEC2: Bool) {
        self.isEC2 = isEC2
        pairs = [("Action", action), ("Version", version)]
    }

    /// The body: `Action=…&Version=…&…`
    var body: [UInt8] {
        let form = pairs.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        return Array(form.joined(separator: "&").utf8)
    }

    /// Adds an input's members.
    mutating func add(_ value: WireValue) { add(value, at: "") }

    private mutating func add(_ value: WireValue, at prefix: String) {
        switch value {
        case .structure(let structure):
            for member in structure.members {
                let name = isEC2 ? member.name.prefix(1).uppercased() + member.name.dropFirst() : member.name
                add(member.value, at: prefix.isEmpty ? name : "\(prefix).\(name)")
            }
        case .list(let items, let shape):
            if items.isEmpty {
                // Query sends an empty list as an empty value; EC2 has no way to say it.
                if !isEC2 { pairs.append((prefix, "")) }
                return
            }
            let list = isEC2 || shape.isFlattened ? prefix : "\(prefix).\(shape.itemName ?? "member")"
            for (index, item) in items.enumerated() { add(item, at: "\(list).\(index + 1)") }
        case .map(let entries, let shape):
            let map = shape.isFlattened ? prefix : "\(prefix).entry"
            for (index, entry) in entries.enumerated() {
                pairs.append(("\(map).\(index + 1).\(shape.keyName)", entry.key))
                add(entry.value, at: "\(map).\(index + 1).\(shape.valueName)")
            }
        case .null: break
        default:
            if let text = value.text(timestamps: .iso8601) { pairs.append((prefix, text)) }
        }
    }
}
