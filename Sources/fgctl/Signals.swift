internal import Commands
internal import Dispatch
internal import Glibc

/// SIGINT and SIGTERM: the first cancels the work, a second ends the process at once.
struct Signals {
    private static let numbers = [SIGINT, SIGTERM]
    private let sources: [any DispatchSourceSignal]

    /// Blocks them in this thread and in those that it starts from now on, so that none is lost to a thread that ends, or ends
    /// the process, before `watch` takes them. Programs that are run start with an empty mask (`RealProcessRunner`).
    static func hold() {
        var held = sigset_t()
        sigemptyset(&held)
        for number in numbers { sigaddset(&held, number) }
        pthread_sigmask(SIG_BLOCK, &held, nil)
    }

    /// - Parameter cancel: called at the first signal, on a queue of Dispatch.
    static func watch(_ interruption: Interruption, cancel: @escaping @Sendable () -> Void) -> Signals {
        let queue = DispatchQueue(label: "fgctl.signals")
        let sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { @Sendable in
                if interruption.note(number) { cancel() } else { leave(128 + number) }
            }
            source.resume()
            return source
        }
        return Signals(sources: sources)
    }

    func end() { for source in sources { source.cancel() } }
}

/// Ends the process at once, with a line about it where that can be written without waiting: neither for the console's lock
/// nor for a reader.
private func leave(_ code: Int32) -> Never {
    let line = Array("fgctl: interrupted again: left at once; what AWS was asked to do goes on\n".utf8)
    var standardError = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    if poll(&standardError, 1, 0) == 1, standardError.revents & Int16(POLLOUT) != 0 {
        _ = write(STDERR_FILENO, line, line.count)
    }
    exitNow(code)
}

/// Ends the process without running anything further: all output is written whole lines at a time and unbuffered.
func exitNow(_ code: Int32) -> Never { _exit(code) }
