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

    private struct State {
        var closing = Closing.open
        var hasThread = false
        var commands: [Command] = []
        /// Wakes the thread; written to under the lock that also guards its being closed.
        var wakeUp: CInt?
        /// The thread waits, or is about to, and looks for commands only when it is woken.
        var isAsleep = false
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
            Self.wake(&state)
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

    /// One wake-up serves all commands up to the next time the thread looks; while it works it needs none.
    private static func enqueue(_ command: Command, _ state: inout State) {
        guard state.closing != .ended else { return }
        state.commands.append(command)
        wake(&state)
    }

    private static func wake(_ state: inout State) {
        guard state.isAsleep, let wakeUp = state.wakeUp else { return }
        state.isAsleep = false
        fg_wake_up_give(wakeUp)
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

    /// From now on new commands wake the thread by this descriptor; `nil` before it is closed.
    func setWakeUp(_ descriptor: CInt?) { state.withLock { $0.wakeUp = descriptor } }

    /// Says that the thread is going to wait until it is woken.
    /// - Returns: whether it may: no command has come meanwhile, and the end no closer than `closing`.
    func fallAsleep(_ closing: Closing) -> Bool {
        state.withLock { state in
            state.isAsleep = state.commands.isEmpty && state.closing == closing
            return state.isAsleep
        }
    }

    /// The commands since the last call.
    func takeCommands() -> (commands: [Command], closing: Closing) {
        state.withLock { state in
            state.isAsleep = false
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
