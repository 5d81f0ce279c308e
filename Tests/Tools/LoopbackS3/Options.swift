import Glibc

/// What the server was asked to do.
struct Options: Sendable {
    struct Usage: Error { let message: String }

    static let help = """
        loopback-s3: an S3 for tests and benchmarks, on 127.0.0.1, without signatures or permissions. Prints its port.

        usage: loopback-s3 [--port N] [--bucket NAME]... [--threads N] [--folder DIR] [--log FILE] [--latency MS]
                           [--hash-limit BYTES] [--faults SEED --odds P [--kinds KIND,...]]
               loopback-s3 load --port N [--requests N] [--connections N] [--size BYTES]

          --port N            0, the default: any free one
          --bucket NAME       a bucket that is there from the start; others by CreateBucket
          --threads N         that serve (default 2)
          --folder DIR        where bodies above 1 MiB lie (default /dev/shm); nothing is left there
          --log FILE          a line for each request: milliseconds, request line, status, bytes, fault
          --latency MS        each answer comes so much later
          --hash-limit BYTES  bodies above are checked by CRC-64 only (default: none)
          --faults SEED       each exchange meets faults, at random from this seed; not those that send
                              'x-loopback-faults: none'
          --odds P            of each kind of fault (default 0.05)
          --kinds KIND,...    of \(Fault.allCases.map { $0.rawValue }.joined(separator: ", ")) (default: all)

        load measures a running server: that many PUTs, then GETs, of SIZE bytes over so many connections.
        """

    var port: UInt16 = 0
    var buckets: [String] = []
    var threads = 2
    /// Where bodies above `IncomingBody.memoryLimit` lie.
    var folder = "/dev/shm"
    var log: String?
    var latency: Int = 0
    var hashLimit = Int.max
    var seed: UInt64?
    var odds = 0.05
    var kinds = Set(Fault.allCases)
    // Of `load`.
    var requests = 50_000
    var connections = 16
    var size = 4096

    init(_ words: [String]) throws(Usage) {
        var words = words[...]
        while let name = words.popFirst() {
            guard let value = words.popFirst() else { throw Usage(message: "\(name) needs a value") }
            switch name {
            case "--port": port = try Self.number(name, value)
            case "--bucket": buckets.append(value)
            case "--threads": threads = try Self.number(name, value)
            case "--folder": folder = value
            case "--log": log = value
            case "--latency": latency = try Self.number(name, value)
            case "--hash-limit": hashLimit = try Self.number(name, value)
            case "--faults": seed = try Self.number(name, value)
            case "--odds":
                guard let number = Double(value), (0...1).contains(number) else {
                    throw Usage(message: "--odds takes a number from 0 to 1, not \(value)")
                }
                odds = number
            case "--kinds": kinds = try Self.kinds(value)
            case "--requests": requests = try Self.number(name, value)
            case "--connections": connections = try Self.number(name, value)
            case "--size": size = try Self.number(name, value)
            default: throw Usage(message: "no such option: \(name)")
            }
        }
        guard (1...64).contains(threads) else { throw Usage(message: "--threads takes 1 to 64, not \(threads)") }
    }

    private static func number<Number: FixedWidthInteger>(_ name: String, _ text: String) throws(Usage) -> Number {
        guard let number = Number(text), number >= 0 else {
            throw Usage(message: "\(name) takes a number, not \(text)")
        }
        return number
    }

    private static func kinds(_ text: String) throws(Usage) -> Set<Fault> {
        var kinds = Set<Fault>()
        for word in text.split(separator: ",") {
            guard let kind = Fault(rawValue: String(word)) else { throw Usage(message: "no such fault: \(word)") }
            kinds.insert(kind)
        }
        return kinds
    }
}
