/// The little XML that S3 speaks.
extension [UInt8] {
    mutating func add(element name: String, _ value: String) { add(element: name, escaping: value.utf8) }

    mutating func add(element name: String, escaping value: some Sequence<UInt8>) {
        add("<\(name)>")
        add(escaping: value)
        add("</\(name)>")
    }

    mutating func add(escaping value: some Sequence<UInt8>) {
        for byte in value {
            switch byte {
            case 0x26: add("&amp;")
            case 0x3c: add("&lt;")
            case 0x3e: add("&gt;")
            case 0x22: add("&quot;")
            case 0x00..<0x20: add("&#x\(String(byte, radix: 16, uppercase: true));")
            default: append(byte)
            }
        }
    }

    /// A key as a listing shows it.
    mutating func add(element name: String, key: [UInt8], isEncoded: Bool) {
        guard isEncoded else { return add(element: name, escaping: key) }
        add("<\(name)>")
        BytesText.urlEncoded(key, into: &self)
        add("</\(name)>")
    }
}

/// Reads the bodies of `DeleteObjects` and `CompleteMultipartUpload`: elements without attributes that matter.
struct MarkupReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: some Collection<UInt8>) { rest = ArraySlice(Array(text)) }

    /// The bytes between the next `<name>` and its end; `nil` when there is none.
    mutating func next(_ name: String) -> ArraySlice<UInt8>? {
        let end = Array("</\(name)>".utf8)
        while let open = rest.firstIndex(of: 0x3c) {
            guard let close = rest[open...].firstIndex(of: 0x3e) else { return nil }
            let tag = rest[(open + 1)..<close]
            rest = rest[(close + 1)...]
            guard tag.elementsEqual(name.utf8) || tag.starts(with: "\(name) ".utf8) else { continue }
            var stop = rest.startIndex
            while stop + end.count <= rest.endIndex {
                if rest[stop] == 0x3c, rest[stop..<stop + end.count].elementsEqual(end) {
                    defer { rest = rest[(stop + end.count)...] }
                    return rest[..<stop]
                }
                stop += 1
            }
            return nil
        }
        return nil
    }

    static func first(_ name: String, in text: some Collection<UInt8>) -> [UInt8]? {
        var reader = MarkupReader(text)
        return reader.next(name).map { unescaped($0) }
    }

    static func text(_ name: String, in text: some Collection<UInt8>) -> String? {
        first(name, in: text).map { String(decoding: $0, as: UTF8.self) }
    }

    static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == 0x26, let end = text[index...].firstIndex(of: 0x3b) else {
                bytes.append(text[index])
                index += 1
                continue
            }
            let name = String(decoding: text[(index + 1)..<end], as: UTF8.self)
            switch name {
            case "amp": bytes.append(0x26)
            case "lt": bytes.append(0x3c)
            case "gt": bytes.append(0x3e)
            case "quot": bytes.append(0x22)
            case "apos": bytes.append(0x27)
            default:
                let isHex = name.hasPrefix("#x")
                let number = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10)
                if let scalar = number.flatMap({ Unicode.Scalar($0) }) {
                    bytes += Array(String(Character(scalar)).utf8)
                }
            }
            index = end + 1
        }
        return bytes
    }
}
