import AWSServices
import FoundationEssentials
import Glibc
import HTTP
import Support
import Synchronization
import Tasks
import TestSupport
import Testing

struct RunStoreTests {
    private func record(_ command: String = "job") -> RunRecord {
        var request = ECS.RunTaskRequest(taskDefinition: "arn:td:3", clientToken: "t")
        request.startedBy = "fgctl/t"
        return RunRecord(
            id: "r", stack: "s", region: "us-east-1", account: "1", asked: ["--command": command], request: request,
            sentAt: Date(timeIntervalSince1970: 1_800_000_000))
    }

    @Test func aFolderKeepsRecordsForTheUserAlone() async throws {
        var template = Array("/tmp/fgctl-runs-XXXXXX".utf8CString)
        let folder = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        let base = try #require(folder)
        defer {
            unlink("\(base)/runs/r.json")
            rmdir("\(base)/runs")
            rmdir(base)
        }
        let store = FolderRunStore(folder: base + "/runs")
        #expect(try await store.read("r") == nil)
        #expect(try await store.create(record()) != nil)
        #expect(try await store.create(record("other")) == nil)
        let stored = try #require(try await store.read("r"))
        #expect(stored.record.asked == ["--command": "job"])
        #expect(stored.record.request.clientToken == "t")
        #expect(try await store.replace(record("new"), over: stored.mark) != nil)
        #expect(try await store.replace(record("late"), over: stored.mark) == nil)
        #expect(try await store.read("r")?.record.asked == ["--command": "new"])
        var info = stat()
        #expect(stat(store.place(of: "r"), &info) == 0)
        #expect(info.st_mode & 0o777 == 0o600)
        #expect(LocalFileSystem().names(in: base + "/runs") == ["r.json"])
    }

    /// S3 as it behaves with conditions.
    private final class Bucket: Sendable {
        struct State {
            var objects: [String: (body: String, version: Int)] = [:]
            var losesAnswer = false
        }
        let state = Mutex(State())

        func answer(_ request: HTTPRequest) throws -> StubAWS.Answer {
            let key = String(
                request.url.split(separator: "?")[0].split(separator: "/").dropFirst(2).joined(separator: "/"))
            return try state.withLock { state in
                switch request.method {
                case "PUT":
                    let held = state.objects[key]
                    if request.headers["If-None-Match"] == "*", held != nil { return .init("", status: 412) }
                    if let mark = request.headers["If-Match"], mark != held.map({ "\"\($0.version)\"" }) {
                        return .init("", status: 412)
                    }
                    state.objects[key] = (request.bodyText, (held?.version ?? 0) + 1)
                    if state.losesAnswer {
                        state.losesAnswer = false
                        throw HTTPError.connectionLost(reason: "reset")
                    }
                    return .init("")
                case "GET" where request.url.contains("list-type=2"):
                    let keys = state.objects.keys.map { path in
                        "<Contents><Key>\(path.split(separator: "/").suffix(3).joined(separator: "/"))</Key></Contents>"
                    }
                    return .init("<ListBucketResult>\(keys.joined())</ListBucketResult>")
                case "HEAD": return .init("", status: state.objects[key] == nil ? 404 : 200)
                default:
                    guard let held = state.objects[key] else { return .init("", status: 404) }
                    return .init(held.body)
                }
            }
        }
    }

    @Test func aBucketTakesTheFirstOfTwo() async throws {
        let bucket = Bucket()
        let aws = StubAWS { _, request in try bucket.answer(request) }
        let store = S3RunStore(aws.client, bucket: "bucket", stack: "s", account: "123456789012")
        #expect(store.place(of: "r") == "s3://bucket/s/runs/r.json")
        #expect(try await store.read("r") == nil)
        bucket.state.withLock { $0.losesAnswer = true }
        // The answer is lost, the retry meets the work of the first attempt: it is our own.
        #expect(try await store.create(record()) != nil)
        #expect(try await store.create(record("other")) == nil)
        #expect(try await store.read("r")?.record.asked == ["--command": "job"])
        #expect(try await store.replace(record("new"), over: "\"9\"") == nil)
        #expect(try await store.replace(record("new"), over: "\"1\"") != nil)
        #expect(try await store.read("r")?.record.asked == ["--command": "new"])
    }
}
