import Support

/// A version of an image as users write it: `0.1`, `v2.0.3`, `1.4-rc1`, a git revision, or `latest`.
///
/// Numeric versions compare number by number (0.9 < 0.10) and stand above all others; a `v` before the number is
/// ignored in comparing and kept in `next()`.
package struct ImageVersion: Sendable, Hashable {
    /// The version as written; the tag of the image.
    package let text: String
    private let prefix: String
    private let parts: [String]

    /// The version that an image without any gets.
    package static let first = ImageVersion(text: "0.1", prefix: "", parts: ["0", "1"])

    private init(text: String, prefix: String, parts: [String]) {
        self.text = text
        self.prefix = prefix
        self.parts = parts
    }

    /// Any tag that a registry takes, given by a flag or key of its own; `nil` for one that no registry takes.
    package init?(tag: String) {
        if let version = ImageVersion(tag) {
            self = version
        } else if ImageVersion.isTag(tag) {
            self.init(text: tag, prefix: "", parts: [])
        } else {
            return nil
        }
    }

    /// `nil` when the text doesn't look like a version: `v?N…`, 7 to 40 hexadecimal digits (with `-dirty`, where they don't
    /// tell all), or `latest`.
    package init?(_ text: String) {
        guard Self.isTag(text) else { return nil }
        let prefix = text.hasPrefix("v") ? "v" : ""
        let body = text.dropFirst(prefix.count)
        let digits = text.hasSuffix("-dirty") ? text.dropLast("-dirty".count) : text[...]
        let isRevision =
            (7...40).contains(digits.count) && digits.allSatisfy(\.isHexDigit) && digits == digits.lowercased()
        guard body.first?.isNumber ?? false || isRevision || text == "latest" else { return nil }
        let parts = body.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // One long number is a revision that has digits only, or a date: nothing to count on from.
        let isNumeric =
            parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isNumber) } && !(parts.count == 1 && body.count >= 7)
        self.init(text: text, prefix: prefix, parts: isNumeric ? parts : [])
    }

    /// Whether the text may be the tag of an image.
    ///
    /// https://docs.docker.com/reference/cli/docker/image/tag/
    package static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, first != UInt8(ascii: "."),
            first != UInt8(ascii: "-")
        else { return false }
        return text.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "_.-".unicodeScalars.contains($0))
        }
    }

    /// Whether it is made of numbers and dots only, so that it can be counted on.
    package var isNumeric: Bool { !parts.isEmpty }

    /// The version with its last number raised by one (0.9 → 0.10, v1 → v2); `nil` when it isn't numeric.
    package func next() -> ImageVersion? {
        guard let last = parts.last else { return nil }
        let raised = parts.dropLast() + [Self.increment(last)]
        return ImageVersion(text: prefix + raised.joined(separator: "."), prefix: prefix, parts: Array(raised))
    }

    /// The highest numeric version among tags; `nil` when there is none.
    package static func highest(in tags: [String]) -> ImageVersion? {
        tags.compactMap { ImageVersion($0) }.filter(\.isNumeric).max()
    }

    /// The number plus one, of any length; leading zeros keep the width.
    private static func increment(_ number: String) -> String {
        var digits = number.compactMap(\.wholeNumberValue)
        for index in digits.indices.reversed() {
            digits[index] = (digits[index] + 1) % 10
            if digits[index] != 0 { return digits.map(String.init).joined() }
        }
        return "1" + digits.map(String.init).joined()
    }
}

extension ImageVersion: Comparable, CustomStringConvertible {
    package var description: String { text }

    package static func < (left: ImageVersion, right: ImageVersion) -> Bool {
        guard left.isNumeric, right.isNumeric else {
            return left.isNumeric == right.isNumeric ? left.text < right.text : right.isNumeric
        }
        for index in 0..<max(left.parts.count, right.parts.count) {
            let order = (left.part(index), right.part(index))
            if order.0.count != order.1.count { return order.0.count < order.1.count }
            if order.0 != order.1 { return order.0 < order.1 }
        }
        // 1.0 and 1.0.0, v1 and 1: the same numbers, but still an order.
        return (left.parts.count, left.text) < (right.parts.count, right.text)
    }

    /// The number without leading zeros; the empty text for zero and for what isn't there.
    private func part(_ index: Int) -> Substring {
        index < parts.count ? parts[index].drop { $0 == "0" } : ""
    }
}
