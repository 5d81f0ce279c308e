internal import CCrypto

/// A hash function of libcrypto.
package enum HashFunction: Sendable, Hashable, CaseIterable {
    case sha256
    /// SHA-1 is for names of other programs' files, it and SHA-512 for verifying what others wrote; both may be refused under FIPS.
    case sha1
    case sha512
    /// For comparing with ETags only; may be refused on machines under FIPS.
    case md5

    var implementation: OpaquePointer? {
        switch self {
        case .sha256: Implementation.sha256.pointer
        case .sha1: EVP_sha1()
        case .sha512: EVP_sha512()
        case .md5: Implementation.md5.pointer
        }
    }

    /// What libcrypto looks up anew each time, under locks, unless it is held: for small hashes that takes as long as hashing.
    private struct Implementation: @unchecked Sendable {
        static let sha256 = Implementation(pointer: EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256())
        static let md5 = Implementation(pointer: EVP_MD_fetch(nil, "MD5", nil) ?? EVP_md5())

        /// Never freed, never changed.
        let pointer: OpaquePointer?
    }

    /// In bytes.
    package var length: Int {
        switch self {
        case .sha256: 32
        case .sha1: 20
        case .sha512: 64
        case .md5: 16
        }
    }

    /// The hash of bytes in memory.
    package func hash(_ bytes: some Sequence<UInt8>) throws(CryptoError) -> [UInt8] {
        var digest = try Digest(self)
        try digest.update(bytes)
        return try digest.finish()
    }
}

/// A hash over bytes that come piece by piece.
package struct Digest: ~Copyable {
    private let context: OpaquePointer
    private let length: Int

    package init(_ function: HashFunction) throws(CryptoError) {
        guard let context = EVP_MD_CTX_new() else { throw CryptoError.last("make a digest") }
        let code = EVP_DigestInit_ex(context, function.implementation, nil)
        guard code == 1 else {
            EVP_MD_CTX_free(context)
            throw CryptoError.last("start \(function)")
        }
        self.context = context
        length = function.length
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds the next bytes.
    package mutating func update(_ bytes: some Sequence<UInt8>) throws(CryptoError) {
        let code =
            bytes.withContiguousStorageIfAvailable { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
            ?? Array(bytes).withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        try check(code, "hash")
    }

    /// The hash of everything added.
    package consuming func finish() throws(CryptoError) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: length)
        var written: UInt32 = 0
        let code = EVP_DigestFinal_ex(context, &hash, &written)
        try check(code, "finish a hash")
        return hash
    }
}

/// HMAC with SHA-256 (RFC 2104).
package enum HMAC {
    /// The authentication code of a message under a key: 32 bytes.
    package static func sha256(key: [UInt8], _ message: some Sequence<UInt8>) throws(CryptoError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: HashFunction.sha256.length)
        var written: UInt32 = 0
        let message = Array(message)
        let isDone =
            CCrypto.HMAC(
                EVP_sha256(), key, Int32(key.count), message, message.count, &code, &written) != nil
        guard isDone, Int(written) == code.count else { throw CryptoError.last("authenticate") }
        return code
    }
}
