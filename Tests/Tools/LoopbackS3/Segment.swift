import Glibc

/// A body in a file that has no name, gone with its last user.
final class BodyFile: Sendable {
    let descriptor: CInt

    /// - Parameter folder: on a file system that knows nameless files, as tmpfs does. `nil` when it can't be made.
    init?(in folder: String) {
        // O_TMPFILE, whose macro Swift can't read.
        let nameless: CInt = 0o20200000
        descriptor = open(folder, nameless | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, offset + done)
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    func byte(at offset: Int) -> UInt8 {
        var byte: UInt8 = 0
        return pread(descriptor, &byte, 1, offset) == 1 ? byte : 0
    }
}

/// A stretch of a body.
enum Segment: Sendable {
    case memory([UInt8], Range<Int>)
    case file(BodyFile, Range<Int>)

    init(_ bytes: [UInt8]) { self = .memory(bytes, bytes.indices) }

    var range: Range<Int> {
        switch self {
        case .memory(_, let range), .file(_, let range): range
        }
    }
    var count: Int { range.count }

    /// - Parameter part: counted from this segment's start.
    func slice(_ part: Range<Int>) -> Segment {
        let shifted = range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
        return switch self {
        case .memory(let bytes, _): .memory(bytes, shifted)
        case .file(let file, _): .file(file, shifted)
        }
    }

    /// - Parameter index: counted from this segment's start.
    func byte(at index: Int) -> UInt8 {
        switch self {
        case .memory(let bytes, let range): bytes[range.lowerBound + index]
        case .file(let file, let range): file.byte(at: range.lowerBound + index)
        }
    }
}

/// A body: segments one after the other, so that parts become an object without being copied.
struct Body: Sendable {
    private(set) var segments: [Segment]
    private(set) var count: Int

    init(_ segments: [Segment] = []) {
        self.segments = segments.filter { $0.count > 0 }
        count = segments.reduce(0) { $0 + $1.count }
    }

    init(_ bytes: [UInt8]) { self.init([Segment(bytes)]) }

    subscript(range: Range<Int>) -> Body {
        guard range != 0..<count else { return self }
        var found: [Segment] = []
        var start = 0
        for segment in segments {
            let part = range.clamped(to: start..<start + segment.count)
            if !part.isEmpty { found.append(segment.slice(part.lowerBound - start..<part.upperBound - start)) }
            start += segment.count
        }
        return Body(found)
    }

    /// The same with one byte altered.
    func flipped(at index: Int) -> Body {
        let byte = self[index..<index + 1].segments.first?.byte(at: 0) ?? 0
        return Body(self[0..<index].segments + [Segment([byte ^ 0x10])] + self[index + 1..<count].segments)
    }
}
