internal import CCurl
internal import Glibc

/// Runs all transfers of one transport. Made, used and freed on the owner thread; no handle leaves it.
final class CurlDriver {
    /// Longest sleep without a command or network event, in milliseconds.
    private static let longestSleep = 60_000
    /// Idle connections kept for reuse, over all hosts. libcurl's own bound shrinks to nothing between bursts.
    private static let keptConnections = 256

    private let loop: CurlLoop
    private let multi: UnsafeMutableRawPointer
    private let trust: TrustStore
    private var active: [ObjectIdentifier: CurlTransfer] = [:]
    private var nextCheck: SuspendingClock.Instant?

    /// `nil` when libcurl has no memory left; the loop then ends every request it holds.
    init?(_ loop: CurlLoop) {
        guard let multi = curl_multi_init() else { return nil }
        self.loop = loop
        self.multi = multi
        trust = TrustStore(loop.configuration.caBundle)
        loop.census.add()
        // These options exist in every libcurl that the shim accepts.
        fg_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, max(1, loop.configuration.connectionsPerHost))
        fg_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        fg_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        loop.setWakeUp(multi)
    }

    deinit {
        loop.setWakeUp(nil)
        // Closes the kept connections too.
        curl_multi_cleanup(multi)
        loop.census.remove()
    }

    /// Works until the loop is closed.
    func run() {
        while true {
            let (commands, closing) = loop.takeCommands()
            for command in commands { obey(command) }
            if closing == .now { endAll(.connectionLost(reason: "the transport was shut down")) }
            if closing != .open, active.isEmpty { return }
            step()
            if closing != .open, active.isEmpty { return }
            let code = curl_multi_poll(multi, nil, 0, sleepLimit(), nil)
            if code != CURLM_OK { endAll(Self.failure(code)) }
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
            let starting = try CurlTransfer(transfer, census: loop.census)
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
        var running: CInt = 0
        let code = curl_multi_perform(multi, &running)
        if code != CURLM_OK { endAll(Self.failure(code)) }
        var context: UnsafeMutableRawPointer?
        var result = CURLE_OK
        while fg_multi_next_finished(multi, &context, &result) {
            guard let context else { continue }
            let finished = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            let error = finished.error(for: result)
            remove(finished)
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
        guard let nextCheck else { return CInt(Self.longestSleep) }
        let left = SuspendingClock.now.duration(to: nextCheck)
        return CInt(max(0, min(left / .milliseconds(1) + 1, Double(Self.longestSleep))))
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

/// Where trusted certificate authorities come from.
enum TrustStore {
    case file(String)
    case folder(String)
    /// What libcurl was built with.
    case builtIn

    private static let systemBundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// - Parameter bundle: the configured file or folder; `nil` looks for the system's file, since libcurl keeps parsed
    ///   certificates only for a file alone and otherwise reads all of them for each connection.
    init(_ bundle: String?) {
        if let bundle {
            var status = stat()
            let isFolder = stat(bundle, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            self = isFolder ? .folder(bundle) : .file(bundle)
        } else {
            self = Self.systemBundles.first { access($0, R_OK) == 0 }.map { .file($0) } ?? .builtIn
        }
    }
}
