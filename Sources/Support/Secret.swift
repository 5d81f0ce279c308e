/// A value that must never be printed: passwords, keys, tokens.
///
/// Every way of turning it into text gives `****`; the value itself is reached only by the word `reveal()`, so that each
/// place where a secret leaves the type can be found by searching for it. It is deliberately not `Encodable`.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    package init(_ value: String) { self.value = value }

    /// The value itself. Write why it is needed beside each call.
    package func reveal() -> String { value }

    /// Whether the secret is the empty text.
    package var isEmpty: Bool { value.isEmpty }

    package var description: String { "****" }
    package var debugDescription: String { "****" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Decodable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }
}
