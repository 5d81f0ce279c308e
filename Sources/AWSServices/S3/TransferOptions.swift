/// How large objects are moved. The defaults keep a transfer below 16 MiB of memory.
package struct TransferOptions: Sendable, Hashable {
    /// Bytes from which on an object is moved in parts.
    package var multipartThreshold: Int64 = 16 << 20
    /// Bytes of a part; made larger where an object would have more than 10,000 parts.
    package var partSize: Int64 = 8 << 20
    /// Parts under way at a time.
    package var concurrency = 8
    /// Bytes up to which a body is read into memory and sent together with its head.
    package var memoryLimit: Int64 = 60 << 10
    /// Bytes above which S3 copies an object only in parts (5 GiB), and the size of these parts.
    package var copyThreshold: Int64 = 5 << 30
    package var copyPartSize: Int64 = 256 << 20
    /// How often in a row a broken-off download is gone on with where nothing more arrives.
    package var resumes = 8
    /// How often a download whose bytes are not those that S3 speaks of is begun anew.
    package var restarts = 3

    package init() {}
}

/// An object cut into parts.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
struct PartPlan: Sendable, Equatable {
    static let mostParts: Int64 = 10_000
    private static let unit: Int64 = 1 << 20

    let length: Int64
    let partSize: Int64

    /// - Parameter wanted: bytes of a part, if the number of parts admits it.
    init(length: Int64, wanted: Int64) {
        self.length = length
        let least = (length + Self.mostParts - 1) / Self.mostParts
        partSize = max(1, least <= wanted ? wanted : (least + Self.unit - 1) / Self.unit * Self.unit)
    }

    var count: Int { Int((length + partSize - 1) / partSize) }

    /// - Parameter index: counted from 0; S3 counts parts from 1.
    subscript(index: Int) -> Range<Int64> {
        let start = Int64(index) * partSize
        return start..<min(length, start + partSize)
    }
}

/// Runs work for each index, at most `limit` at a time, and gives the results in order. The first error cancels the rest.
func concurrently<Output: Sendable>(
    _ count: Int, limit: Int, _ work: @escaping @Sendable (Int) async throws -> Output
) async throws -> [Output] {
    try await withThrowingTaskGroup(of: (Int, Output).self) { group in
        var results: [Output?] = Array(repeating: nil, count: count)
        var next = 0
        func start() {
            guard next < count else { return }
            let index = next
            next += 1
            group.addTask { (index, try await work(index)) }
        }
        for _ in 0..<max(1, limit) { start() }
        while let (index, output) = try await group.next() {
            results[index] = output
            start()
        }
        return results.compactMap { $0 }
    }
}
