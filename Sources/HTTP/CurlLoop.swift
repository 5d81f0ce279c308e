internal import CCurl
internal import Glibc
internal import Synchronization

/// The way from any thread to the one thread that owns libcurl's handles: queues and a wake-up.
///
/// The thread runs tasks too, those that prefer it (SE-0417). A task that mostly sends and receives then never waits for
/// another thread to be woken, which for small exchanges takes as long as the exchange itself.
final class CurlLoop: TaskExecutor {
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
        /// Of tasks that prefer this thread.
        var jobs: [UnownedJob] = []
        /// Wakes the thread; written to under the lock that also guards its being closed.
        var wakeUp: CInt?
        /// The thread waits, or is about to, and looks for commands only when it is woken.
        var isAsleep = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let configuration: HTTPConfiguration
    let census: HandleCensus
    private let state = Mutex(State())
    /// The thread's pthread_t; 0 until it runs.
    private let thread = Atomic<UInt>(0)

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
            let code = haveThread(&state)
            if code != 0 {
                return .invalidRequest(reason: "no thread for transfers: \(String(cString: strerror(code)))")
            }
            Self.enqueue(.start(transfer), &state)
            return nil
        }
        if let failure { throw failure }
    }

    func resume(_ transfer: Transfer) { state.withLock { Self.enqueue(.resume(transfer), &$0) } }

    func stop(_ transfer: Transfer) { state.withLock { Self.enqueue(.stop(transfer), &$0) } }

    /// Whether the caller is on the thread.
    var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Makes sure that tasks may prefer the thread.
    /// - Returns: whether they may.
    func runsTasks() -> Bool {
        libcurlStarted == CURLE_OK && state.withLock { $0.closing == .open && haveThread(&$0) == 0 }
    }

    /// Part of a task that prefers this thread; it runs there, also when the loop has been closed meanwhile.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { state in
            state.jobs.append(job)
            guard state.closing == .ended else { return Self.wake(&state) }
            // Nothing but what is left of some tasks. One thread at a time takes all.
            let code = state.hasThread ? 0 : startThread()
            precondition(code == 0, "no thread for tasks: \(String(cString: strerror(code)))")
            state.hasThread = true
        }
    }

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
    private func haveThread(_ state: inout State) -> CInt {
        if state.hasThread { return 0 }
        let code = startThread()
        state.hasThread = code == 0
        return code
    }

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

    /// Says that the caller is the thread.
    func threadBegan() { thread.store(UInt(pthread_self()), ordering: .relaxed) }

    /// From now on new commands wake the thread by this descriptor; `nil` before it is closed.
    func setWakeUp(_ descriptor: CInt?) { state.withLock { $0.wakeUp = descriptor } }

    /// Says that the thread is going to wait until it is woken.
    /// - Returns: whether it may: nothing has come meanwhile, and the end no closer than `closing`.
    func fallAsleep(_ closing: Closing) -> Bool {
        state.withLock { state in
            state.isAsleep = state.commands.isEmpty && state.jobs.isEmpty && state.closing == closing
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

    /// How far the end has come.
    var closing: Closing { state.withLock { $0.closing } }

    /// Runs what has come of tasks since the last call.
    func runJobs() {
        var jobs: [UnownedJob] = []
        state.withLock { swap(&$0.jobs, &jobs) }
        for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// The thread's last act: no transfer runs any more, and what is left of tasks is done.
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
        while state.withLock({ state in
            state.hasThread = !state.jobs.isEmpty
            return state.hasThread
        }) { runJobs() }
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
    loop.threadBegan()
    if loop.closing != .ended { CurlDriver(loop)?.run() }
    loop.threadEnded()
    return nil
}
