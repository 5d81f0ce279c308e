internal import Commands
internal import Glibc
internal import Synchronization

/// The console of this process: whole lines, written at once to the file descriptors, never torn between threads.
enum StandardConsole {
    static func make() -> Console {
        let lock = Mutex<Void>(())
        return Console(
            out: { line in lock.withLock { _ in write(line, to: STDOUT_FILENO) } },
            err: { line in lock.withLock { _ in write(line, to: STDERR_FILENO) } })
    }

    /// Writes all of a line. A reader that went away ends the process by SIGPIPE, as in any pipeline.
    private static func write(_ line: String, to descriptor: Int32) {
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            } else if errno != EINTR {
                // Nobody can be told: standard error itself may be what is closed.
                return
            }
        }
    }
}
