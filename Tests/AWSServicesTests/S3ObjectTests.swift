import AWS
import Crypto
import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWSServices

struct S3ObjectTests {
    private let bytes = Array("hello".utf8)

    private func request(_ key: String, _ body: [UInt8]) -> S3.PutObjectRequest {
        S3.PutObjectRequest(bucket: "bucket", key: key, expectedBucketOwner: "111122223333", body: body)
    }

    // MARK: Put and get

    @Test func anObjectGoesWithItsChecksumAndComesBackVerified() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        var put = request("a b/ü+c%.txt", bytes)
        put.contentType = "text/plain"
        put.metadata = ["mark": "x"]
        let stored = try await s3.putObject(put)
        #expect(stored.checksumCRC64NVME == Base64.encode(CRC(.crc64nvme, of: bytes).bytes))
        let sent = try #require(fake.requests("PutObject").first)
        #expect(sent.values("x-amz-checksum-crc64nvme") == ["M3eFcAZSQlc="])
        #expect(sent.values("x-amz-expected-bucket-owner") == ["111122223333"])
        var get = S3.GetObjectRequest(bucket: "bucket", key: "a b/ü+c%.txt")
        get.expectedBucketOwner = "111122223333"
        let (read, object) = try await s3.getObject(get)
        #expect(read == bytes)
        #expect(object.verification == .verified)
        #expect(object.head.contentType == "text/plain")
        #expect(object.head.metadata == ["mark": "x"])
        #expect(fake.requests("GetObject").first?.values("x-amz-checksum-mode") == ["ENABLED"])
        #expect(fake.requests("GetObject").first?.values("x-amz-expected-bucket-owner") == ["111122223333"])
    }

    @Test func emptyObjectsAndRangesAreObjectsToo() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        try await s3.putObject(request("empty", []))
        #expect(try await s3.getObject(S3.GetObjectRequest(bucket: "bucket", key: "empty")).bytes == [])
        try await s3.putObject(request("full", bytes))
        var get = S3.GetObjectRequest(bucket: "bucket", key: "full")
        get.bytes = 1..<4
        let (part, object) = try await s3.getObject(get)
        #expect(part == Array("ell".utf8))
        #expect(object.verification == .range)
        get.bytes = 3..<100
        #expect(try await s3.getObject(get).bytes == Array("lo".utf8))
        get.bytes = 2..<2
        #expect(try await s3.getObject(get).bytes == [])
        #expect(fake.requests("GetObject").dropFirst().map { $0.values("Range") } == [["bytes=1-3"], ["bytes=3-99"]])
    }

    @Test func aLimitBoundsWhatComesIntoMemory() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        try await s3.putObject(request("k", bytes))
        await #expect(throws: HTTPError.bodyTooLarge(limit: 4)) {
            try await s3.getObject(S3.GetObjectRequest(bucket: "bucket", key: "k"), upTo: 4)
        }
    }

    @Test func aBodyAlteredOnItsWayUpIsSentAgain() async throws {
        let fake = try FakeS3()
        fake.script("PutObject", .flippedRequest, .flippedRequest)
        try await S3(fake.client()).putObject(request("k", bytes))
        #expect(fake.objects["/bucket/k"]?.body == bytes)
        #expect(fake.requests("PutObject").count == 3)
        fake.script("PutObject", .flippedRequest, .flippedRequest, .flippedRequest, .flippedRequest)
        let error = await #expect(throws: AWSError.self) {
            try await S3(fake.client()).putObject(request("k2", bytes))
        }
        #expect(error?.code == "BadDigest")
        #expect(fake.objects["/bucket/k2"] == nil)
    }

    @Test func anAlteredAnswerIsReadAgainAndNeverAccepted() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        try await s3.putObject(request("k", bytes))
        fake.script("GetObject", .flippedAnswer, .truncated, .flippedAnswer)
        #expect(try await s3.getObject(S3.GetObjectRequest(bucket: "bucket", key: "k")).bytes == bytes)
        fake.script("GetObject", .flippedAnswer, .flippedAnswer, .flippedAnswer, .flippedAnswer)
        let error = await #expect(throws: AlteredObject.self) {
            try await s3.getObject(S3.GetObjectRequest(bucket: "bucket", key: "k"))
        }
        #expect(
            error?.description == "download s3://bucket/k: the bytes that came don't have the object's checksum, "
                + "in each of 4 attempts")
    }

    /// What others wrote: each kind of checksum, and none.
    @Test(arguments: [
        ("x-amz-checksum-crc32: NhCmhg==", Verification.verified), ("x-amz-checksum-crc32c: mnG7TA==", .verified),
        ("x-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=", .verified),
        ("x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", .verified),
        ("x-amz-checksum-crc32: abcdef==-3", .composite(parts: 3)), ("x-amz-checksum-xxhash64: AAAA", .verified),
    ])
    func otherChecksumsAreVerifiedToo(header: String, expected: Verification) async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        // Where no checksum can be used the ETag serves, unless the key of KMS makes it something else.
        let tag = "\"5d41402abc4b2a76b9719d911017c592\""
        fake.store("/bucket/k", .init(body: bytes, eTag: tag, headers: [header]))
        let get = S3.GetObjectRequest(bucket: "bucket", key: "k")
        #expect(try await s3.getObject(get).object.verification == expected)
        fake.store("/bucket/k", .init(body: Array("hellO".utf8), eTag: tag, headers: [header]))
        if expected == .verified {
            await #expect(throws: AlteredObject.self) { try await s3.getObject(get) }
        }
        let kms = [header, "x-amz-server-side-encryption: aws:kms"]
        fake.store("/bucket/k", .init(body: bytes, eTag: "\"00000000000000000000000000000000\"", headers: kms))
        let verification = try await s3.getObject(get).object.verification
        #expect(verification == (header.contains("xxhash") ? .noChecksum : expected))
    }

    // MARK: Conditions

    @Test func aConditionalWriteKnowsItsOwnWork() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        var put = request("lock", bytes)
        put.ifNoneMatch = "*"
        fake.script("PutObject", .resetAfter)
        let stored = try await s3.putObject(put)
        #expect(stored.eTag == fake.objects["/bucket/lock"]?.eTag)
        #expect(fake.requests("PutObject").count == 2)
        // The same bytes, but another's work.
        let error = await #expect(throws: AWSError.self) { try await s3.putObject(put) }
        #expect(error?.httpStatus == 412)
        put.ifNoneMatch = nil
        put.ifMatch = stored.eTag
        put.body = Array("next".utf8)
        fake.script("PutObject", .conflict, .resetAfter)
        #expect(try await s3.putObject(put).eTag == fake.objects["/bucket/lock"]?.eTag)
        #expect(fake.objects["/bucket/lock"]?.body == put.body)
        await #expect(throws: AWSError.self) { try await s3.putObject(put) }
    }

    @Test func aConditionalWriteWhoseEveryAnswerIsLostIsReadBack() async throws {
        let fake = try FakeS3()
        var put = request("lock", bytes)
        put.ifNoneMatch = "*"
        fake.script("PutObject", .resetAfter, .resetBefore, .resetBefore)
        #expect(try await S3(fake.client()).putObject(put).eTag == fake.objects["/bucket/lock"]?.eTag)
        fake.script("PutObject", .resetBefore, .resetBefore, .resetBefore)
        put.key = "other"
        await #expect(throws: AWSNoAnswer.self) { try await S3(fake.client()).putObject(put) }
    }

    @Test func whereItCanNotBeReadBackNobodyIsSaidToOwnIt() async throws {
        let fake = try FakeS3()
        var put = request("lock", bytes)
        put.ifNoneMatch = "*"
        fake.script("PutObject", .resetAfter)
        fake.script("HeadObject", .unavailable, .unavailable, .unavailable)
        let error = await #expect(throws: Failure.self) { try await S3(fake.client()).putObject(put) }
        #expect(error?.message.contains("could not be read") == true)
    }

    /// Many writers of one key: whatever gets lost, one has won, and each knows whether it was the one.
    @Test(arguments: 1...8) func ofManyWritersOneWins(seed: UInt64) async throws {
        let fake = try FakeS3(
            seed: seed, odds: [.resetBefore: 0.1, .resetAfter: 0.2, .unavailable: 0.1, .conflict: 0.2])
        let outcomes = try await withThrowingTaskGroup(of: (Int, Bool?).self) { group in
            for writer in 0..<6 {
                group.addTask {
                    var put = request("lock", Array("writer \(writer)".utf8))
                    put.ifNoneMatch = "*"
                    do {
                        try await S3(fake.client(attempts: 6)).putObject(put)
                        return (writer, true)
                    } catch let error as AWSError where error.httpStatus == 412 {
                        return (writer, false)
                    } catch is AWSError, is AWSNoAnswer, is Failure {
                        return (writer, nil)
                    }
                }
            }
            return try await group.reduce(into: [(Int, Bool?)]()) { $0.append($1) }
        }
        let owner = fake.objects["/bucket/lock"].map { String(decoding: $0.body, as: UTF8.self) }
        for (writer, won) in outcomes {
            if let won { #expect(won == (owner == "writer \(writer)")) }
        }
        #expect(outcomes.contains { $0.1 != nil })
    }

    // MARK: Listing and deleting

    private let oddKeys = [
        "a b", "a+b", "a%20b", "a%2Bb", "line\nbreak", "ü/é", "x&y<z>", "tab\tkey", "quo\"te", "~-._",
    ]

    @Test func anyKeyGoesAndComesBack() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        for key in oddKeys { try await s3.putObject(request(key, Array(key.utf8))) }
        var list = S3.ListObjectsV2Request(bucket: "bucket")
        list.maxKeys = 3
        var keys: [String] = []
        for try await page in s3.listObjectsV2(list) {
            #expect((page.contents?.count ?? 0) <= 3)
            keys += page.contents?.map(\.key) ?? []
        }
        #expect(Set(keys) == Set(oddKeys))
        #expect(keys.count == oddKeys.count)
        for key in keys {
            #expect(try await s3.getObject(S3.GetObjectRequest(bucket: "bucket", key: key)).bytes == Array(key.utf8))
        }
        try await s3.copy(.init(from: "bucket", "a+b", to: "bucket", "copy/a b%"))
        #expect(try await s3.hasObject(bucket: "bucket", key: "copy/a b%", expectedOwner: nil))
        #expect(try await s3.deleteObjects(bucket: "bucket", keys: oddKeys + ["copy/a b%"]) == [])
        #expect(fake.objects.isEmpty)
    }

    @Test func deletingTellsWhatStaysAndWhy() async throws {
        let fake = try FakeS3()
        let keys = (0..<2500).map { "k\($0)" } + ["is locked", "is slow", "bell\u{7}"]
        for key in keys { fake.store("/bucket/" + PercentEncoding.encode(key), .init(body: [], eTag: "\"e\"")) }
        let failed = try await S3(fake.client()).deleteObjects(bucket: "bucket", keys: keys)
        #expect(failed.map(\.key) == ["is locked"])
        #expect(failed.first?.code == "AccessDenied")
        #expect(fake.objects.count == 1)
        #expect(fake.requests("DeleteObject").count == 1)
        let batches = fake.requests("DeleteObjects")
        #expect(batches.allSatisfy { $0.bodyText.split(separator: "<Object>").count <= 1001 })
        #expect((3...4).contains(batches.count))
    }
}
