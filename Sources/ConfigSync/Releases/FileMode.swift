/// Permission bits, which in reports are a text in octal as `install -m` takes it: `"0644"`.
///
/// The manifest of a release holds them as a number (420), and always will: releases are named by it.
package struct FileMode: Sendable, Hashable, Codable, CustomStringConvertible {
    package let bits: UInt16

    package init(_ bits: UInt16) { self.bits = bits }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let bits = UInt16(text, radix: 8) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "is no mode"))
        }
        self.bits = bits
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    package var description: String {
        let digits = String(bits, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
