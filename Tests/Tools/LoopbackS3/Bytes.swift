import Glibc

extension [UInt8] {
    mutating func add(_ text: String) { append(contentsOf: text.utf8) }

    mutating func add(_ number: Int) { append(contentsOf: String(number).utf8) }

    /// A header line.
    mutating func add(header name: String, _ value: String) {
        add(name)
        add(": ")
        add(value)
        add("\r\n")
    }
}

/// Text forms of bytes, as HTTP and S3 have them.
enum BytesText {
    private static let hexDigits = Array("0123456789ABCDEF".utf8)
    private static let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    /// `nil` for what isn't pairs of hexadecimal digits.
    static func fromHex(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { hexValue($0) }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let have = min(3, bytes.count - start)
            var word: UInt32 = 0
            for index in 0..<3 { word = word << 8 | (index < have ? UInt32(bytes[start + index]) : 0) }
            for index in 0..<4 {
                text.append(index <= have ? base64Digits[Int(word >> (18 - 6 * UInt32(index)) & 63)] : 0x3d)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `nil` for what is no base64.
    static func fromBase64(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (word, bits): (UInt32, UInt32) = (0, 0)
        guard text.utf8.count.isMultiple(of: 4) else { return nil }
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 0x41...0x5a: value = digit - 0x41
            case 0x61...0x7a: value = digit - 0x61 + 26
            case 0x30...0x39: value = digit - 0x30 + 52
            case 0x2b: value = 62
            case 0x2f: value = 63
            case 0x3d: continue
            default: return nil
            }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return bytes
    }

    /// - Parameter plusIsSpace: in query strings.
    static func percentDecoded(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.underestimatedCount)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            if byte == 0x25 {
                let high = iterator.next().flatMap { hexValue($0) } ?? 0
                bytes.append(high << 4 | (iterator.next().flatMap { hexValue($0) } ?? 0))
            } else {
                bytes.append(plusIsSpace && byte == 0x2b ? 0x20 : byte)
            }
        }
        return bytes
    }

    /// As listings with `encoding-type=url` have keys: a space is a plus sign.
    static func urlEncoded(_ bytes: [UInt8], into text: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2a, 0x2d, 0x2e, 0x2f, 0x5f: text.append(byte)
            case 0x20: text.append(0x2b)
            default:
                text.append(0x25)
                text.append(hexDigits[Int(byte >> 4)])
                text.append(hexDigits[Int(byte & 15)])
            }
        }
    }
}

/// A moment in whole seconds, as HTTP and S3 write it.
struct Moment: Sendable, Equatable {
    let seconds: Int

    static var now: Moment { Moment(seconds: time(nil)) }

    private var parts: tm {
        var (seconds, parts) = (seconds, tm())
        gmtime_r(&seconds, &parts)
        return parts
    }

    /// `Wed, 21 Oct 2026 07:28:00 GMT`
    var http: String {
        let parts = parts
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(day), \(Self.two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min)):\(Self.two(parts.tm_sec)) GMT"
    }

    /// `2026-10-21T07:28:00.000Z`
    var iso: String {
        let parts = parts
        return "\(parts.tm_year + 1900)-\(Self.two(parts.tm_mon + 1))-\(Self.two(parts.tm_mday))"
            + "T\(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min)):\(Self.two(parts.tm_sec)).000Z"
    }

    private static func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
