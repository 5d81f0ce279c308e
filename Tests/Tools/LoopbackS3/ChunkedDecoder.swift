/// Takes chunks apart: those of HTTP (RFC 9112, 7.1) and those of S3's `aws-chunked`, whose lengths are followed by a
/// signature and whose end by trailing headers. Both have the same grammar.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
struct ChunkedDecoder {
    private enum Phase { case length, data, dataEnd, trailer, done }

    struct Malformed: Error {}

    private var phase = Phase.length
    private var line: [UInt8] = []
    private var left = 0
    /// The trailing headers, names in lower case.
    private(set) var trailers: [(name: String, value: String)] = []

    var isDone: Bool { phase == .done }

    /// Hands on what is data. Takes everything until the last chunk's end.
    /// - Returns: the bytes taken.
    mutating func decode(
        _ bytes: UnsafeRawBufferPointer, _ data: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        var index = 0
        while index < bytes.count, phase != .done {
            if phase == .data {
                let count = min(left, bytes.count - index)
                try data(UnsafeRawBufferPointer(rebasing: bytes[index..<index + count]))
                left -= count
                index += count
                if left == 0 { phase = .dataEnd }
                continue
            }
            let byte = bytes[index]
            index += 1
            guard byte == 0x0a else {
                if byte != 0x0d { line.append(byte) }
                guard line.count < 8192 else { throw Malformed() }
                continue
            }
            try endLine()
        }
        return index
    }

    private mutating func endLine() throws {
        defer { line.removeAll(keepingCapacity: true) }
        switch phase {
        case .length:
            guard let size = Int(String(decoding: line.prefix { $0 != 0x3b }, as: UTF8.self), radix: 16), size >= 0
            else {
                throw Malformed()
            }
            left = size
            phase = size > 0 ? .data : .trailer
        case .dataEnd:
            guard line.isEmpty else { throw Malformed() }
            phase = .length
        case .trailer:
            guard !line.isEmpty else {
                phase = .done
                return
            }
            guard let colon = line.firstIndex(of: 0x3a) else { throw Malformed() }
            let value = String(decoding: line[(colon + 1)...].drop { $0 == 0x20 }, as: UTF8.self)
            trailers.append((String(decoding: line[..<colon], as: UTF8.self).lowercased(), value))
        case .data, .done: break
        }
    }
}
