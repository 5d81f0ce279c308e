internal import FoundationEssentials

/// An input as a tree, ready to be written by any protocol. Members that are `nil` are not in it.
indirect enum WireValue: Sendable {
    case structure(Structure)
    case list([WireValue], MemberShape)
    /// Entries in the order of their keys, so that the same input always gives the same bytes.
    case map([(key: String, value: WireValue)], MemberShape)
    case string(String)
    case integer(String)
    case double(Double)
    case bool(Bool)
    case timestamp(Date, TimestampFormat?)
    case blob([UInt8])
    case null

    /// Named members in the order in which the type writes them.
    struct Structure: Sendable {
        var members: [Member] = []
        var root: XMLRoot?
    }

    struct Member: Sendable {
        let name: String
        var value: WireValue
    }
}

extension WireValue {
    /// A scalar as text, for query parameters, headers, labels and XML; `nil` for structures, lists, maps.
    func text(timestamps format: TimestampFormat) -> String? {
        switch self {
        case .string(let text), .integer(let text): text
        case .double(let number): Self.text(number)
        case .bool(let flag): flag ? "true" : "false"
        case .timestamp(let date, let own): Timestamp.text(date, own ?? format)
        case .blob(let bytes): Data(bytes).base64EncodedString()
        case .structure, .list, .map, .null: nil
        }
    }

    /// The words for what is no number are those of AWS's protocols.
    static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        if let whole = Int64(exactly: number), abs(whole) < 1 << 53 { return String(whole) }
        return String(number)
    }
}
