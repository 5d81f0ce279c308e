internal import FoundationEssentials
internal import XML

/// A part of an answer, as far as it is known without the type that it decodes to.
indirect enum WireNode: Sendable {
    case null
    case bool(Bool)
    /// The digits as they came, so that no precision is lost.
    case number(String)
    case string(String)
    case array([WireNode])
    case object([String: WireNode])
    /// The elements of one name among their siblings, in order: one for most members, several for flattened lists.
    case xml([XMLElement])
    /// A whole HTTP body: raw bytes for a blob or a text, read as a document for a structure.
    case body([UInt8], BodyFormat)
    /// Members from elsewhere in an HTTP answer (headers, status) laid over those of its body.
    case overlay([String: WireNode], over: WireNode)
}

/// The document format of a body.
enum BodyFormat: Sendable { case json, xml }

extension WireNode {
    /// A body's document; no bytes at all stand for an empty structure.
    static func document(_ bytes: [UInt8], _ format: BodyFormat) throws -> WireNode {
        if bytes.isEmpty { return .object([:]) }
        return switch format {
        case .json: try JSONReader.read(bytes)
        case .xml: .xml([try XMLDocument.parse(bytes)])
        }
    }

    /// A member of a structure; `nil` when it is missing or null.
    func member(_ name: String) -> WireNode? {
        switch self {
        case .object(let members):
            guard let member = members[name] else { return nil }
            if case .null = member { return nil }
            return member
        case .xml(let elements):
            let children = elements.first?.children.filter { $0.name == name } ?? []
            return children.isEmpty ? nil : .xml(children)
        case .overlay(let members, let base): return members[name] ?? base.member(name)
        default: return nil
        }
    }

    /// The items of a list; `nil` when this is none.
    func items(_ shape: MemberShape) -> [WireNode]? {
        switch self {
        case .array(let items): items
        case .xml(let elements):
            // Several elements of one name can only be a list without a wrapper.
            if shape.isFlattened || elements.count > 1 {
                elements.map { .xml([$0]) }
            } else {
                elements.first?.children.map { .xml([$0]) } ?? []
            }
        default: nil
        }
    }

    /// The entries of a map; `nil` when this is none.
    func entries(_ shape: MemberShape) -> [String: WireNode]? {
        switch self {
        case .object(let members): return members.filter { if case .null = $0.value { false } else { true } }
        case .overlay(let members, let base):
            return (base.entries(shape) ?? [:]).merging(members) { _, over in over }
        case .xml(let elements):
            let entries = shape.isFlattened || elements.count > 1 ? elements : elements.first?.children ?? []
            var map: [String: WireNode] = [:]
            for entry in entries {
                if let key = entry.child(shape.keyName) {
                    map[key.text] = entry.child(shape.valueName).map { .xml([$0]) } ?? .string("")
                } else {
                    // Neither a key nor a value below it: the names themselves are the keys.
                    map[entry.name] = .xml([entry])
                }
            }
            return map
        default: return nil
        }
    }

    /// A scalar's text; `nil` for lists and structures.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .xml(let elements): elements.first.flatMap { $0.children.isEmpty ? $0.text : nil }
        case .body(let bytes, _): String(decoding: bytes, as: UTF8.self)
        case .null, .array, .object, .overlay: nil
        }
    }

    var isNull: Bool { if case .null = self { true } else { false } }

    var date: Date? {
        text.flatMap { Timestamp.parse($0) ?? Timestamp.parse($0.filter { !$0.isWhitespace }) }
    }

    var blob: [UInt8]? {
        if case .body(let bytes, _) = self { return bytes }
        return text.flatMap { Data(base64Encoded: $0, options: .ignoreUnknownCharacters) }.map { Array($0) }
    }
}
