internal import CCurl
internal import Glibc
internal import Support

/// One transfer on the owner thread: what libcurl's callbacks are about.
///
/// libcurl's callbacks get an unretained pointer to it: the driver's table holds it from before the handle is added
/// until after it was removed, so it is released exactly once, there.
final class CurlTransfer {
    let transfer: Transfer
    let handle: CurlHandle

    private var head = ResponseHead()
    /// Why a callback ended the transfer; libcurl only says that one did.
    private var failure: HTTPError?
    /// Bytes of a body that is given as a whole.
    private var wholeCount = 0
    /// Bytes sent before the connection stood, to a proxy; `nil` until then.
    private var bytesBeforeRequest: Int?
    /// How often a connection stood: twice when libcurl took another one since a kept one had ended.
    private var beginnings = 0

    private let started: SuspendingClock.Instant
    private var lastActivity: SuspendingClock.Instant
    private var lastProgress = 0

    init(_ transfer: Transfer, _ handle: CurlHandle) {
        self.transfer = transfer
        self.handle = handle
        started = .now
        lastActivity = started
    }

    var easy: UnsafeMutableRawPointer { handle.easy }

    /// Tells libcurl all about the request.
    func configure(trust: TrustStore) throws(HTTPError) {
        try handle.configure(
            for: transfer.request, context: Unmanaged.passUnretained(self).toOpaque(), trust: trust)
    }
}

// MARK: What callbacks and the driver call

extension CurlTransfer {
    /// The connection stands and the request is about to be sent.
    ///
    /// libcurl repeats a request by itself when a kept connection ended without an answer. That is right when nothing
    /// of it had been sent; otherwise only our caller can know whether a repetition is safe.
    /// - Returns: whether to go on.
    func begin() -> Bool {
        if isSent {
            failure = .connectionLost(reason: "the server closed a kept connection without answering")
            return false
        }
        beginnings += 1
        bytesBeforeRequest = fg_easy_get_long(easy, CURLINFO_REQUEST_SIZE)
        lastActivity = .now
        return true
    }

    /// Whether the handle may serve another transfer: libcurl counts repetitions over all of a handle's transfers, and keeps
    /// what it learnt about a proxy's authentication.
    var isOrdinary: Bool { beginnings == 1 && transfer.request.proxy == nil }

    /// Whether the server may have read some of the request.
    var isSent: Bool {
        guard let bytesBeforeRequest else { return false }
        return fg_easy_get_long(easy, CURLINFO_REQUEST_SIZE) > bytesBeforeRequest
    }

    /// - Returns: whether to go on.
    func takeHeaderLine(_ line: UnsafeRawBufferPointer) -> Bool {
        switch head.take(line) {
        case .incomplete: break
        case .complete: transfer.deliver(head)
        case .malformed: failure = .connectionLost(reason: "the response's head is malformed")
        case .tooLarge: failure = .connectionLost(reason: "the response's head is over \(ResponseHead.limit) bytes")
        }
        return failure == nil
    }

    /// - Returns: how many bytes were taken; fewer than given pauses or ends the transfer.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        if let limit = transfer.request.wholeLimit {
            wholeCount += bytes.count
            if wholeCount > limit {
                failure = .bodyTooLarge(limit: limit)
                return -1
            }
        }
        return transfer.received.append(bytes) ? bytes.count : Int(CURL_WRITEFUNC_PAUSE)
    }

    /// Goes on after a pause, as far as the buffers allow now.
    func resume() {
        var stillPaused = CURLPAUSE_CONT
        if transfer.received.isPaused { stillPaused |= CURLPAUSE_RECV }
        if transfer.sending?.isPaused == true { stillPaused |= CURLPAUSE_SEND }
        // An error here ends the transfer, and comes back from the multi handle.
        curl_easy_pause(easy, stillPaused)
    }

    func prepareRemoval() { fg_easy_leave_resolver(easy) }

    /// How often the time limits have to be looked at: an eighth of the idle limit, so that it is kept to an eighth.
    var checkInterval: Duration {
        let timeouts = transfer.request.timeouts
        let wanted = min(timeouts.idle, timeouts.total ?? timeouts.idle) / 8
        return min(max(wanted, .milliseconds(5)), .seconds(1))
    }

    /// The time limit that has passed, if one has. The connect limit is libcurl's.
    ///
    /// Waiting for a free connection isn't idling, nor is waiting for our own reader or source.
    func passedLimit(_ now: SuspendingClock.Instant) -> HTTPError? {
        let timeouts = transfer.request.timeouts
        if let total = timeouts.total, started.duration(to: now) >= total {
            return .timedOut(reason: "not complete after \(total)", sent: isSent)
        }
        guard bytesBeforeRequest != nil else { return nil }
        let progress =
            fg_easy_get_offset(easy, CURLINFO_SIZE_DOWNLOAD_T) + fg_easy_get_offset(easy, CURLINFO_SIZE_UPLOAD_T)
            + fg_easy_get_long(easy, CURLINFO_HEADER_SIZE) + fg_easy_get_long(easy, CURLINFO_REQUEST_SIZE)
        if progress != lastProgress || transfer.received.isPaused || transfer.sending?.isPaused == true {
            lastProgress = progress
            lastActivity = now
        }
        guard lastActivity.duration(to: now) >= timeouts.idle else { return nil }
        return .timedOut(reason: "nothing sent or received for \(timeouts.idle)", sent: isSent)
    }

    /// What libcurl's result means; `nil` is a complete exchange.
    func error(for code: CURLcode) -> HTTPError? {
        if let failure { return failure }
        if code == CURLE_OK { return nil }
        let text = handle.errorText
        var reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        // Some of libcurl's messages quote the proxy's URL, which may hold a password.
        if let proxy = transfer.request.proxy, reason.contains(proxy.reveal()) {
            reason = "the proxy's URL cannot be used"
        } else if transfer.request.proxy == nil, let plain = plainReason(code) {
            reason = plain
        }
        let expected = fg_easy_get_offset(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T)
        return HTTPError(
            code, reason: reason, host: transfer.request.target.host, sent: isSent,
            received: Int64(fg_easy_get_offset(easy, CURLINFO_SIZE_DOWNLOAD_T)),
            expected: expected < 0 ? nil : Int64(expected))
    }

    /// Why no connection came about, without what libcurl's own texts repeat: host, port and milliseconds.
    private func plainReason(_ code: CURLcode) -> String? {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return "the name cannot be resolved"
        case CURLE_COULDNT_CONNECT:
            let number = Int32(truncatingIfNeeded: fg_easy_get_long(easy, CURLINFO_OS_ERRNO))
            return number == 0 ? nil : String(cString: strerror(number)).lowercased()
        default: return nil
        }
    }
}

// MARK: libcurl's callbacks: free functions, which never throw

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

func connectionStands(
    _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?, _: CInt,
    _: CInt
) -> CInt {
    transfer(context)?.begin() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Any count but the given one makes libcurl end the transfer.
func receiveHeaderLine(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = UnsafeRawBufferPointer(start: data, count: size * count)
    return transfer(context)?.takeHeaderLine(line) == true ? line.count : -1
}

func receiveBody(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    transfer(context)?.takeBody(UnsafeRawBufferPointer(start: data, count: size * count)) ?? -1
}

func provideBody(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let buffer = transfer(context)?.transfer.sending else { return Int(CURL_READFUNC_ABORT) }
    switch buffer.read(into: UnsafeMutableRawBufferPointer(start: data, count: size * count)) {
    case .bytes(let copied): return copied
    case .pause: return Int(CURL_READFUNC_PAUSE)
    }
}
