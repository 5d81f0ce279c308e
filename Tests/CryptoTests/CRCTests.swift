import CChecksum
import Crypto
import Testing

struct CRCTests {
    /// The check values of the catalogue of parametrised CRC algorithms, for the text 123456789.
    @Test(arguments: [
        (CRC.Kind.crc64nvme, "ae8b14860a799888"), (.crc32, "cbf43926"), (.crc32c, "e3069283"),
    ])
    func publishedCheckValues(kind: CRC.Kind, expected: String) {
        #expect(Hex.encode(CRC(kind, of: "123456789".utf8).bytes) == expected)
    }

    private let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) }

    /// The definition itself, bit by bit.
    private func slowly(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var value = UInt64.max
        for byte in bytes {
            value ^= UInt64(byte)
            for _ in 0..<8 { value = (value >> 1) ^ (value & 1 == 1 ? 0x9A6C_9329_AC4B_C9B5 : 0) }
        }
        return ~value
    }

    /// Lengths and alignments around the steps of both implementations.
    @Test func bothImplementationsFollowTheDefinition() {
        for start in 0..<9 {
            for length in Array(0...150) + [191, 192, 193, 255, 256, 1000, 4095, 4096, 4097] {
                let part = bytes[start..<start + length]
                let expected = slowly(part)
                #expect(CRC(.crc64nvme, of: part).value == expected, "\(length) bytes from \(start)")
                let portable = part.withUnsafeBytes { fg_crc64nvme_portable(0, $0.baseAddress, $0.count) }
                #expect(portable == expected, "\(length) bytes from \(start)")
            }
        }
    }

    @Test(arguments: CRC.Kind.allCases)
    func piecesMakeTheWhole(kind: CRC.Kind) {
        let whole = CRC(kind, of: bytes)
        var pieces = CRC(kind)
        var joined = CRC(kind)
        var start = 0
        for length in [1, 7, 8, 63, 64, 65, 1024, 0, 30_000, bytes.count] {
            let end = min(bytes.count, start + length)
            pieces.update(bytes[start..<end])
            joined.append(CRC(kind, of: bytes[start..<end]))
            start = end
        }
        #expect(pieces == whole)
        #expect(joined == whole)
        #expect(CRC(kind, bytes: whole.bytes, count: whole.count) == whole)
        #expect(CRC(kind, bytes: whole.bytes.dropLast(), count: 1) == nil)
    }
}
