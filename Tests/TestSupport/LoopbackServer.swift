internal import Glibc
internal import Synchronization

/// An HTTP server on 127.0.0.1 whose every connection follows a script: the wire as tests need it, faults included.
///
/// Each connection has a thread, so scripts may block. It stops, and breaks what is still open, with `stop()` or when the
/// last reference goes.
package final class LoopbackServer: Sendable {
    /// What happens on one connection. Returning closes it; `LoopbackError.closed` thrown out of it is the normal way to
    /// notice that the client has left.
    package typealias Script = @Sendable (LoopbackConnection) throws -> Void

    /// What connections record, and what stopping needs.
    final class Ledger: Sendable {
        struct State {
            var requests: [RecordedRequest] = []
            var faults: [String] = []
            var open: [Int: CInt] = [:]
            var accepted = 0
            var isStopped = false
        }
        let state = Mutex(State())
    }

    /// The port it listens on.
    package let port: UInt16
    private let ledger = Ledger()
    private let listener: CInt

    package init(_ script: @escaping Script) throws {
        let (descriptor, port) = try Self.bound()
        guard listen(descriptor, 1024) == 0 else {
            let code = errno
            close(descriptor)
            throw LoopbackError.system("listen", code)
        }
        listener = descriptor
        self.port = port
        let ledger = ledger
        try inThread { Self.accept(descriptor, ledger, script) }
    }

    /// A socket at a port of 127.0.0.1 that nobody else gets; nobody listens there yet.
    static func bound() throws -> (descriptor: CInt, port: UInt16) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LoopbackError.system("socket", errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else {
            let code = errno
            close(descriptor)
            throw LoopbackError.system("bind", code)
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    /// A well-behaved server: answers every request, keeps connections open.
    package convenience init(answering answer: @escaping @Sendable (RecordedRequest) -> LoopbackAnswer) throws {
        try self.init { connection in
            while let request = try connection.readRequest() { try connection.send(answer(request)) }
        }
    }

    deinit { stop() }

    /// `http://127.0.0.1:PORT` and the path, which starts with a slash.
    package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Every request read so far, over all connections.
    package var requests: [RecordedRequest] { ledger.state.withLock { $0.requests } }
    /// Connections accepted so far.
    package var connectionCount: Int { ledger.state.withLock { $0.accepted } }
    /// Connections whose script still runs.
    package var openConnections: Int { ledger.state.withLock { $0.open.count } }
    /// What scripts threw, other than that the client left.
    package var faults: [String] { ledger.state.withLock { $0.faults } }

    /// Stops listening and breaks all connections.
    package func stop() {
        ledger.state.withLock { state in
            if state.isStopped { return }
            state.isStopped = true
            // Wakes the threads that block on them; they close them.
            shutdown(listener, CInt(SHUT_RDWR))
            for descriptor in state.open.values { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    private static func accept(_ listener: CInt, _ ledger: Ledger, _ script: @escaping Script) {
        defer {
            // Under the lock, so that stopping never touches a number that was given to somebody else.
            ledger.state.withLock { state in
                state.isStopped = true
                _ = close(listener)
            }
        }
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            if descriptor < 0 {
                let code = errno
                if code == EINTR || code == ECONNABORTED { continue }
                ledger.state.withLock { state in
                    if !state.isStopped { state.faults.append("accept: error \(code)") }
                }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let index = ledger.state.withLock { state -> Int? in
                if state.isStopped { return nil }
                state.accepted += 1
                state.open[state.accepted - 1] = descriptor
                return state.accepted - 1
            }
            guard let index else {
                close(descriptor)
                return
            }
            do {
                try inThread { serve(LoopbackConnection(descriptor, index: index, ledger: ledger), script) }
            } catch {
                ledger.state.withLock { $0.faults.append("\(error)") }
                close(descriptor)
            }
        }
    }

    private static func serve(_ connection: LoopbackConnection, _ script: Script) {
        do { try script(connection) } catch LoopbackError.closed {
            // The client left: scripts that loop end this way.
        } catch {
            connection.ledger.state.withLock { $0.faults.append("\(error)") }
        }
        connection.close()
    }
}

/// Why a script could not go on.
package enum LoopbackError: Error {
    /// The client closed or broke the connection.
    case closed
    /// The client sent nothing for five minutes.
    case timedOut
    /// The client's request can't be read.
    case malformed(String)
    /// A system call failed.
    case system(String, CInt)
}

/// Runs blocking work in a detached thread of its own, away from the pool that runs tests.
package func inThread(_ work: @escaping @Sendable () -> Void) throws {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 512 << 10)
    let box = Unmanaged.passRetained(ThreadWork(work))
    var thread = pthread_t()
    let code = pthread_create(&thread, &attributes, runThreadWork, box.toOpaque())
    if code != 0 {
        box.release()
        throw LoopbackError.system("pthread_create", code)
    }
}

private final class ThreadWork: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
}

private func runThreadWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().work() }
    return nil
}
