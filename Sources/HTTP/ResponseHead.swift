/// Reads the head of a response from the lines that libcurl hands over.
struct ResponseHead {
    /// Bytes of header lines that are accepted; libcurl itself bounds only the single line.
    static let limit = 512 << 10

    private(set) var status = 0
    /// The fields in the order received.
    private(set) var headers = HTTPHeaders()
    private var size = 0
    /// The head is complete; what follows are trailers.
    private(set) var isComplete = false

    /// What a line means.
    enum Outcome { case incomplete, complete, malformed, tooLarge }

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
            return headers.extendLast(" " + Self.string(text)) ? .incomplete : .malformed
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return .malformed }
        headers.add(Self.string(Self.trimmed(text[..<colon])), Self.string(Self.trimmed(text[(colon + 1)...])))
        return .incomplete
    }

    private mutating func startHead(_ text: Slice<UnsafeRawBufferPointer>) -> Outcome {
        let parts = text.split(separator: 0x20, maxSplits: 2)
        guard parts.count >= 2, let code = Int(Self.string(parts[1])), (100...999).contains(code) else {
            return .malformed
        }
        status = code
        headers = HTTPHeaders(capacity: 12)
        return .incomplete
    }

    private static func string(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }
        var (start, end) = (bytes.startIndex, bytes.endIndex)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while start < end, isBlank(bytes[end - 1]) { end -= 1 }
        return bytes[start..<end]
    }
}
