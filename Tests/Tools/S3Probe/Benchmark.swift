import AWSServices
import Crypto
@preconcurrency import Glibc

extension Probe {
    func benchmarkChecksums() {
        let bytes = [UInt8](repeating: 0x5a, count: 256 << 10)
        for kind in CRC.Kind.allCases {
            var crc = CRC(kind)
            let clock = ContinuousClock()
            let time = clock.measure { for _ in 0..<4096 { crc.update(bytes) } }
            print("\(kind): \(Self.rounded(Double(bytes.count) * 4096 / 1e9 / (time / .seconds(1)))) GB/s")
        }
    }

    func benchmarkPuts(bucket: String, count: Int) async throws {
        let body = [UInt8](repeating: 0x61, count: 4096)
        let s3 = s3
        try await measure("put", count) { index in
            try await s3.putObject(.init(bucket: bucket, key: "bench/file-\(index)", body: body))
        }
    }

    func benchmarkGets(bucket: String, count: Int) async throws {
        let s3 = s3
        try await measure("get", count) { index in
            let object = try await s3.getObject(.init(bucket: bucket, key: "bench/file-\(index)"))
            if object.object.verification != .verified { fputLine("not verified") }
        }
    }

    private func measure(
        _ what: String, _ count: Int, _ work: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let start = Self.cpu()
        let clock = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<64 {
                group.addTask { for index in stride(from: worker, to: count, by: 64) { try await work(index) } }
            }
            try await group.waitForAll()
        }
        let wall = (ContinuousClock.now - clock) / .microseconds(1)
        let cpu = Self.cpu() - start
        print(
            "\(what): \(Self.rounded(wall / Double(count))) µs wall, \(Self.rounded(cpu / Double(count))) µs CPU each; "
                + "peak \(Self.peak()) KiB")
    }

    /// What this process has used so far.
    func measureSelf() { print("CPU \(Self.rounded(Self.cpu() / 1e3)) ms, peak \(Self.peak()) KiB") }

    /// Of this process, in microseconds.
    private static func cpu() -> Double {
        var usage = rusage()
        getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }

    private static func peak() -> Int {
        var usage = rusage()
        getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }

    private static func rounded(_ value: Double) -> String { "\(Double(Int(value * 10)) / 10)" }
}

func fputLine(_ text: String) { fputs(text + "\n", stderr) }

/// Without the exit handlers, which OpenSSL would use under the transport's thread.
func exitNow(_ code: CInt) -> Never {
    fflush(stdout)
    _exit(code)
}
