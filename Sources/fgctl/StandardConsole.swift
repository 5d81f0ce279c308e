internal import Commands
internal import Glibc
internal import Synchronization

/// The console of this process: whole lines, written at once to the file descriptors, never torn between threads.
enum StandardConsole {
    static func make() -> Console {
        let lock = Mutex<Void>(())
        let ask: @Sendable (String) async throws -> String? = { question in
            lock.withLock { _ in write(Array(question.utf8), to: STDERR_FILENO) }
            return try await answer()
        }
        let hasPerson = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        return Console(
            out: { line in lock.withLock { _ in write(line, to: STDOUT_FILENO) } },
            err: { line in lock.withLock { _ in write(line, to: STDERR_FILENO) } },
            ask: hasPerson ? ask : nil)
    }

    /// A line of standard input, without its end; `nil` at the end of input. Ends when the task is cancelled.
    private static func answer() async throws -> String? {
        var line: [UInt8] = []
        while true {
            var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 0) > 0 else {
                try await Task.sleep(for: .milliseconds(30))
                continue
            }
            var byte: UInt8 = 0
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count == 0 || byte == UInt8(ascii: "\n") {
                return count == 0 && line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
            }
            if count > 0 { line.append(byte) } else if errno != EINTR, errno != EAGAIN { return nil }
        }
    }

    /// Writes all of a line. A reader that went away ends the process by SIGPIPE, as in any pipeline.
    private static func write(_ line: String, to descriptor: Int32) {
        write(Array((line + "\n").utf8), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
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
