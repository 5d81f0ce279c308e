/// One attempt on the wire, as `--debug` shows it. Holds no header values and no bodies, so it can hold no secrets.
package struct WireTrace: Sendable, CustomStringConvertible {
    package let service: String
    package let operation: String
    package let method: String
    /// The URL as it is sent; signatures and tokens travel in headers only.
    package let url: String
    package let attempt: Int
    /// Status and request id of an answer, or why there was none.
    package let outcome: String
    package let milliseconds: Int64

    package var description: String {
        "\(service) \(operation) attempt \(attempt): \(method) \(url) -> \(outcome) in \(milliseconds) ms"
    }
}
