internal import Commands
internal import Glibc

/// SIGINT and SIGTERM: the first cancels the work, a second ends the process at once.
///
/// The main thread waits for them with all threads blocking them. A source of Dispatch would take them by a handler that its
/// own thread installs some time after the work began, while `dispatchMain` leaves them unblocked: one that comes with the
/// first request would end the process by its default action.
struct Signals {
    private var numbers = sigset_t()

    /// Blocks them in this thread and in those that it starts from now on; one that comes before `take` waits. Programs that are
    /// run start with an empty mask (`RealProcessRunner`).
    static func hold() -> Signals {
        var signals = Signals()
        sigemptyset(&signals.numbers)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals.numbers, number) }
        pthread_sigmask(SIG_BLOCK, &signals.numbers, nil)
        return signals
    }

    /// Takes one after another until the process ends.
    ///
    /// - Parameter cancel: called at the first signal.
    func take(_ interruption: Interruption, cancel: () -> Void) -> Never {
        var numbers = numbers
        var number: CInt = 0
        while true {
            guard sigwait(&numbers, &number) == 0 else { continue }
            if interruption.note(number) { cancel() } else { leave(128 + number) }
        }
    }
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
