import AWS
import Crypto
import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWSServices

/// Takes bytes at any offset, and knows the end.
private final class TestSink: ByteSink {
    private let held = Mutex<[UInt8]>([])
    var bytes: [UInt8] { held.withLock { $0 } }

    func write(_ bytes: [UInt8], at offset: Int64) {
        held.withLock { held in
            let end = Int(offset) + bytes.count
            if held.count < end { held += [UInt8](repeating: 0, count: end - held.count) }
            held.replaceSubrange(Int(offset)..<end, with: bytes)
        }
    }

    func truncate(to length: Int64) { held.withLock { $0 = Array($0.prefix(Int(length))) } }
}

/// Gives other bytes each time it is read.
private struct ChangingSource: ByteSource {
    let length: Int64
    let reads = Counter()
    func read(at offset: Int64, count: Int) -> [UInt8] { [UInt8](repeating: UInt8(reads.next() % 251), count: count) }
}

private final class Counter: Sendable {
    private let value = Mutex(0)
    func next() -> Int {
        value.withLock {
            $0 += 1; return $0
        }
    }
}

struct S3TransferTests {
    private static func bytes(_ count: Int, seed: UInt64 = 7) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    private var options: TransferOptions {
        var options = TransferOptions()
        options.multipartThreshold = 200_000
        options.partSize = 100_000
        options.memoryLimit = 10_000
        options.copyThreshold = 300_000
        options.copyPartSize = 150_000
        options.concurrency = 4
        return options
    }

    private func put(_ key: String = "k") -> S3.PutObjectRequest { S3.PutObjectRequest(bucket: "bucket", key: key) }
    private func get(_ key: String = "k") -> S3.GetObjectRequest { S3.GetObjectRequest(bucket: "bucket", key: key) }

    /// In memory, streamed, in parts; exactly at the borders.
    @Test(arguments: [0, 1, 10_000, 10_001, 100_000, 200_000, 200_001, 300_000, 1_234_567])
    func everySizeGoesUpAndComesDown(size: Int) async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        let bytes = Self.bytes(size)
        let done = Mutex<Int64>(0)
        try await s3.upload(MemorySource(bytes), put(), options: options) { count in done.withLock { $0 += count } }
        #expect(done.withLock { $0 } == Int64(size))
        #expect(fake.objects["/bucket/k"]?.body == bytes)
        #expect(fake.openUploads == 0)
        let sink = TestSink()
        let object = try await s3.download(get(), to: sink, options: options)
        #expect(sink.bytes == bytes)
        #expect(object.length == Int64(size))
        #expect(object.verification == .verified)
        if size > 200_000 {
            let complete = try #require(fake.requests("CompleteMultipartUpload").first)
            #expect(complete.values("x-amz-checksum-type") == ["FULL_OBJECT"])
            #expect(complete.values("x-amz-mp-object-size") == ["\(size)"])
            #expect(complete.values("x-amz-checksum-crc64nvme") == [Base64.encode(CRC(.crc64nvme, of: bytes).bytes)])
            #expect(fake.requests("GetObject").count == (size + 99_999) / 100_000)
        }
    }

    @Test func partsAreAsManyAsS3Admits() {
        let plan = PartPlan(length: 5 << 40, wanted: 8 << 20)
        #expect(plan.count <= 10_000)
        #expect(plan.partSize % (1 << 20) == 0)
        #expect(plan[plan.count - 1].upperBound == 5 << 40)
        #expect(PartPlan(length: 100, wanted: 30)[3] == 90..<100)
        #expect(PartPlan(length: 1 << 30, wanted: 8 << 20).count == 128)
    }

    /// Over TLS S3 would see the body unsigned; here, over plain HTTP, its hash is in the signature.
    @Test func aStreamedBodyIsSignedOverPlainHTTP() async throws {
        let fake = try FakeS3()
        let bytes = Self.bytes(50_000)
        try await S3(fake.client()).upload(MemorySource(bytes), put(), options: options)
        let hash = Hex.encode(try HashFunction.sha256.hash(bytes))
        #expect(fake.requests("PutObject").first?.values("x-amz-content-sha256") == [hash])
    }

    /// Over TLS the checksum in the signed head covers the body; a hash would only cost.
    @Test func aStreamedBodyGoesUnsignedOverTLS() async throws {
        let aws = StubAWS { _, _ in .init("") }
        let bytes = Self.bytes(50_000)
        try await S3(aws.client).upload(MemorySource(bytes), put(), options: options)
        let sent = try #require(aws.requests("PUT /k").first)
        #expect(sent.url == "https://bucket.s3.us-east-1.amazonaws.com/k")
        #expect(sent.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
        #expect(sent.headers["x-amz-checksum-crc64nvme"] == Base64.encode(CRC(.crc64nvme, of: bytes).bytes))
        #expect(sent.headers["Authorization"]?.contains("x-amz-checksum-crc64nvme") == true)
    }

    @Test func aSourceThatChangesIsNeverStored() async throws {
        let fake = try FakeS3()
        for size in [50_000, 500_000] {
            let error = await #expect(throws: AWSError.self) {
                try await S3(fake.client()).upload(ChangingSource(length: Int64(size)), put(), options: options)
            }
            #expect(error?.code == "BadDigest")
        }
        #expect(fake.objects.isEmpty)
        #expect(fake.openUploads == 0)
    }

    // MARK: Uploads that end badly

    @Test func aFailedUploadIsAborted() async throws {
        let fake = try FakeS3()
        fake.script("UploadPart", .unavailable, .unavailable, .unavailable, .unavailable, .unavailable, .unavailable)
        fake.script("UploadPart", .unavailable, .unavailable, .unavailable, .unavailable, .unavailable, .unavailable)
        let error = await #expect(throws: AWSError.self) {
            try await S3(fake.client()).upload(MemorySource(Self.bytes(400_000)), put(), options: options)
        }
        #expect(error?.code == "SlowDown")
        #expect(fake.openUploads == 0)
        #expect(fake.requests("AbortMultipartUpload").count == 1)
        #expect(fake.objects.isEmpty)
    }

    @Test func aCancelledUploadIsAborted() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        let reached = Mutex(false)
        let task = Task {
            try await s3.upload(MemorySource(Self.bytes(3_000_000)), put(), options: options) { _ in
                reached.withLock { $0 = true }
                withUnsafeCurrentTask { _ in }
            }
        }
        try await eventually("a part was sent") { reached.withLock { $0 } }
        task.cancel()
        let result = await task.result
        // It may have been complete already.
        if case .failure(let error) = result {
            #expect(error is CancellationError)
            #expect(fake.requests("AbortMultipartUpload").count == 1)
        }
        #expect(fake.openUploads == 0)
    }

    @Test func anUploadThatCanNotBeAbortedIsNamed() async throws {
        let fake = try FakeS3()
        for _ in 0..<12 { fake.script("UploadPart", .unavailable) }
        fake.script("AbortMultipartUpload", .unavailable, .unavailable, .unavailable)
        let error = await #expect(throws: Failure.self) {
            try await S3(fake.client()).upload(MemorySource(Self.bytes(400_000)), put(), options: options)
        }
        #expect(error?.hint?.contains("--upload-id upload-1") == true)
        let left = try await S3(fake.client()).multipartUploads(bucket: "bucket")
        #expect(left.map(\.uploadId) == ["upload-1"])
        #expect(left.map(\.key) == ["k"])
        try await S3(fake.client()).abortMultipartUpload(bucket: "bucket", key: "k", uploadId: "upload-1")
        #expect(fake.openUploads == 0)
    }

    @Test(arguments: [true, false])
    func aCompletionWhoseAnswerIsLostCounts(conditional: Bool) async throws {
        let fake = try FakeS3()
        var request = put()
        if conditional { request.ifNoneMatch = "*" }
        fake.script("CompleteMultipartUpload", .resetAfter)
        let bytes = Self.bytes(400_000)
        let stored = try await S3(fake.client()).upload(MemorySource(bytes), request, options: options)
        #expect(stored.eTag == fake.objects["/bucket/k"]?.eTag)
        #expect(fake.requests("CompleteMultipartUpload").count == 2)
        #expect(fake.requests("AbortMultipartUpload").isEmpty)
        if conditional {
            let error = await #expect(throws: AWSError.self) {
                try await S3(fake.client()).upload(MemorySource(bytes), request, options: options)
            }
            #expect(error?.httpStatus == 412)
            #expect(fake.openUploads == 0)
        }
    }

    // MARK: Downloads

    @Test func aDownloadCutShortGoesOnWhereItWas() async throws {
        let fake = try FakeS3()
        let bytes = Self.bytes(150_000)
        fake.store("/bucket/k", .init(body: bytes, eTag: "\"v1\""))
        fake.script("GetObject", .truncated, .truncated)
        let sink = TestSink()
        let object = try await S3(fake.client()).download(get(), to: sink, options: options)
        #expect(sink.bytes == bytes)
        #expect(object.verification == .verified)
        let sent = fake.requests("GetObject")
        #expect(sent.map { $0.values("Range").first } == [nil, "bytes=75000-149999", "bytes=112500-149999"])
        #expect(sent.dropFirst().allSatisfy { $0.values("If-Match") == ["\"v1\""] })
    }

    @Test func aLargeRangeComesInPartsToo() async throws {
        let fake = try FakeS3()
        let bytes = Self.bytes(700_000)
        fake.store("/bucket/k", .init(body: bytes, eTag: "\"v1\""))
        fake.script("GetObject", .truncated, .truncated)
        var request = get()
        request.bytes = 50_000..<500_001
        let sink = TestSink()
        let object = try await S3(fake.client()).download(request, to: sink, options: options)
        #expect(sink.bytes == Array(bytes[50_000..<500_001]))
        #expect(object.length == 450_001)
        #expect(object.verification == .range)
    }

    @Test func anUploadWhoseBeginningIsCancelledIsAborted() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        let task = Task {
            // Cancelled before it begins: the upload is begun, known and ended all the same.
            withUnsafeCurrentTask { $0?.cancel() }
            try await s3.upload(MemorySource(Self.bytes(400_000)), put(), options: options)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(fake.openUploads == 0)
        #expect(fake.requests("AbortMultipartUpload").count == fake.requests("CreateMultipartUpload").count)
        #expect(fake.requests("UploadPart").isEmpty)
    }

    @Test func anObjectReplacedWhileItIsReadIsReadAnew() async throws {
        let fake = try FakeS3()
        let old = Self.bytes(150_000, seed: 1)
        let new = Self.bytes(120_000, seed: 2)
        fake.store("/bucket/k", .init(body: old, eTag: "\"v1\""))
        fake.script("GetObject", .truncated)
        let sink = ReplacingSink { fake.store("/bucket/k", .init(body: new, eTag: "\"v2\"")) }
        let object = try await S3(fake.client()).download(get(), to: sink, options: options)
        #expect(sink.inner.bytes == new)
        #expect(object.head.eTag == "\"v2\"")
    }

    /// Does something at the first write.
    private final class ReplacingSink: ByteSink {
        let inner = TestSink()
        private let action: Mutex<(@Sendable () -> Void)?>
        init(_ action: @escaping @Sendable () -> Void) { self.action = Mutex(action) }
        func write(_ bytes: [UInt8], at offset: Int64) {
            inner.write(bytes, at: offset)
            let first = action.withLock { held in
                defer { held = nil }
                return held
            }
            first?()
        }
        func truncate(to length: Int64) { inner.truncate(to: length) }
    }

    @Test func aDownloadThatNeverGetsOnEnds() async throws {
        let fake = try FakeS3(odds: [.truncated: 1])
        fake.store("/bucket/k", .init(body: Self.bytes(150_000), eTag: "\"v1\""))
        let error = await #expect(throws: HTTPError.self) {
            try await S3(fake.client()).download(get(), to: TestSink(), options: options)
        }
        if case .truncatedBody = error {} else { Issue.record("\(String(describing: error))") }
        #expect(fake.requests("GetObject").count < 20)
    }

    // MARK: Copies

    @Test(arguments: [1000, 700_000]) func copiesOfAnySize(size: Int) async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        let bytes = Self.bytes(size)
        var request = put("from me")
        request.metadata = ["m": "v"]
        request.contentType = "text/x"
        try await s3.upload(MemorySource(bytes), request, options: options)
        let copied = try await s3.copy(.init(from: "bucket", "from me", to: "bucket", "to you"), options: options)
        #expect(copied.length == Int64(size))
        #expect(fake.objects["/bucket/to%20you"]?.body == bytes)
        #expect(
            fake.objects["/bucket/to%20you"]?.headers.map { $0.lowercased() }.sorted()
                == ["content-type: text/x", "x-amz-meta-m: v"])
        #expect(fake.requests("UploadPartCopy").count == (size > 300_000 ? 5 : 0))
        #expect(fake.openUploads == 0)
    }

    // MARK: Everything at once

    /// Whatever goes wrong on the way: what is said to be stored is stored, what is read is what was stored.
    @Test(arguments: 1...12) func nothingWrongIsEverAccepted(seed: UInt64) async throws {
        let odds: [FakeS3.Fault: Double] = [
            .resetBefore: 0.03, .resetAfter: 0.03, .unavailable: 0.03, .truncated: 0.05, .flippedAnswer: 0.03,
            .flippedRequest: 0.03,
        ]
        let fake = try FakeS3(seed: seed, odds: odds)
        let s3 = S3(fake.client(attempts: 5))
        var generator = SeededGenerator(seed: seed)
        var succeeded = 0
        let rounds = 30
        for round in 0..<rounds {
            let size = Int.random(in: 0..<(round % 3 == 0 ? 600_000 : 30_000), using: &generator)
            let bytes = Self.bytes(size, seed: seed &* 1000 &+ UInt64(round))
            do {
                try await s3.upload(MemorySource(bytes), put("k\(round)"), options: options)
                #expect(fake.objects["/bucket/k\(round)"]?.body == bytes)
                let sink = TestSink()
                _ = try await s3.download(get("k\(round)"), to: sink, options: options)
                #expect(sink.bytes == bytes)
                succeeded += 1
            } catch is AWSError {
            } catch is AWSNoAnswer {
            } catch is AlteredObject {
            } catch is HTTPError {
            } catch let failure as Failure where failure.hint?.contains("--upload-id") == true {
            }
        }
        #expect(fake.faults > 0)
        #expect(succeeded >= rounds - 3)
    }

    // MARK: Files

    @Test func filesAreReadAndWrittenAtAnyPlace() async throws {
        let fake = try FakeS3()
        let s3 = S3(fake.client())
        let folder = try TemporaryFolder()
        let bytes = Self.bytes(700_000)
        let sink = try FileSink(path: folder.path("in"))
        try sink.write(Array(bytes[300_000...]), at: 300_000)
        try sink.write(Array(bytes[..<300_000]), at: 0)
        try await s3.upload(try FileSource(path: folder.path("in")), put(), options: options)
        #expect(fake.objects["/bucket/k"]?.body == bytes)
        let out = try FileSink(path: folder.path("out"))
        _ = try await s3.download(get(), to: out, options: options)
        #expect(try LocalFileSystem().read(folder.path("out"), limit: 1 << 20) == bytes)
        try sink.truncate(to: 10)
        #expect(throws: Failure.self) { try FileSource(path: folder.path("none")) }
        #expect(throws: Failure.self) { try FileSource(path: folder.path(".")) }
        let source = try FileSource(path: folder.path("in"))
        #expect(source.length == 10)
        try sink.truncate(to: 5)
        #expect(throws: Failure.self) { try source.read(at: 0, count: 10) }
    }

    /// Bytes are told as they go out, and what goes again is counted once.
    @Test(arguments: [150_000, 650_000]) func progressIsTheSumOfWhatWentOut(_ count: Int) async throws {
        let fake = try FakeS3()
        let bytes = Self.bytes(count)
        fake.script(count > 200_000 ? "UploadPart" : "PutObject", .resetBefore)
        let told = Mutex<[Int64]>([])
        try await S3(fake.client()).upload(MemorySource(bytes), put(), options: options) { step in
            told.withLock { $0.append(step) }
        }
        let steps = told.withLock { $0 }
        #expect(steps.reduce(0, +) == Int64(count))
        #expect(steps.count > (count > 200_000 ? 7 : 1) && steps.contains { $0 < 0 })
    }
}
