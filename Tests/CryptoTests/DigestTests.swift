import Crypto
import Testing

struct DigestTests {
    /// FIPS 180-2, appendix B, and RFC 1321, appendix 5.
    @Test(arguments: [
        (HashFunction.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (HashFunction.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (HashFunction.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (HashFunction.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
        (HashFunction.md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ])
    func hashesPublishedMessages(function: HashFunction, message: String, expected: String) throws {
        #expect(Hex.encode(try function.hash(message.utf8)) == expected)
    }

    @Test func piecesHashAsTheWhole() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var digest = try Digest(.sha256)
        for start in stride(from: 0, to: bytes.count, by: 777) {
            try digest.update(bytes[start..<min(start + 777, bytes.count)])
        }
        let pieces = try digest.finish()
        let whole = try HashFunction.sha256.hash(bytes)
        #expect(pieces == whole)
    }

    /// A sequence without contiguous storage takes another path.
    @Test func hashesLazySequences() throws {
        let lazy = try HashFunction.sha256.hash((UInt8(97)...99).lazy.map { $0 })
        #expect(Hex.encode(lazy) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    /// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func authenticatesPublishedMessages(key: [UInt8], message: String, expected: String) throws {
        #expect(Hex.encode(try HMAC.sha256(key: key, message.utf8)) == expected)
    }

    @Test func hexIsLowerCaseAndPadded() {
        #expect(Hex.encode([0, 1, 0x0f, 0xa0, 0xff]) == "00010fa0ff")
    }
}
