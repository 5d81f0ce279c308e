internal import FoundationEssentials

/// Turns an input into a `WireValue`.
enum WireEncoder {
    static func encode(_ input: some Encodable, names: MemberNames = .asWritten) throws -> WireValue {
        try value(input, shape: nil, path: [], names: names)
    }

    /// - Parameter shape: what the enclosing type says about this member; lists hand it on to their items.
    fileprivate static func value<T: Encodable>(
        _ value: T, shape: MemberShape?, path: [any CodingKey], names: MemberNames
    ) throws -> WireValue {
        switch value {
        case let date as Date: return .timestamp(date, shape?.timestampFormat)
        case let data as Data: return .blob(Array(data))
        // An empty array of anything casts to an array of bytes: the type itself is asked first.
        case let bytes as [UInt8] where T.self == [UInt8].self: return .blob(bytes)
        case let text as String: return .string(text)
        default: break
        }
        let encoding = Encoding(
            path: path, shape: shape ?? MemberShape(), members: (T.self as? any WireShaped.Type)?.wireMembers ?? [:],
            root: (T.self as? any WireShaped.Type)?.xmlRoot, isMap: T.self is any WireMap.Type, names: names)
        try value.encode(to: encoding)
        return encoding.storage.value
    }

    /// What one value has written about itself so far.
    fileprivate enum Storage {
        case nothing
        case keyed(Members)
        case list(Items)
        case single(WireValue)

        var value: WireValue {
            switch self {
            case .nothing: .structure(WireValue.Structure())
            case .keyed(let members): members.value
            case .list(let items): .list(items.all.map(\.value), items.shape)
            case .single(let value): value
            }
        }
    }

    /// A value that is there, or one that a nested container still writes to.
    fileprivate enum Slot {
        case done(WireValue)
        case open(Encoding)

        var value: WireValue {
            switch self {
            case .done(let value): value
            case .open(let encoding): encoding.storage.value
            }
        }
    }

    fileprivate final class Members {
        var all: [(name: String, slot: Slot)] = []
        let isMap: Bool
        let shape: MemberShape
        let root: XMLRoot?
        let names: MemberNames

        init(isMap: Bool, shape: MemberShape, root: XMLRoot?, names: MemberNames) {
            self.names = names
            self.isMap = isMap
            self.shape = shape
            self.root = root
        }

        var value: WireValue {
            let members = all.map { (key: $0.name, value: $0.slot.value) }
            if isMap { return .map(members.sorted { $0.key < $1.key }, shape) }
            return .structure(
                WireValue.Structure(
                    members: members.map { WireValue.Member(name: names.wireName($0.key), value: $0.value) }, root: root
                ))
        }
    }

    fileprivate final class Items {
        var all: [Slot] = []
        let shape: MemberShape

        init(shape: MemberShape) { self.shape = shape }
    }

    fileprivate final class Encoding: Encoder {
        let codingPath: [any CodingKey]
        let userInfo: [CodingUserInfoKey: Any] = [:]
        let shape: MemberShape
        let members: [String: MemberShape]
        let root: XMLRoot?
        let isMap: Bool
        let names: MemberNames
        var storage = Storage.nothing

        init(
            path: [any CodingKey], shape: MemberShape, members: [String: MemberShape] = [:], root: XMLRoot? = nil,
            isMap: Bool = false, names: MemberNames
        ) {
            self.names = names
            codingPath = path
            self.shape = shape
            self.members = members
            self.root = root
            self.isMap = isMap
        }

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            let written: Members
            if case .keyed(let there) = storage {
                written = there
            } else {
                written = Members(isMap: isMap, shape: shape, root: root, names: names)
                storage = .keyed(written)
            }
            return KeyedEncodingContainer(Keyed(encoding: self, written: written))
        }

        func unkeyedContainer() -> any UnkeyedEncodingContainer {
            let items: Items
            if case .list(let there) = storage {
                items = there
            } else {
                items = Items(shape: shape)
                storage = .list(items)
            }
            return Unkeyed(encoding: self, items: items)
        }

        func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoding: self) }
    }
}

extension WireEncoder {
    fileprivate struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoding: Encoding
        let written: Members
        var codingPath: [any CodingKey] { encoding.codingPath }

        private func set(_ value: WireValue, _ key: Key) { written.all.append((key.stringValue, .done(value))) }

        private func nested(_ key: any CodingKey) -> Encoding {
            let nested = Encoding(
                path: codingPath + [key], shape: encoding.members[key.stringValue] ?? MemberShape(),
                names: encoding.names)
            written.all.append((key.stringValue, .open(nested)))
            return nested
        }

        func encodeNil(forKey key: Key) { set(.null, key) }
        func encode(_ value: Bool, forKey key: Key) { set(.bool(value), key) }
        func encode(_ value: String, forKey key: Key) { set(.string(value), key) }
        func encode(_ value: Double, forKey key: Key) { set(.double(value), key) }
        func encode(_ value: Float, forKey key: Key) { set(.double(Double(value)), key) }
        func encode(_ value: Int, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: Int8, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: Int16, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: Int32, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: Int64, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: UInt, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: UInt8, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: UInt16, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: UInt32, forKey key: Key) { set(.integer("\(value)"), key) }
        func encode(_ value: UInt64, forKey key: Key) { set(.integer("\(value)"), key) }

        func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
            // The entries of a map take what the enclosing type says about the map (timestamps).
            let shape = written.isMap ? encoding.shape.forItems : encoding.members[key.stringValue]
            set(try WireEncoder.value(value, shape: shape, path: codingPath + [key], names: encoding.names), key)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> { nested(key).container(keyedBy: type) }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { nested(key).unkeyedContainer() }
        func superEncoder() -> any Encoder { nested(WireKey(stringValue: "super")) }
        func superEncoder(forKey key: Key) -> any Encoder { nested(key) }
    }

    fileprivate struct Unkeyed: UnkeyedEncodingContainer {
        let encoding: Encoding
        let items: Items
        var codingPath: [any CodingKey] { encoding.codingPath }
        var count: Int { items.all.count }

        private func nested() -> Encoding {
            let nested = Encoding(
                path: codingPath + [WireKey(intValue: count)], shape: encoding.shape.forItems, names: encoding.names)
            items.all.append(.open(nested))
            return nested
        }

        func encodeNil() { items.all.append(.done(.null)) }

        func encode<T: Encodable>(_ value: T) throws {
            let path = codingPath + [WireKey(intValue: count)]
            items.all.append(
                .done(
                    try WireEncoder.value(value, shape: encoding.shape.forItems, path: path, names: encoding.names)))
        }

        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            nested().container(keyedBy: type)
        }

        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }
        func superEncoder() -> any Encoder { nested() }
    }

    fileprivate struct Single: SingleValueEncodingContainer {
        let encoding: Encoding
        var codingPath: [any CodingKey] { encoding.codingPath }

        private func set(_ value: WireValue) { encoding.storage = .single(value) }

        func encodeNil() { set(.null) }
        func encode(_ value: Bool) { set(.bool(value)) }
        func encode(_ value: String) { set(.string(value)) }
        func encode(_ value: Double) { set(.double(value)) }
        func encode(_ value: Float) { set(.double(Double(value))) }
        func encode(_ value: Int) { set(.integer("\(value)")) }
        func encode(_ value: Int8) { set(.integer("\(value)")) }
        func encode(_ value: Int16) { set(.integer("\(value)")) }
        func encode(_ value: Int32) { set(.integer("\(value)")) }
        func encode(_ value: Int64) { set(.integer("\(value)")) }
        func encode(_ value: UInt) { set(.integer("\(value)")) }
        func encode(_ value: UInt8) { set(.integer("\(value)")) }
        func encode(_ value: UInt16) { set(.integer("\(value)")) }
        func encode(_ value: UInt32) { set(.integer("\(value)")) }
        func encode(_ value: UInt64) { set(.integer("\(value)")) }

        func encode<T: Encodable>(_ value: T) throws {
            set(try WireEncoder.value(value, shape: encoding.shape, path: codingPath, names: encoding.names))
        }
    }
}

extension MemberShape {
    /// What of a list's or map's shape its items share: only the timestamp format.
    var forItems: MemberShape { MemberShape(timestampFormat: timestampFormat) }
}
