import CCrypto
import Crypto
import FoundationEssentials
import Testing

/// The keys were made by `openssl ecparam` for these tests.
struct P256PrivateKeyTests {
    private static let sec1 = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIELLBtvUJt6KMS77obwbQOMdBY7T/mEZwYn1zKT/BiDnoAoGCCqGSM49
        AwEHoUQDQgAEod0nYs+jzCJzD3L0bZn+7MU/XvkE8FNehc1yTUlF4cVE3gSRISL+
        a3O6Q6c8KrYRIsVIbo/U8r5fhaonu2pNMw==
        -----END EC PRIVATE KEY-----
        """
    /// The same key.
    private static let pkcs8 = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQssG29Qm3ooxLvuh
        vBtA4x0FjtP+YRnBifXMpP8GIOehRANCAASh3Sdiz6PMInMPcvRtmf7sxT9e+QTw
        U16FzXJNSUXhxUTeBJEhIv5rc7pDpzwqthEixUhuj9Tyvl+Fqie7ak0z
        -----END PRIVATE KEY-----
        """
    /// As `openssl ec -pubout` shows it.
    private static let point =
        "a1dd2762cfa3cc22730f72f46d99feecc53f5ef904f0535e85cd724d4945e1c5"
        + "44de04912122fe6b73ba43a73c2ab61122c5486e8fd4f2be5f85aa27bb6a4d33"

    private static let otherCurve = """
        -----BEGIN EC PRIVATE KEY-----
        MIGkAgEBBDCz7A66sPOXU9eKhm392XxoM6UoP82XQB87x/Qh2McuO7oggiPsdmV1
        Nnjpe+J8WHmgBwYFK4EEACKhZANiAARG9Uaq5LoAa4A4/b91S2E8RccomQAGDisc
        dMlX6YaUUBfcJIFVFxBcoSuLNZuMW1yGL4YqDyufByrtCBQcaIdx+G/ACP8t4bcA
        BIggtV8njSqkCboomJqa8BIqJjz2D7k=
        -----END EC PRIVATE KEY-----
        """

    @Test(arguments: [sec1, pkcs8, sec1.replacing("\n", with: "\r\n")]) func readsBothForms(pem: String) throws {
        let point = try P256PrivateKey(pem: pem).publicPoint()
        #expect(Hex.encode(point.x + point.y) == Self.point)
    }

    /// Many, since a number that begins with zeros is written in fewer bytes.
    @Test func signaturesVerify() throws {
        let key = try P256PrivateKey(pem: Self.sec1)
        for number in 0..<600 {
            let message = Array("message \(number)".utf8)
            let signature = try key.signature(of: message)
            #expect(signature.count == 64)
            #expect(verify(message, signature))
        }
        let signature = try key.signature(of: [1])
        #expect(!verify([2], signature))
    }

    @Test(arguments: ["", "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----", "AAAA", "%%%", otherCurve])
    func refusesAnythingElse(pem: String) {
        #expect(throws: CryptoError.self) { _ = try P256PrivateKey(pem: pem).publicPoint() }
    }

    /// By libcrypto itself; that the public half is the right one is another test's matter.
    private func verify(_ message: [UInt8], _ signature: [UInt8]) -> Bool {
        let base64 = Self.pkcs8.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        let der = Array(Data(base64Encoded: base64) ?? Data())
        let key = der.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            return d2i_AutoPrivateKey(nil, &next, buffer.count)
        }
        guard let key, let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            EVP_PKEY_free(key)
        }
        let numbers = [signature[..<32], signature[32...]].flatMap { half in
            var digits = Array(half.drop { $0 == 0 })
            if (digits.first ?? 0) >= 0x80 || digits.isEmpty { digits.insert(0, at: 0) }
            return [2, UInt8(digits.count)] + digits
        }
        let sequence = [0x30, UInt8(numbers.count)] + numbers
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, sequence, sequence.count, message, message.count) == 1
    }
}
