internal import CCurl
internal import Glibc

/// Runs all transfers of one transport. Made, used and freed on the owner thread; no handle leaves it.
///
/// libcurl says which sockets it waits for, and is called for those alone that are ready: looking at all of them each time
/// costs more than small exchanges do.
final class CurlDriver {
    /// Longest sleep without a command or network event, in milliseconds.
    private static let longestSleep = 60_000
    /// Idle connections kept for reuse, over all hosts, by each loop. libcurl's own bound shrinks to nothing between bursts.
    private static let keptConnections = 256
    /// Handles kept for the next transfers.
    private static let keptHandles = 64

    private let loop: CurlLoop
    private let multi: UnsafeMutableRawPointer
    private let sockets: CurlSockets
    private let trust: TrustStore
    private var active: [ObjectIdentifier: CurlTransfer] = [:]
    private var idle: [CurlHandle] = []
    private var nextCheck: SuspendingClock.Instant?

    /// `nil` when the system has no memory or descriptors left; the loop then ends every request it holds.
    init?(_ loop: CurlLoop) {
        guard let sockets = CurlSockets(), let multi = curl_multi_init() else { return nil }
        self.loop = loop
        self.multi = multi
        self.sockets = sockets
        trust = TrustStore(loop.configuration.caBundle)
        loop.census.add()
        // These options exist in every libcurl that the shim accepts.
        fg_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, max(1, loop.configuration.connectionsPerHost))
        fg_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        fg_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        fg_multi_set_socket_callback(multi, watchSocket, Unmanaged.passUnretained(sockets).toOpaque())
        loop.setWakeUp(sockets.wakeUp)
    }

    deinit {
        loop.setWakeUp(nil)
        idle = []
        // Closes the kept connections too, while the sockets' table is still there.
        curl_multi_cleanup(multi)
        loop.census.remove()
    }

    /// Works until the loop is closed.
    func run() {
        // Answers make tasks go on, and those ask for more: once in a row that is done first, which saves half the looks at
        // the sockets.
        var mayLookLater = true
        while true {
            // What tasks ask for is among the commands already.
            loop.runJobs()
            let (commands, closing) = loop.takeCommands()
            for command in commands { obey(command) }
            if closing == .now { endAll(.connectionLost(reason: "the transport was shut down")) }
            if closing != .open, active.isEmpty { return }
            step()
            if closing != .open, active.isEmpty { return }
            let limit = sleepLimit()
            let sleeps = limit > 0 && loop.fallAsleep(closing)
            if !sleeps, limit > 0, mayLookLater {
                mayLookLater = false
                continue
            }
            mayLookLater = true
            let code = sockets.wait(milliseconds: sleeps ? limit : 0)
            if code != 0 { endAll(.connectionLost(reason: "poll: \(String(cString: strerror(code)))")) }
        }
    }

    private func obey(_ command: CurlLoop.Command) {
        switch command {
        case .start(let transfer): start(transfer)
        case .resume(let transfer): active[ObjectIdentifier(transfer)]?.resume()
        case .stop(let transfer):
            if let running = active[ObjectIdentifier(transfer)] { remove(running) }
        }
    }

    private func start(_ transfer: Transfer) {
        // Its cancellation may have overtaken it.
        if transfer.isOver { return }
        do throws(HTTPError) {
            guard let handle = idle.popLast() ?? CurlHandle(census: loop.census) else {
                throw .cannotConnect(host: transfer.request.target.host, reason: "libcurl has no memory")
            }
            let starting = CurlTransfer(transfer, handle)
            try starting.configure(trust: trust)
            let code = curl_multi_add_handle(multi, starting.easy)
            guard code == CURLM_OK else { throw Self.failure(code) }
            active[ObjectIdentifier(transfer)] = starting
            scheduleCheck(starting.checkInterval)
        } catch {
            transfer.finish(error)
        }
    }

    /// Lets libcurl do all it can without waiting, and hands out results.
    private func step() {
        sockets.forEachReady { socket, ready in
            let code = fg_multi_act_on(multi, socket, ready)
            if code != CURLM_OK { endAll(Self.failure(code)) }
        }
        if fg_multi_due(multi) == 0 {
            let code = fg_multi_act(multi)
            if code != CURLM_OK { endAll(Self.failure(code)) }
        }
        var context: UnsafeMutableRawPointer?
        var result = CURLE_OK
        while fg_multi_next_finished(multi, &context, &result) {
            guard let context else { continue }
            let finished = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            let error = finished.error(for: result)
            if error == nil, finished.isOrdinary, idle.count < Self.keptHandles {
                curl_multi_remove_handle(multi, finished.easy)
                active[ObjectIdentifier(finished.transfer)] = nil
                idle.append(finished.handle)
            } else {
                remove(finished)
            }
            finished.transfer.finish(error)
        }
        checkTimeLimits()
    }

    private func checkTimeLimits() {
        guard let due = nextCheck else { return }
        let now = SuspendingClock.now
        if now < due { return }
        nextCheck = nil
        for running in Array(active.values) {
            if let error = running.passedLimit(now) {
                remove(running)
                running.transfer.finish(error)
            } else {
                scheduleCheck(running.checkInterval)
            }
        }
    }

    private func scheduleCheck(_ interval: Duration) {
        let due = SuspendingClock.now + interval
        nextCheck = nextCheck.map { min($0, due) } ?? due
    }

    private func sleepLimit() -> CInt {
        var limit = Self.longestSleep
        let due = fg_multi_due(multi)
        if due >= 0 { limit = min(limit, due) }
        if let nextCheck {
            let left = SuspendingClock.now.duration(to: nextCheck) / .milliseconds(1) + 1
            limit = min(limit, Int(max(0, left)))
        }
        return CInt(limit)
    }

    /// Takes a transfer out, finished or not; an unfinished one's connection is closed. The handles go with `running`.
    private func remove(_ running: CurlTransfer) {
        running.prepareRemoval()
        curl_multi_remove_handle(multi, running.easy)
        active[ObjectIdentifier(running.transfer)] = nil
    }

    private func endAll(_ error: HTTPError) {
        for running in Array(active.values) {
            remove(running)
            running.transfer.finish(error)
        }
    }

    private static func failure(_ code: CURLMcode) -> HTTPError {
        .connectionLost(reason: "libcurl: \(String(cString: curl_multi_strerror(code)))")
    }
}

/// libcurl's callback: a free function, which never throws.
private func watchSocket(
    _: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: CInt, _ context: UnsafeMutableRawPointer?,
    _: UnsafeMutableRawPointer?
) -> CInt {
    guard let context else { return -1 }
    Unmanaged<CurlSockets>.fromOpaque(context).takeUnretainedValue().watch(socket, what)
    return 0
}
