/// The request line and headers of a request.
struct RequestHead: Sendable {
    private struct Field {
        let name: Range<Int>
        let value: Range<Int>
    }

    enum Method: Sendable { case get, head, put, post, delete, other }

    /// Heads that are longer are refused.
    static let longest = 64 << 10

    let method: Method
    private let bytes: [UInt8]
    private let targetRange: Range<Int>
    private let fields: [Field]

    /// The length of the head at the beginning of these bytes, with the empty line; `nil` while it isn't whole.
    static func length(in bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 3
        while index < bytes.count {
            switch bytes[index] {
            case 0x0a:
                if bytes[index - 2] == 0x0a, bytes[index - 1] == 0x0d { return index + 1 }
                index += 2
            case 0x0d: index += 1
            default: index += 4
            }
        }
        return nil
    }

    /// - Parameter head: a whole one. `nil` when it is no HTTP/1.1.
    init?(_ head: UnsafeRawBufferPointer) {
        var fields: [Field] = []
        fields.reserveCapacity(24)
        var target = 0..<0
        var methodEnd = 0
        var lineStart = 0
        while lineStart < head.count - 2 {
            var end = lineStart
            while head[end] != 0x0a { end += 1 }
            let line = lineStart..<max(lineStart, end - 1)
            if lineStart == 0 {
                guard let first = head[line].firstIndex(of: 0x20), let last = head[line].lastIndex(of: 0x20),
                    first < last
                else { return nil }
                methodEnd = first
                target = first + 1..<last
            } else {
                guard let colon = head[line].firstIndex(of: 0x3a) else { return nil }
                var start = colon + 1
                while start < line.upperBound, head[start] == 0x20 || head[start] == 0x09 { start += 1 }
                var stop = line.upperBound
                while stop > start, head[stop - 1] == 0x20 { stop -= 1 }
                fields.append(Field(name: line.lowerBound..<colon, value: start..<stop))
            }
            lineStart = end + 1
        }
        guard target.count > 0 else { return nil }
        switch String(decoding: head[0..<methodEnd], as: UTF8.self) {
        case "GET": method = .get
        case "HEAD": method = .head
        case "PUT": method = .put
        case "POST": method = .post
        case "DELETE": method = .delete
        default: method = .other
        }
        bytes = Array(head)
        targetRange = target
        self.fields = fields
    }

    /// As it was sent: path and query.
    var target: ArraySlice<UInt8> { bytes[targetRange] }

    /// The request line without the protocol, for the log.
    var line: ArraySlice<UInt8> { bytes[..<targetRange.upperBound] }

    /// The value of a header.
    /// - Parameter name: in lower case.
    func value(_ name: StaticString) -> String? {
        let length = name.utf8CodeUnitCount
        for field in fields where field.name.count == length && matches(field.name, name) {
            return String(decoding: bytes[field.value], as: UTF8.self)
        }
        return nil
    }

    func number(_ name: StaticString) -> Int? { value(name).flatMap { Int($0) } }

    /// Calls for each header whose name begins so, with the name in lower case.
    /// - Parameter prefix: in lower case.
    func forEach(prefix: StaticString, _ body: (_ name: String, _ value: ArraySlice<UInt8>) -> Void) {
        let length = prefix.utf8CodeUnitCount
        for field in fields where field.name.count >= length {
            let start = field.name.lowerBound
            guard matches(start..<start + length, prefix) else { continue }
            body(String(decoding: bytes[field.name].map { Self.lower($0) }, as: UTF8.self), bytes[field.value])
        }
    }

    private func matches(_ range: Range<Int>, _ name: StaticString) -> Bool {
        for (offset, index) in range.enumerated() where Self.lower(bytes[index]) != name.utf8Start[offset] {
            return false
        }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
}
