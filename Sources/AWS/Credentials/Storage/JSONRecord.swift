internal import FoundationEssentials

/// A JSON object of which only some members are known; the others stay as they are when it is written back.
struct JSONRecord: Sendable {
    private var members: [String: WireNode] = [:]

    init() {}

    /// - Returns: `nil` when the bytes are no JSON object.
    init?(_ bytes: [UInt8]) {
        guard case .object(let members)? = try? JSONReader.read(bytes) else { return nil }
        self.members = members
    }

    /// A member that is a text.
    func text(_ name: String) -> String? {
        guard case .string(let text)? = members[name] else { return nil }
        return text
    }

    /// A member that is a whole number.
    func number(_ name: String) -> Int? {
        guard case .number(let digits)? = members[name] else { return nil }
        return Int(digits)
    }

    /// A member that is an object.
    func record(_ name: String) -> JSONRecord? {
        guard case .object(let members)? = members[name] else { return nil }
        var record = JSONRecord()
        record.members = members
        return record
    }

    /// A member that is a time, in any of the forms that AWS's tools write.
    func time(_ name: String) -> Date? {
        guard var text = text(name) else { return nil }
        if text.hasSuffix("UTC") { text = text.dropLast("UTC".count) + "Z" }
        return Timestamp.parse(text)
    }

    /// A member that is a text; setting `nil` leaves it as it is.
    subscript(name: String) -> String? {
        get { text(name) }
        set { if let newValue { members[name] = .string(newValue) } }
    }

    mutating func set(_ name: String, _ record: JSONRecord) { members[name] = .object(record.members) }

    /// A time as these files have it: whole seconds.
    static func time(_ date: Date) -> String {
        Timestamp.text(Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)), .iso8601)
    }

    /// The object in one line, members sorted.
    var bytes: [UInt8] { JSONWriter.write(Self.value(.object(members))) }

    private static func value(_ node: WireNode) -> WireValue {
        switch node {
        case .bool(let flag): .bool(flag)
        case .number(let digits): .integer(digits)
        case .string(let text): .string(text)
        case .array(let items): .list(items.map(value), MemberShape())
        case .object(let members):
            .map(members.sorted { $0.key < $1.key }.map { ($0.key, value($0.value)) }, MemberShape())
        // JSON reads into nothing else.
        case .null, .xml, .body, .overlay: .null
        }
    }
}
