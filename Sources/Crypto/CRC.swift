internal import CChecksum

/// A cyclic redundancy check over bytes that come piece by piece, in one of the kinds that S3 knows.
///
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
package struct CRC: Sendable, Hashable {
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// What SDKs send unless told otherwise.
        case crc64nvme
        case crc32
        case crc32c
    }

    package let kind: Kind
    /// Bytes seen so far.
    package private(set) var count: Int64 = 0
    /// The check of the bytes so far; the upper half is 0 for the kinds of 32 bits.
    package private(set) var value: UInt64 = 0

    package init(_ kind: Kind) { self.kind = kind }

    /// The check of bytes in memory.
    package init(_ kind: Kind, of bytes: some Sequence<UInt8>) {
        self.kind = kind
        update(bytes)
    }

    /// The check of bytes that somebody else saw, from its bytes: the highest first.
    /// - Parameter count: how many bytes they were.
    package init?(_ kind: Kind, bytes: some Collection<UInt8>, count: Int64) {
        guard bytes.count == (kind == .crc64nvme ? 8 : 4) else { return nil }
        self.kind = kind
        self.count = count
        value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Adds the next bytes.
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if isDone == nil { Array(bytes).withUnsafeBytes { update($0) } }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        switch kind {
        case .crc64nvme: value = fg_crc64nvme(value, start, bytes.count)
        case .crc32: value = UInt64(fg_crc32(UInt32(truncatingIfNeeded: value), start, bytes.count))
        case .crc32c: value = UInt64(fg_crc32c(UInt32(truncatingIfNeeded: value), start, bytes.count))
        }
        count += Int64(bytes.count)
    }

    /// Adds bytes whose check was made apart: the check of a whole from those of its parts, without reading them again.
    package mutating func append(_ next: CRC) {
        precondition(next.kind == kind, "checks of two kinds can't be joined")
        switch kind {
        case .crc64nvme:
            value = Field<UInt64>(polynomial: 0x9A6C_9329_AC4B_C9B5).join(value, next.value, after: next.count)
        case .crc32: value = join32(next, 0xEDB8_8320)
        case .crc32c: value = join32(next, 0x82F6_3B78)
        }
        count += next.count
    }

    private func join32(_ next: CRC, _ polynomial: UInt32) -> UInt64 {
        let (left, right) = (UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: next.value))
        return UInt64(Field<UInt32>(polynomial: polynomial).join(left, right, after: next.count))
    }

    /// The check as S3 takes it before base64: the highest byte first.
    package var bytes: [UInt8] {
        let width = kind == .crc64nvme ? 8 : 4
        return (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}

/// Polynomials over GF(2) modulo one of them, all reflected: the coefficient of the highest power is bit 0.
private struct Field<Word: FixedWidthInteger & UnsignedInteger> {
    let polynomial: Word

    /// The check of A followed by B, from theirs: A's is moved up by B's length.
    func join(_ left: Word, _ right: Word, after count: Int64) -> Word {
        // x^8 for each byte, by squaring.
        var factor = one
        var power = (0..<8).reduce(one) { value, _ in timesX(value) }
        var left = left
        var rest = count
        while rest > 0 {
            if rest & 1 == 1 { factor = times(factor, power) }
            power = times(power, power)
            rest >>= 1
        }
        left = times(left, factor)
        return left ^ right
    }

    private var one: Word { 1 << (Word.bitWidth - 1) }

    private func timesX(_ value: Word) -> Word { (value >> 1) ^ (value & 1 == 1 ? polynomial : 0) }

    private func times(_ a: Word, _ b: Word) -> Word {
        var (product, a, b): (Word, Word, Word) = (0, a, b)
        while a != 0 {
            if a & one != 0 { product ^= b }
            a = a << 1
            b = timesX(b)
        }
        return product
    }
}
