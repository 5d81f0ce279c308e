internal import Glibc

/// A text that compares, sorts and hashes by its bytes in UTF-8, as S3 and Linux do with keys and names.
///
/// Swift's own `String` takes canonically equivalent texts for the same: `é` of one code point and of two. They are two
/// objects in S3 and two files in a folder.
package struct ByteText: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static func == (left: ByteText, right: ByteText) -> Bool { order(left.text, right.text) == 0 }
    package static func < (left: ByteText, right: ByteText) -> Bool { order(left.text, right.text) < 0 }

    package func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Below 0 when `left` comes first, 0 when both have the same bytes, above 0 otherwise.
    package static func order(_ left: String, _ right: String) -> Int {
        var (left, right) = (left, right)
        return left.withUTF8 { a in
            right.withUTF8 { b in
                let shared = min(a.count, b.count)
                if shared > 0, let first = a.baseAddress, let second = b.baseAddress {
                    let order = memcmp(first, second, shared)
                    if order != 0 { return Int(order) }
                }
                return a.count - b.count
            }
        }
    }
}
