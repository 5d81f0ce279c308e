internal import CCurl
internal import Glibc
internal import Synchronization

/// The way from any thread to the one thread that owns libcurl's handles: a queue of commands and a wake-up.
final class CurlLoop: Sendable {
    /// What the owner thread is asked to do.
    enum Command {
        case start(Transfer)
        /// One of its buffers has room or bytes again.
        case resume(Transfer)
        case stop(Transfer)
    }

    /// How far the end has come.
    enum Closing: Int, Comparable {
        case open
        /// No new transfers; the thread ends with the last one.
        case whenIdle
        /// Running transfers are ended.
        case now
        /// The thread has gone.
        case ended

        static func < (left: Closing, right: Closing) -> Bool { left.rawValue < right.rawValue }
    }

    /// The multi handle for `curl_multi_wakeup` alone.
    ///
    /// `@unchecked`: that is the one call on it that is documented as safe from any thread, and it is made under the
    /// lock that also guards its removal before the handle is freed.
    private struct WakeUp: @unchecked Sendable {
        let multi: UnsafeMutableRawPointer
    }

    private struct State {
        var closing = Closing.open
        var hasThread = false
        var commands: [Command] = []
        var wakeUp: WakeUp?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let configuration: HTTPConfiguration
    let census: HandleCensus
    private let state = Mutex(State())

    init(_ configuration: HTTPConfiguration, census: HandleCensus) {
        self.configuration = configuration
        self.census = census
    }

    // MARK: From any thread

    /// Queues a transfer, starting the owner thread with the first one.
    func start(_ transfer: Transfer) throws(HTTPError) {
        guard libcurlStarted == CURLE_OK else {
            throw .invalidRequest(
                reason: "libcurl does not start: \(String(cString: curl_easy_strerror(libcurlStarted)))")
        }
        let failure = state.withLock { state -> HTTPError? in
            if state.closing > .open { return .invalidRequest(reason: "the transport is shut down") }
            if !state.hasThread {
                let code = startThread()
                if code != 0 {
                    return .invalidRequest(reason: "no thread for transfers: \(String(cString: strerror(code)))")
                }
                state.hasThread = true
            }
            Self.enqueue(.start(transfer), &state)
            return nil
        }
        if let failure { throw failure }
    }

    func resume(_ transfer: Transfer) { state.withLock { Self.enqueue(.resume(transfer), &$0) } }

    func stop(_ transfer: Transfer) { state.withLock { Self.enqueue(.stop(transfer), &$0) } }

    /// Takes no more transfers, and lets the thread end when idle or now.
    func close(_ how: Closing) {
        state.withLock { state in
            guard how > state.closing else { return }
            state.closing = state.hasThread ? how : .ended
            Self.wake(state)
        }
    }

    /// Waits until the thread has given back all handles.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isEnded = state.withLock { state in
                if state.closing != .ended { state.waiters.append(continuation) }
                return state.closing == .ended
            }
            if isEnded { continuation.resume() }
        }
    }

    /// One wake-up serves all commands up to the next time the thread looks.
    private static func enqueue(_ command: Command, _ state: inout State) {
        guard state.closing != .ended else { return }
        state.commands.append(command)
        if state.commands.count == 1 { wake(state) }
    }

    private static func wake(_ state: State) {
        // It can fail only for a handle that is no multi handle; the thread also looks by itself each minute.
        if let wakeUp = state.wakeUp { curl_multi_wakeup(wakeUp.multi) }
    }

    /// - Returns: 0, or the error number.
    private func startThread() -> CInt {
        let context = Unmanaged.passRetained(self)
        var attributes = pthread_attr_t()
        var thread = pthread_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        // Detached: it must never keep the process from exiting.
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        census.add()
        let code = pthread_create(&thread, &attributes, runOwnerThread, context.toOpaque())
        if code != 0 {
            context.release()
            census.remove()
        }
        return code
    }

    // MARK: From the owner thread

    /// From now on `multi` is woken by new commands; `nil` before it is freed.
    func setWakeUp(_ multi: UnsafeMutableRawPointer?) {
        state.withLock { $0.wakeUp = multi.map { WakeUp(multi: $0) } }
    }

    /// The commands since the last call.
    func takeCommands() -> (commands: [Command], closing: Closing) {
        state.withLock { state in
            defer { state.commands = [] }
            return (state.commands, state.closing)
        }
    }

    /// The thread's last act.
    func threadEnded() {
        census.remove()
        let (commands, waiters) = state.withLock { state -> ([Command], [CheckedContinuation<Void, Never>]) in
            defer {
                state.closing = .ended
                state.commands = []
                state.waiters = []
            }
            return (state.commands, state.waiters)
        }
        for case .start(let transfer) in commands {
            transfer.finish(.invalidRequest(reason: "the transport is shut down"))
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// Initialises libcurl once, before the first owner thread starts, and not at all in commands that send nothing.
private let libcurlStarted: CURLcode = fg_global_init()

/// Body of the owner thread; a free function, since a closure could inherit an actor and trap on this thread.
private func runOwnerThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let loop = Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue()
    // libcurl leaves SIGPIPE to us (libcurl-thread(3)). The process keeps its default, so that `fgctl … | head` ends
    // quietly; here a write to a closed connection has to be an error code.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    CurlDriver(loop)?.run()
    loop.threadEnded()
    return nil
}
