/// Reads JSON (RFC 8259) into a `WireNode`; numbers keep their digits.
struct JSONReader {
    /// Why and where bytes are no JSON.
    struct Fault: Error, CustomStringConvertible {
        let reason: String
        /// Counted from 0, in bytes.
        let offset: Int
        var description: String { "\(reason) at byte \(offset)" }
    }

    /// Far deeper than any answer of AWS, far from the end of the stack.
    private static let deepest = 200

    private let bytes: [UInt8]
    private var position = 0

    static func read(_ bytes: [UInt8]) throws(Fault) -> WireNode {
        var reader = JSONReader(bytes: bytes)
        let node = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.fault("more after the end") }
        return node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ reason: String) -> Fault { Fault(reason: reason, offset: position) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || (0x09...0x0a).contains(byte) || byte == 0x0d { position += 1 }
    }

    /// Passes over white space and then this character.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Fault) -> WireNode {
        guard depth < Self.deepest else { throw fault("nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw fault("the text ends too early")
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try number()
        default: throw fault("unexpected character")
        }
    }

    private mutating func object(depth: Int) throws(Fault) -> WireNode {
        position += 1
        var members: [String: WireNode] = [:]
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("expected a member's name") }
            let name = try string()
            guard take(":") else { throw fault("expected ':'") }
            members[name] = try value(depth: depth + 1)
        } while take(",")
        guard take("}") else { throw fault("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Fault) -> WireNode {
        position += 1
        var items: [WireNode] = []
        if take("]") { return .array(items) }
        repeat { items.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw fault("expected ',' or ']'") }
        return .array(items)
    }

    private mutating func word(_ word: String, _ node: WireNode) throws(Fault) -> WireNode {
        guard bytes[position...].starts(with: word.utf8) else { throw fault("unexpected word") }
        position += word.utf8.count
        return node
    }

    private mutating func number() throws(Fault) -> WireNode {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard Double(text) != nil else { throw fault("malformed number") }
        return .number(text)
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        var out: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw fault("a control character in a text")
            default: out.append(byte)
            }
        }
        throw fault("a text without an end")
    }

    private mutating func escape(into out: inout [UInt8]) throws(Fault) {
        guard let byte = next else { throw fault("a text without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0c)
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "r"): out.append(0x0d)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"): try unicode(into: &out)
        default: throw fault("unknown escape")
        }
    }

    /// `\uXXXX`, twice for characters beyond the first plane; half a pair becomes the replacement character.
    private mutating func unicode(into out: inout [UInt8]) throws(Fault) {
        var code = UInt32(try codeUnit())
        if (0xd800...0xdbff).contains(code), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let before = position
            position += 2
            let low = UInt32(try codeUnit())
            if (0xdc00...0xdfff).contains(low) {
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            } else {
                position = before
            }
        }
        out += String(Character(Unicode.Scalar(code) ?? "\u{fffd}")).utf8
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16),
            digits.first != UInt8(ascii: "+")
        else { throw fault("malformed \\u escape") }
        position += 4
        return unit
    }
}
