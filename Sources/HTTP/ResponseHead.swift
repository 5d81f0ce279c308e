/// Reads the head of a response from the lines that libcurl hands over.
struct ResponseHead {
    /// Bytes of header lines that are accepted; libcurl itself bounds only the single line.
    static let limit = 512 << 10

    private(set) var status = 0
    private var lines: [(name: String, value: String)] = []
    private var size = 0
    /// The head is complete; what follows are trailers.
    private(set) var isComplete = false

    /// What a line means.
    enum Outcome { case incomplete, complete, malformed, tooLarge }

    /// The fields in the order received.
    var headers: HTTPHeaders {
        var headers = HTTPHeaders()
        for line in lines { headers.add(line.name, line.value) }
        return headers
    }

    /// Takes one line, its line end included.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Outcome {
        if isComplete { return .incomplete }
        size += line.count
        if size > Self.limit { return .tooLarge }
        let text = Self.trimmed(line[...])
        if text.isEmpty {
            // An interim answer (1xx) announces another head.
            isComplete = status >= 200
            return isComplete ? .complete : .incomplete
        }
        if text.starts(with: "HTTP/".utf8) { return startHead(text) }
        if let first = line.first, first == 0x20 || first == 0x09 {
            // Obsolete line folding, RFC 9112 §5.2.
            guard let last = lines.indices.last else { return .malformed }
            lines[last].value += " " + Self.string(text)
            return .incomplete
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return .malformed }
        lines.append(
            (Self.string(Self.trimmed(text[..<colon])), Self.string(Self.trimmed(text[(colon + 1)...]))))
        return .incomplete
    }

    private mutating func startHead(_ text: Slice<UnsafeRawBufferPointer>) -> Outcome {
        let parts = text.split(separator: 0x20, maxSplits: 2)
        guard parts.count >= 2, let code = Int(Self.string(parts[1])), (100...999).contains(code) else {
            return .malformed
        }
        status = code
        lines = []
        return .incomplete
    }

    private static func string(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }
        var rest = bytes
        while let first = rest.first, isBlank(first) { rest = rest.dropFirst() }
        while let last = rest.last, isBlank(last) { rest = rest.dropLast() }
        return rest
    }
}
