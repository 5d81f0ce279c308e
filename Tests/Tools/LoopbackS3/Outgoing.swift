import Glibc

/// What a connection has still to send.
struct Outgoing {
    enum Progress {
        case done
        /// The peer doesn't take more for now.
        case blocked
        /// The connection is gone.
        case broken
    }

    /// Bodies in memory up to this length go out together with their head.
    private static let joined = 64 << 10

    private var segments: [Segment] = []
    private var next = 0

    var isEmpty: Bool { next == segments.count }

    /// Sends what can be sent at once, and keeps the rest.
    /// - Parameter head: taken as scratch space: small bodies are put behind it.
    mutating func start(_ descriptor: CInt, head: inout [UInt8], _ body: Body) -> Progress {
        segments = body.segments
        next = 0
        while next < segments.count, case .memory(let bytes, let range) = segments[next],
            head.count + range.count <= Self.joined
        {
            head.append(contentsOf: bytes[range])
            next += 1
        }
        let flags = CInt(MSG_NOSIGNAL) | (isEmpty ? 0 : CInt(MSG_MORE))
        let sent = head.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
        if sent == head.count { return isEmpty ? .done : resume(descriptor) }
        guard sent >= 0 || errno == EAGAIN else { return .broken }
        segments = [.memory(head, max(0, sent)..<head.count)] + segments[next...]
        next = 0
        return .blocked
    }

    mutating func resume(_ descriptor: CInt) -> Progress {
        while next < segments.count {
            let segment = segments[next]
            var sent = 0
            switch segment {
            case .memory(let bytes, let range):
                sent = bytes.withUnsafeBytes { bytes in
                    send(
                        descriptor, bytes.baseAddress?.advanced(by: range.lowerBound), range.count,
                        CInt(MSG_NOSIGNAL))
                }
            case .file(let file, let range):
                var offset = range.lowerBound
                sent = sendfile(descriptor, file.descriptor, &offset, range.count)
            }
            guard sent > 0 else { return sent < 0 && errno == EAGAIN ? .blocked : .broken }
            if sent == segment.count {
                next += 1
            } else {
                segments[next] = segment.slice(sent..<segment.count)
            }
        }
        segments = []
        next = 0
        return .done
    }
}
