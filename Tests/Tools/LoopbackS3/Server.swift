import Glibc

/// Accepts connections and deals them out to workers in turn.
struct Server: Sendable {
    struct Unable: Error { let message: String }

    let port: UInt16
    private let listener: CInt
    private let workers: [Worker]

    init(_ options: Options) throws(Unable) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard BodyFile(in: options.folder) != nil else {
            throw Unable(
                message: "can't make nameless files in \(options.folder): choose another --folder, best a tmpfs")
        }
        let log = options.log.map { RequestLog($0) }
        if case .some(.none) = log { throw Unable(message: "can't write the log \(options.log ?? "")") }
        let store = Store()
        for bucket in options.buckets { store.createBucket(bucket) }
        let faults = options.seed.map { FaultSource(seed: $0, odds: options.odds, kinds: options.kinds) }
        let service = S3Service(store: store, statistics: Statistics(faults: faults))
        workers = (0..<options.threads).map { _ in Worker(options, service, faults, log ?? nil) }
        (listener, port) = try Self.listen(options.port)
    }

    /// Never returns.
    func run() -> Never {
        for worker in workers { Thread.start { worker.run() } }
        var next = 0
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                // Out of descriptors, most likely: those that are open go on.
                if errno != EINTR && errno != ECONNABORTED { usleep(1000) }
                continue
            }
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            var yes: CInt = 1
            setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
            workers[next].adopt(descriptor)
            next = (next + 1) % workers.count
        }
    }

    private static func listen(_ port: UInt16) throws(Unable) -> (CInt, UInt16) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var yes: CInt = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        var address = Loopback.address(port)
        guard Loopback.with(&address, { bind(listener, $0, $1) }) == 0, Glibc.listen(listener, 1024) == 0 else {
            throw Unable(message: "can't listen on 127.0.0.1:\(port): \(String(cString: strerror(errno)))")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = Loopback.with(&address) { address, _ in
            getsockname(listener, UnsafeMutablePointer(mutating: address), &length)
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }
}

enum Loopback {
    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    static func with(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

enum Thread {
    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
    }
}
