internal import Commands
internal import Dispatch
internal import Glibc

/// SIGINT and SIGTERM: the first cancels the work, a second ends the process at once.
struct Signals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter cancel: called at the first signal, on a queue of Dispatch.
    static func watch(_ interruption: Interruption, cancel: @escaping @Sendable () -> Void) -> Signals {
        let queue = DispatchQueue(label: "fgctl.signals")
        let sources = [SIGINT, SIGTERM].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { @Sendable in
                if interruption.note(number) { cancel() } else { exitNow(128 + number) }
            }
            source.resume()
            return source
        }
        return Signals(sources: sources)
    }

    func end() { for source in sources { source.cancel() } }
}

/// Ends the process without running anything further: all output is written whole lines at a time and unbuffered.
func exitNow(_ code: Int32) -> Never { _exit(code) }
