/// A JSON value, for merging what the user gives into a request.
package enum RequestValue: Sendable, Hashable {
    case null
    case flag(Bool)
    case integer(Int)
    case text(String)
    case list([RequestValue])
    case record([String: RequestValue])
}

extension RequestValue: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Name.self) {
            var members: [String: RequestValue] = [:]
            for key in container.allKeys {
                members[key.stringValue] = try container.decode(RequestValue.self, forKey: key)
            }
            self = .record(members)
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let value = try? single.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? single.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? single.decode(String.self) {
            self = .text(value)
        } else {
            self = .list(try single.decode([RequestValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .record(let members):
            var container = encoder.container(keyedBy: Name.self)
            for (name, value) in members { try container.encode(value, forKey: Name(stringValue: name)) }
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .flag(let value): try Self.put(value, encoder)
        case .integer(let value): try Self.put(value, encoder)
        case .text(let value): try Self.put(value, encoder)
        case .list(let items): try Self.put(items, encoder)
        }
    }

    private static func put(_ value: some Encodable, _ encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

extension RequestValue {
    /// The members of this value with those of `other` over them.
    ///
    /// Records are merged member by member; a null takes a member away. Lists whose items have names (containers, variables)
    /// are merged item by item by `name`, new ones come last; all other lists and values are replaced.
    package func merging(_ other: RequestValue) -> RequestValue {
        switch (self, other) {
        case (.record(var members), .record(let added)):
            for (name, value) in added {
                members[name] = value == .null ? nil : members[name]?.merging(value) ?? value
            }
            return .record(members)
        case (.list(let items), .list(let added)) where !added.isEmpty && added.allSatisfy { $0.name != nil }:
            var merged = items
            for item in added {
                if let place = merged.firstIndex(where: { $0.name == item.name }) {
                    merged[place] = merged[place].merging(item)
                } else {
                    merged.append(item)
                }
            }
            return .list(merged)
        default: return other
        }
    }

    /// The member `name` of a record.
    var name: String? {
        guard case .record(let members) = self, case .text(let name)? = members["name"] else { return nil }
        return name
    }
}
