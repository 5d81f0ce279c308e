internal import Environment
internal import FoundationEssentials

/// A request as `--dry-run` shows it: the values of variables whose names look secret are `****`, also in documents that
/// travel inside texts (a schedule's input).
enum ShownRequest: Codable {
    case object([String: ShownRequest])
    case array([ShownRequest])
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
    case null

    /// The request, masked, as `Session.json` prints it.
    static func json(_ request: some Encodable) throws -> String {
        let text = try Session.json(request)
        return try Session.json(try JSONDecoder().decode(ShownRequest.self, from: Data(text.utf8)).masked())
    }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let items = try? value.decode([ShownRequest].self) {
            self = .array(items)
        } else {
            self = .object(try value.decode([String: ShownRequest].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .object(let members): try value.encode(members)
        case .array(let items): try value.encode(items)
        case .string(let text): try value.encode(text)
        case .integer(let integer): try value.encode(integer)
        case .number(let number): try value.encode(number)
        case .bool(let bool): try value.encode(bool)
        case .null: try value.encodeNil()
        }
    }

    private func masked() throws -> ShownRequest {
        switch self {
        case .object(var members):
            // As ECS spells a variable, and as Scheduler's input may.
            for (name, value) in [("name", "value"), ("Name", "Value")] {
                if case .string(let variable)? = members[name], members[value] != nil,
                    ContainerEnvironment.looksSecret(variable)
                {
                    members[value] = .string("****")
                }
            }
            return .object(try members.mapValues { try $0.masked() })
        case .array(let items): return .array(try items.map { try $0.masked() })
        case .string(let text) where text.hasPrefix("{"):
            guard let inside = try? JSONDecoder().decode(ShownRequest.self, from: Data(text.utf8)) else { return self }
            return .string(try Session.jsonLine(inside.masked()))
        default: return self
        }
    }
}
