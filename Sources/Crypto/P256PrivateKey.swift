internal import CCrypto
internal import FoundationEssentials

/// A private key on the elliptic curve P-256, for signatures with SHA-256 (ES256).
package struct P256PrivateKey: ~Copyable {
    private let key: OpaquePointer

    /// - Parameter pem: a key in PEM armour, in the form of SEC 1 or PKCS #8, not encrypted.
    /// - Throws: `CryptoError` for anything else.
    package init(pem: String) throws(CryptoError) {
        let base64 = pem.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }.joined()
        guard let der = Data(base64Encoded: base64, options: .ignoreUnknownCharacters), !der.isEmpty else {
            throw CryptoError(operation: "read a private key", reason: "no base64 between the PEM lines")
        }
        let bytes = Array(der)
        let key = bytes.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            return d2i_AutoPrivateKey(nil, &next, buffer.count)
        }
        guard let key else { throw CryptoError.last("read a private key") }
        // Any other key would sign too, but not what the name says.
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1,
            String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self) == "prime256v1"
        else {
            EVP_PKEY_free(key)
            throw CryptoError(operation: "read a private key", reason: "it is not on the curve P-256")
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// The coordinates of the public key, 32 bytes each, most significant first.
    package func publicPoint() throws(CryptoError) -> (x: [UInt8], y: [UInt8]) {
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = EVP_PKEY_get1_encoded_public_key(key, &encoded)
        defer { CRYPTO_free(encoded, "", 0) }
        // An uncompressed point: 4, x, y.
        guard count == 65, let encoded, encoded[0] == 4 else { throw CryptoError.last("get a public key") }
        let bytes = Array(UnsafeBufferPointer(start: encoded, count: count))
        return (Array(bytes[1..<33]), Array(bytes[33..<65]))
    }

    /// The signature of a message: r and s, 32 bytes each (RFC 7518 §3.4).
    package func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw CryptoError.last("make a digest") }
        defer { EVP_MD_CTX_free(context) }
        try check(EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key), "start a signature")
        var der = [UInt8](repeating: 0, count: 80)
        var length = der.count
        try check(EVP_DigestSign(context, &der, &length, message, message.count), "sign")
        return try Self.joined(der[..<length])
    }

    /// `SEQUENCE { INTEGER r, INTEGER s }` as r and s; all lengths are below 128 on this curve.
    private static func joined(_ der: ArraySlice<UInt8>) throws(CryptoError) -> [UInt8] {
        var rest = der.dropFirst(2)
        var out: [UInt8] = []
        for _ in 0..<2 {
            guard rest.first == 2, let length = rest.dropFirst().first, rest.count >= 2 + Int(length) else {
                throw CryptoError(operation: "sign", reason: "a signature of unknown form")
            }
            // Without the zero that keeps a number positive, and filled up to its full length.
            let digits = rest.dropFirst(2).prefix(Int(length)).drop { $0 == 0 }
            guard digits.count <= 32 else {
                throw CryptoError(operation: "sign", reason: "a signature of unknown form")
            }
            out += [UInt8](repeating: 0, count: 32 - digits.count) + digits
            rest = rest.dropFirst(2 + Int(length))
        }
        return out
    }
}
