internal import FoundationEssentials
internal import XML

/// Turns a `WireNode` into an output.
///
/// Members that the type doesn't know are ignored. A list or map that the type requires and the answer leaves out is empty:
/// the XML protocols have no other way to say so, and JSON services do it too.
enum WireDecoder {
    static func decode<T: Decodable>(
        _ type: T.Type, from node: WireNode, names: MemberNames = .asWritten
    ) throws -> T {
        try value(type, node, shape: nil, path: Place(keys: [], names: names))
    }

    /// Where in the answer a value stands, and how its members are named there.
    fileprivate struct Place {
        let keys: [any CodingKey]
        let names: MemberNames

        static func + (place: Place, key: any CodingKey) -> Place {
            Place(keys: place.keys + [key], names: place.names)
        }
    }

    fileprivate static func value<T: Decodable>(
        _ type: T.Type, _ node: WireNode, shape: MemberShape?, path: Place
    ) throws -> T {
        if T.self == Date.self {
            guard let date = node.date as? T else { throw mismatch(type, path, "no timestamp") }
            return date
        }
        if T.self == Data.self {
            guard let data = node.blob.map({ Data($0) }) as? T else { throw mismatch(type, path, "no blob") }
            return data
        }
        if T.self == [UInt8].self {
            guard let bytes = node.blob as? T else { throw mismatch(type, path, "no blob") }
            return bytes
        }
        var node = node
        // Texts decode here too, through a single value: only structures need the body read as a document.
        if case .body(let bytes, let format) = node, T.self != String.self {
            node = try WireNode.document(bytes, format)
        }
        return try T(
            from: Decoding(
                node: node, path: path, shape: shape ?? MemberShape(),
                members: (T.self as? any WireShaped.Type)?.wireMembers ?? [:], isMap: T.self is any WireMap.Type))
    }

    fileprivate static func mismatch<T>(_ type: T.Type, _ path: Place, _ what: String) -> DecodingError {
        .typeMismatch(type, DecodingError.Context(codingPath: path.keys, debugDescription: what))
    }

    fileprivate static func integer<T: FixedWidthInteger>(
        _ type: T.Type, _ node: WireNode, _ path: Place
    ) throws -> T {
        var text = node.text ?? ""
        if let number = T(text) { return number }
        text = text.filter { !$0.isWhitespace }
        if let number = T(text) { return number }
        if let double = Double(text), let number = T(exactly: double) { return number }
        throw mismatch(type, path, "no whole number in range")
    }

    fileprivate static func double(_ node: WireNode, _ path: Place) throws -> Double {
        let text = (node.text ?? "").filter { !$0.isWhitespace }
        guard let number = Double(text) else { throw mismatch(Double.self, path, "no number") }
        return number
    }

    fileprivate static func bool(_ node: WireNode, _ path: Place) throws -> Bool {
        switch node.text?.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: throw mismatch(Bool.self, path, "neither true nor false")
        }
    }

    fileprivate static func string(_ node: WireNode, _ path: Place) throws -> String {
        guard let text = node.text else { throw mismatch(String.self, path, "no text") }
        return text
    }

    fileprivate struct Decoding: Decoder {
        let node: WireNode
        let path: Place
        let shape: MemberShape
        let members: [String: MemberShape]
        let isMap: Bool
        var codingPath: [any CodingKey] { path.keys }
        var userInfo: [CodingUserInfoKey: Any] { [:] }

        func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
            if isMap {
                guard let entries = node.entries(shape) else {
                    throw mismatch([String: WireNode].self, path, "no map")
                }
                return KeyedDecodingContainer(
                    Keyed(node: .object(entries), path: path, members: [:], common: shape.forItems))
            }
            switch node {
            case .object, .xml, .overlay:
                return KeyedDecodingContainer(Keyed(node: node, path: path, members: members, common: nil))
            default: throw mismatch([String: WireNode].self, path, "no structure")
            }
        }

        func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
            guard let items = node.items(shape) else { throw mismatch([WireNode].self, path, "no list") }
            return Unkeyed(items: items, path: path, shape: shape.forItems)
        }

        func singleValueContainer() -> any SingleValueDecodingContainer { Single(node: node, path: path, shape: shape) }
    }
}

extension WireDecoder {
    fileprivate struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let node: WireNode
        let path: Place
        let members: [String: MemberShape]
        /// The shape of every member of a map.
        let common: MemberShape?
        var codingPath: [any CodingKey] { path.keys }

        var allKeys: [Key] {
            switch node {
            case .object(let members): members.keys.compactMap { Key(stringValue: $0) }
            case .xml(let elements):
                Set(elements.first?.children.map(\.name) ?? []).compactMap { Key(stringValue: $0) }
            default: []
            }
        }

        /// The keys of a map are names already.
        private func wireName(_ key: Key) -> String {
            common == nil ? path.names.wireName(key.stringValue) : key.stringValue
        }

        func contains(_ key: Key) -> Bool { node.member(wireName(key)) != nil }

        private func member(_ key: Key) throws -> WireNode {
            guard let member = node.member(wireName(key)) else {
                throw DecodingError.keyNotFound(
                    key, DecodingError.Context(codingPath: path.keys, debugDescription: "the member is missing"))
            }
            return member
        }

        private func shape(_ key: Key) -> MemberShape? { common ?? members[key.stringValue] }
        private func path(_ key: Key) -> Place { path + key }

        func decodeNil(forKey key: Key) -> Bool { !contains(key) }
        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try bool(member(key), path(key)) }
        func decode(_ type: String.Type, forKey key: Key) throws -> String { try string(member(key), path(key)) }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try double(member(key), path(key)) }
        func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try double(member(key), path(key))) }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try integer(type, member(key), path(key)) }
        func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try integer(type, member(key), path(key)) }
        func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try integer(type, member(key), path(key)) }
        func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try integer(type, member(key), path(key)) }
        func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try integer(type, member(key), path(key)) }
        func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try integer(type, member(key), path(key)) }
        func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try integer(type, member(key), path(key)) }
        func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try integer(type, member(key), path(key)) }
        func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try integer(type, member(key), path(key)) }
        func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try integer(type, member(key), path(key)) }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            if !contains(key) {
                if let empty = (T.self as? any WireList.Type)?.init(emptyWireValue: ()) as? T { return empty }
                if let empty = (T.self as? any WireMap.Type)?.init(emptyWireValue: ()) as? T { return empty }
            }
            return try value(type, member(key), shape: shape(key), path: path(key))
        }

        private func decoding(_ key: Key, isMap: Bool = false) throws -> Decoding {
            Decoding(
                node: try member(key), path: path(key), shape: shape(key) ?? MemberShape(), members: [:], isMap: isMap)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> { try decoding(key).container(keyedBy: type) }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try decoding(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder {
            Decoding(node: node, path: path, shape: MemberShape(), members: members, isMap: false)
        }

        func superDecoder(forKey key: Key) throws -> any Decoder { try decoding(key) }
    }

    fileprivate struct Unkeyed: UnkeyedDecodingContainer {
        let items: [WireNode]
        let path: Place
        let shape: MemberShape
        var codingPath: [any CodingKey] { path.keys }
        var count: Int? { items.count }
        var isAtEnd: Bool { currentIndex >= items.count }
        var currentIndex = 0

        private var itemPath: Place { path + WireKey(intValue: currentIndex) }

        private mutating func next() throws -> WireNode {
            guard !isAtEnd else { throw mismatch(WireNode.self, itemPath, "the list has ended") }
            defer { currentIndex += 1 }
            return items[currentIndex]
        }

        mutating func decodeNil() -> Bool {
            guard !isAtEnd, items[currentIndex].isNull else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            let itemPath = itemPath
            return try value(type, next(), shape: shape, path: itemPath)
        }

        private mutating func decoding() throws -> Decoding {
            let itemPath = itemPath
            return Decoding(node: try next(), path: itemPath, shape: shape, members: [:], isMap: false)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> { try decoding().container(keyedBy: type) }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try decoding().unkeyedContainer()
        }

        mutating func superDecoder() throws -> any Decoder { try decoding() }
    }

    fileprivate struct Single: SingleValueDecodingContainer {
        let node: WireNode
        let path: Place
        let shape: MemberShape
        var codingPath: [any CodingKey] { path.keys }

        func decodeNil() -> Bool { node.isNull }
        func decode(_ type: Bool.Type) throws -> Bool { try bool(node, path) }
        func decode(_ type: String.Type) throws -> String { try string(node, path) }
        func decode(_ type: Double.Type) throws -> Double { try double(node, path) }
        func decode(_ type: Float.Type) throws -> Float { Float(try double(node, path)) }
        func decode(_ type: Int.Type) throws -> Int { try integer(type, node, path) }
        func decode(_ type: Int8.Type) throws -> Int8 { try integer(type, node, path) }
        func decode(_ type: Int16.Type) throws -> Int16 { try integer(type, node, path) }
        func decode(_ type: Int32.Type) throws -> Int32 { try integer(type, node, path) }
        func decode(_ type: Int64.Type) throws -> Int64 { try integer(type, node, path) }
        func decode(_ type: UInt.Type) throws -> UInt { try integer(type, node, path) }
        func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type, node, path) }
        func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type, node, path) }
        func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type, node, path) }
        func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type, node, path) }

        func decode<T: Decodable>(_ type: T.Type) throws -> T { try value(type, node, shape: shape, path: path) }
    }
}
