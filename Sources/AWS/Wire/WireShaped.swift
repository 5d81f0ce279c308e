/// What the wire protocols do with single members of a type beyond its coding keys.
///
/// The rule where nothing is said: lists are wrapped (`Name.member.1` in Query; `<Name><any>…</any></Name>` in XML, where
/// the names of the children don't matter when reading and are `member` when writing), maps are wrapped in `entry` with
/// `key` and `value`, timestamps take the protocol's own format. EC2 requests flatten every list, always.
package protocol WireShaped {
    /// Keyed by the member's coding key.
    static var wireMembers: [String: MemberShape] { get }
    /// The root element when a value of this type is the whole body of a REST-XML request; `nil`: the member's name.
    static var xmlRoot: XMLRoot? { get }
}

extension WireShaped {
    package static var wireMembers: [String: MemberShape] { [:] }
    package static var xmlRoot: XMLRoot? { nil }
}

/// How one member is written and read; combine with the static functions.
package struct MemberShape: Sendable, Hashable {
    /// Items (or entries) follow each other without a wrapper.
    var isFlattened = false
    /// The name of a wrapped list's items; `member` when `nil`.
    var itemName: String?
    /// The names of a map's key and value.
    var keyName = "key"
    var valueName = "value"
    var timestampFormat: TimestampFormat?

    /// A list or map without a wrapper.
    package static let flattened = MemberShape(isFlattened: true)

    /// A wrapped list whose items have this name.
    package static func list(item: String) -> MemberShape { MemberShape(itemName: item) }

    /// A map whose entries name key and value so.
    package static func map(key: String, value: String, flattened: Bool = false) -> MemberShape {
        MemberShape(isFlattened: flattened, keyName: key, valueName: value)
    }

    /// A timestamp in another than the protocol's own format; it also holds for the items of a list.
    package static func timestamp(_ format: TimestampFormat) -> MemberShape { MemberShape(timestampFormat: format) }
}

/// The formats of timestamps on the wire.
package enum TimestampFormat: Sendable, Hashable {
    /// Seconds since 1970, with a fraction where there is one.
    case epochSeconds
    /// `2026-01-31T12:00:00Z`, with milliseconds where there are some.
    case iso8601
    /// `Sat, 31 Jan 2026 12:00:00 GMT`.
    case httpDate
}

/// The root element of a REST-XML body.
package struct XMLRoot: Sendable, Hashable {
    package let name: String
    package let namespace: String?

    package init(_ name: String, namespace: String? = nil) {
        self.name = name
        self.namespace = namespace
    }
}
