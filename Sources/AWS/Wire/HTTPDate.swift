package import FoundationEssentials

/// Dates as headers have them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

    /// `nil` for what is no date in any form that AWS uses.
    package static func parse(_ text: String) -> Date? { fixed(text) ?? Timestamp.parse(text) }

    /// The form above, over its bytes: it stands in every answer.
    private static func fixed(_ text: String) -> Date? {
        var text = text
        return text.withUTF8 { bytes -> Date? in
            guard bytes.count == 29, bytes[3] == 0x2c, bytes[25...].elementsEqual(" GMT".utf8),
                let month = (0..<12).first(where: { bytes[8..<11].elementsEqual(months[$0 * 3..<$0 * 3 + 3]) }),
                let day = number(bytes[5..<7]), let year = number(bytes[12..<16]), let hour = number(bytes[17..<19]),
                let minute = number(bytes[20..<22]), let second = number(bytes[23..<25])
            else { return nil }
            // Days from 1970-01-01, counting years from March in cycles of 400.
            let shifted = month < 2 ? year - 1 : year
            let cycle = (shifted >= 0 ? shifted : shifted - 399) / 400
            let ofCycle = shifted - cycle * 400
            let ofYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
            let days = cycle * 146_097 + ofCycle * 365 + ofCycle / 4 - ofCycle / 100 + ofYear - 719_468
            return Date(timeIntervalSince1970: Double(days * 86_400 + hour * 3600 + minute * 60 + second))
        }
    }

    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        var value = 0
        for digit in digits {
            guard digit &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value
    }
}
