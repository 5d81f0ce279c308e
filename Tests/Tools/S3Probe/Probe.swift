import AWS
import AWSServices
import FoundationEssentials
import HTTP
import Support

/// Drives the S3 layer from tests and benchmarks of other languages. Credentials and endpoint come from the environment;
/// results go to standard output as JSON, errors to standard error with exit code 1.
@main
struct Probe {
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        do {
            try await Probe().run(words)
        } catch {
            fputLine("\(error)")
            exitNow(1)
        }
        exitNow(0)
    }

    private let client: AWSClient
    let s3: S3
    private let options: TransferOptions
    private let environment = ProcessInfo.processInfo.environment

    private init() {
        let environment = ProcessInfo.processInfo.environment
        let layer = SettingLayer(
            name: "environment", values: environment.mapValues { .init(value: $0, origin: "environment") })
        var http = HTTPConfiguration()
        http.caBundle = environment["AWS_CA_BUNDLE"]
        client = AWSClient(
            settings: AWSSettings(layers: [layer], home: nil) { _ in nil }, transport: CurlTransport(http))
        s3 = S3(client)
        var options = TransferOptions()
        func number(_ name: String) -> Int64? { environment[name].flatMap { Int64($0) } }
        options.multipartThreshold = number("PROBE_THRESHOLD") ?? options.multipartThreshold
        options.partSize = number("PROBE_PART") ?? options.partSize
        options.copyThreshold = number("PROBE_COPY_THRESHOLD") ?? options.copyThreshold
        options.copyPartSize = number("PROBE_COPY_PART") ?? options.copyPartSize
        options.concurrency = number("PROBE_CONCURRENCY").map { Int($0) } ?? options.concurrency
        self.options = options
    }

    private func run(_ words: [String]) async throws {
        func word(_ index: Int) throws -> String {
            guard index < words.count else { throw Failure(.usage, "\(words.first ?? "no command"): too few words") }
            return words[index]
        }
        switch try word(0) {
        case "put":
            var request = S3.PutObjectRequest(bucket: try word(1), key: try word(2))
            request.ifNoneMatch = environment["PROBE_IF_NONE_MATCH"]
            request.ifMatch = environment["PROBE_IF_MATCH"]
            request.expectedBucketOwner = environment["PROBE_OWNER"]
            request.contentType = environment["PROBE_CONTENT_TYPE"]
            try write(try await s3.upload(try FileSource(path: try word(3)), request, options: options))
        case "get":
            var request = S3.GetObjectRequest(bucket: try word(1), key: try word(2))
            request.expectedBucketOwner = environment["PROBE_OWNER"]
            if words.count > 5, let from = Int64(words[4]), let to = Int64(words[5]) { request.bytes = from..<to }
            let object = try await s3.download(request, to: try FileSink(path: try word(3)), options: options)
            try write(["verification": "\(object.verification)", "length": "\(object.length)"])
        case "head": try write(try await s3.headObject(.init(bucket: try word(1), key: try word(2))))
        case "list":
            var request = S3.ListObjectsV2Request(bucket: try word(1), prefix: words.count > 2 ? words[2] : nil)
            request.maxKeys = environment["PROBE_MAX_KEYS"].flatMap { Int($0) }
            var keys: [String] = []
            for try await page in s3.listObjectsV2(request) { keys += page.contents?.map(\.key) ?? [] }
            try write(keys)
        case "delete":
            let failed = try await s3.deleteObjects(bucket: try word(1), keys: Array(words.dropFirst(2)))
            try write(failed)
        case "copy":
            let copy = S3.CopyRequest(from: try word(1), try word(2), to: try word(3), try word(4))
            try write(["length": "\(try await s3.copy(copy, options: options).length)"])
        case "uploads": try write(try await s3.multipartUploads(bucket: try word(1)).map(\.key))
        case "flat-push": try await flatPush(try word(1), to: try word(2), Array(words.dropFirst(3)))
        case "flat-pull": try await flatPull(to: try word(1), Array(words.dropFirst(2)))
        case "bench-crc": benchmarkChecksums()
        case "bench-put": try await benchmarkPuts(bucket: try word(1), count: Int(try word(2)) ?? 0)
        case "bench-get": try await benchmarkGets(bucket: try word(1), count: Int(try word(2)) ?? 0)
        default: throw Failure(.usage, "no such command: \(words[0])")
        }
    }

    private func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
