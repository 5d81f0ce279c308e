import Crypto
import FoundationEssentials
import HTTP
import Support
import Testing

@testable import ConfigSync

@Suite struct ContentComparisonTests {
    @Test(arguments: [
        ("\"00000000000000000000000000000001\"", "md5"), ("00000000000000000000000000000001", "md5"),
        ("\"ABCDEFabcdef00000000000000000001\"", "md5"), ("\"00000000000000000000000000000001-3\"", "parts 3"),
        ("\"00000000000000000000000000000001-0\"", "other"), ("\"00000000000000000000000000000001-x\"", "other"),
        ("\"0000000000000000000000000000000g\"", "other"), ("\"\"", "other"), ("", "other"), ("W/\"1\"", "other"),
    ])
    func entityTagsSayWhatTheyAre(_ text: String, _ kind: String) {
        let found =
            switch EntityTag(text) {
            case .md5: "md5"
            case .parts(_, let count): "parts \(count)"
            case .other: "other"
            }
        #expect(found == kind)
    }

    @Test(arguments: [5, 8, 10, 15, 16, 50, 64, 100]) func theUsualSizesOfPartsAreFound(_ mebibytes: Int64) {
        let part = mebibytes << 20
        for size in [part + 1, 3 * part, 7 * part + 12345] {
            let count = Int((size + part - 1) / part)
            #expect(PartSizes.candidates(size: size, parts: count, own: 8 << 20).contains(part))
        }
    }

    @Test func candidatesGiveSoManyPartsAndAreFew() {
        let sizes: [Int64] = [1, 100, 1 << 20, 1_073_741_831, 1 << 40]
        for size in sizes {
            for parts in [1, 2, 3, 7, 100, 9999] {
                let found = PartSizes.candidates(size: size, parts: parts, own: 8 << 20)
                #expect(found.count <= 8)
                #expect(found.allSatisfy { (part: Int64) -> Bool in (size + part - 1) / part == Int64(parts) })
            }
        }
        #expect(PartSizes.candidates(size: 10, parts: 0, own: 1).isEmpty)
    }

    /// Puts one object beside one file, and says what differs and how often S3 was asked for its head.
    private func compare(
        _ file: String, _ object: String, eTag: String? = nil, _ headers: HTTPHeaders = [:]
    ) async throws -> (FileComparison?, heads: Int) {
        let server = MemoryS3()
        try server.store("x", object, eTag: eTag, headers: headers)
        let here = try FolderOnDisk()
        try here.write("x", file)
        let report = try await FlatDiff(server.s3, here.path, [TreePlace(bucket: "b", prefix: "")]).run()
        return (report.differences.first?.comparison, server.requests("HEAD"))
    }

    private func crc(_ text: String) throws -> String {
        guard case .crc64nvme(let sum) = try FileChecksum.of(Array(text.utf8), .crc64nvme) else { return "" }
        return sum
    }

    @Test func anEntityTagThatIsAnMD5Suffices() async throws {
        #expect(try await compare("same", "same") == (nil, 0))
        #expect(try await compare("", "", eTag: "odd") == (nil, 0))
        #expect(try await compare("longer", "short") == (.size, 0))
        // A head tells whether the ETag could be trusted.
        #expect(try await compare("this", "that") == (.content, 1))
    }

    @Test func otherTagsAreSettledByTheChecksumThatS3Keeps() async throws {
        let kms: HTTPHeaders = ["x-amz-server-side-encryption": "aws:kms"]
        let random = "00000000000000000000000000000001"
        #expect(try await compare("same", "same", eTag: random, kms) == (.unknown, 1))
        var sum = kms
        sum.add("x-amz-checksum-crc64nvme", try crc("same"))
        #expect(try await compare("same", "same", eTag: random, sum) == (nil, 1))
        #expect(try await compare("Same", "same", eTag: random, sum) == (.content, 1))
        sum.add("x-amz-checksum-type", "COMPOSITE")
        #expect(try await compare("same", "same", eTag: random, sum) == (.unknown, 1))
        let sha: HTTPHeaders = [
            "x-amz-checksum-sha256": Data(try HashFunction.sha256.hash("same".utf8)).base64EncodedString()
        ]
        #expect(try await compare("same", "same", eTag: "odd", sha) == (nil, 1))
    }

    @Test(arguments: [5, 8, 10]) func tagsOfUploadsInPartsAreMadeHereToo(_ mebibytes: Int) async throws {
        let text = String(repeating: "0123456789abcdef", count: 12 << 16)
        let bytes = Array(text.utf8)
        var sums: [UInt8] = []
        let size = mebibytes << 20
        for start in stride(from: 0, to: bytes.count, by: size) {
            sums += try HashFunction.md5.hash(bytes[start..<min(bytes.count, start + size)])
        }
        let tag = Hex.encode(try HashFunction.md5.hash(sums)) + "-\(sums.count / 16)"
        #expect(try await compare(text, text, eTag: tag) == (nil, 0))
        // Unknown parts: S3 is asked, and says nothing more.
        let wrong = String(repeating: "0", count: 32) + "-\(sums.count / 16)"
        #expect(try await compare(text, text, eTag: wrong) == (.unknown, 1))
    }

    @Test func aFileThatCannotBeReadIsNamed() async throws {
        let server = MemoryS3()
        try server.store("gone", "1234")
        let here = try FolderOnDisk()
        try here.write("gone", "1234")
        let comparison = ContentComparison(
            s3: server.s3, places: [TreePlace(bucket: "b", prefix: "")], expectedOwner: nil,
            folder: try TreeFolder(here.path), followsLinks: false, partSize: 8 << 20)
        let local = TreeFile(path: "gone", size: 4, mode: 0o644)
        let remote = RemoteFile(path: "gone", size: 4, eTag: "\"" + String(repeating: "0", count: 32) + "\"")
        // The listing's ETag is no MD5 of these bytes, the head's is.
        #expect(try await comparison.compare(local, remote) == .same)
        try TreeFolder(here.path).remove("gone")
        let failure = try await #require(throws: Failure.self) { _ = try await comparison.compare(local, remote) }
        #expect(failure.message == "\(here.path)/gone: can't be read: No such file or directory")
    }
}
