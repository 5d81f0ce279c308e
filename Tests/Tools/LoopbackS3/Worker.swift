import CEpoll
import Glibc

/// A thread that serves connections.
///
/// Everything in it is its thread's own, but for `adopt`, which others may call.
final class Worker: @unchecked Sendable {
    let options: Options
    let service: S3Service
    let statistics: Statistics
    let faults: FaultSource?
    let epoll: CInt
    /// Where bytes are received.
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    /// The head of the answer that is being made.
    var head: [UInt8] = []
    private let requestLog: RequestLog?
    private var dateLines: [UInt8] = []
    private var dateOf = Moment(seconds: 0)
    private var delayed: [(due: Int, connection: Connection)] = []
    /// Closed within the round of events that is being handled, which may still name them.
    private var closed: [Connection] = []

    init(_ options: Options, _ service: S3Service, _ faults: FaultSource?, _ log: RequestLog?) {
        self.options = options
        self.service = service
        self.faults = faults
        statistics = service.statistics
        requestLog = log
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        head.reserveCapacity(80 << 10)
    }

    /// Serves a connection from now on.
    func adopt(_ descriptor: CInt) {
        let connection = Unmanaged.passRetained(Connection(descriptor, self))
        if epoll_set(epoll, epoll_op_add, descriptor, epoll_readable, connection.toOpaque()) != 0 {
            connection.release()
            close(descriptor)
        }
    }

    /// Never returns.
    func run() -> Never {
        var owners = [UnsafeMutableRawPointer?](repeating: nil, count: 64)
        var events = [UInt32](repeating: 0, count: 64)
        while true {
            requestLog?.flush(self.lines)
            lines.removeAll(keepingCapacity: true)
            let count = epoll_next(epoll, &owners, &events, timeout)
            for index in 0..<max(0, Int(count)) {
                guard let owner = owners[index] else { continue }
                Unmanaged<Connection>.fromOpaque(owner).takeUnretainedValue().handle(events[index])
            }
            answerDelayed()
            for connection in closed { Unmanaged.passUnretained(connection).release() }
            closed.removeAll(keepingCapacity: true)
        }
    }

    func forget(_ connection: Connection) { closed.append(connection) }

    // MARK: Answers

    /// Makes the head of an answer in `head`.
    func writeHead(_ answer: Answer, length: Int, closes: Bool) {
        let now = Moment.now
        if now != dateOf {
            dateOf = now
            dateLines = Array(
                "Date: \(now.http)\r\nServer: loopback-s3\r\nx-amz-request-id: LOOPBACK\(now.seconds)\r\n".utf8)
        }
        head.removeAll(keepingCapacity: true)
        if answer.status == 200 {
            head.add("HTTP/1.1 200 OK\r\n")
        } else {
            head.add("HTTP/1.1 \(answer.status) \(Answer.reason(answer.status))\r\n")
        }
        head.append(contentsOf: dateLines)
        head.append(contentsOf: answer.headers)
        if closes { head.add("Connection: close\r\n") }
        if answer.status != 204 && answer.status != 304 {
            head.add("Content-Length: ")
            head.add(length)
            head.add("\r\n")
        }
        head.add("\r\n")
    }

    // MARK: Latency

    private static var milliseconds: Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }

    /// Has a connection answer when the latency is over.
    func delay(_ connection: Connection) { delayed.append((Self.milliseconds + options.latency, connection)) }

    private var timeout: CInt {
        guard let first = delayed.first else { return -1 }
        return CInt(max(0, first.due - Self.milliseconds))
    }

    private func answerDelayed() {
        guard !delayed.isEmpty else { return }
        let now = Self.milliseconds
        let due = delayed.prefix { $0.due <= now }
        delayed.removeFirst(due.count)
        for entry in due { entry.connection.answer() }
    }

    // MARK: The log

    private var lines: [UInt8] = []

    func log(_ head: RequestHead, _ status: Int, _ length: Int, _ fault: Fault?) {
        guard requestLog != nil else { return }
        lines.add("\(Self.milliseconds) ")
        lines.append(contentsOf: head.line)
        lines.add(" \(status) \(length) \(fault?.rawValue ?? "-")\n")
    }
}

/// A file that gets a line for each request: milliseconds of the machine's monotonic clock, method and target, status
/// (0 for none), bytes of the answer's body, fault.
final class RequestLog: Sendable {
    private let descriptor: CInt

    /// `nil` when the file can't be made.
    init?(_ path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
        if descriptor < 0 { return nil }
    }

    /// Whole lines, which those of other threads don't get into.
    func flush(_ lines: [UInt8]) {
        guard !lines.isEmpty else { return }
        _ = lines.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}
