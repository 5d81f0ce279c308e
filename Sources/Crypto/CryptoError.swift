internal import CCrypto

/// libcrypto refused or failed: out of memory, or an algorithm that this machine's policy forbids (MD5 under FIPS).
package struct CryptoError: Error, Sendable, CustomStringConvertible {
    /// What was attempted.
    package let operation: String
    /// libcrypto's own words.
    package let reason: String

    package var description: String { "\(operation): \(reason)" }

    /// Takes the reason from this thread's error queue and empties the queue: call right after the failure, without
    /// suspending in between.
    static func last(_ operation: String) -> CryptoError {
        var reason = "unknown error of libcrypto"
        while case let code = ERR_get_error(), code != 0 {
            var text = [CChar](repeating: 0, count: 256)
            ERR_error_string_n(code, &text, text.count)
            reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return CryptoError(operation: operation, reason: reason)
    }
}

/// Throws unless a libcrypto call returned 1, its only word for success.
func check(_ code: Int32, _ operation: String) throws(CryptoError) {
    guard code == 1 else { throw CryptoError.last(operation) }
}
