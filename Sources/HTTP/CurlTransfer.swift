internal import CCurl
internal import Glibc
internal import Support

/// One transfer on the owner thread: the owner of its libcurl handle and of all that libcurl doesn't copy.
///
/// libcurl's callbacks get an unretained pointer to it: the driver's table holds it from before the handle is added
/// until after it was removed, so it is released exactly once, there.
final class CurlTransfer {
    let transfer: Transfer
    let easy: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private let census: HandleCensus
    private var headerList: UnsafeMutablePointer<curl_slist>?

    private var head = ResponseHead()
    /// Why a callback ended the transfer; libcurl only says that one did.
    private var failure: HTTPError?
    /// Bytes of a body that is given as a whole.
    private var wholeCount = 0
    /// Bytes sent before the connection stood, to a proxy; `nil` until then.
    private var bytesBeforeRequest: Int?

    private let started = SuspendingClock.now
    private var lastActivity = SuspendingClock.now
    private var lastProgress = 0

    init(_ transfer: Transfer, census: HandleCensus) throws(HTTPError) {
        guard let easy = curl_easy_init() else {
            throw .cannotConnect(host: transfer.request.target.host, reason: "libcurl has no memory")
        }
        self.transfer = transfer
        self.easy = easy
        self.census = census
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        census.add()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorText.deallocate()
        census.remove()
    }

    /// Tells libcurl all about the request.
    func configure(trust: TrustStore) throws(HTTPError) {
        let request = transfer.request
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(fg_easy_set_pointer(easy, CURLOPT_PRIVATE, context))
        try check(fg_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_URL, request.url)
        // Else `..` in object keys is squashed, and the signature fails.
        try set(CURLOPT_PATH_AS_IS, 1)
        try check(fg_easy_allow_http_only(easy))
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // A signed request must not be replayed elsewhere.
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        // Servers drop idle connections; a race with that looks like a request that may have been read.
        try set(CURLOPT_MAXAGE_CONN, 30)
        try set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.timeouts.connect))
        // A large buffer that is made and freed for each small answer costs more than the answer.
        try set(CURLOPT_BUFFERSIZE, request.wholeLimit == nil ? 64 << 10 : 16 << 10)
        try setHeaders(request.headerLines)
        try setMethod(request)
        try setProxy(request)
        if request.target.isSecure || request.proxy != nil { try setTrust(trust) }
        try check(fg_easy_set_data_callback(easy, CURLOPT_HEADERFUNCTION, receiveHeaderLine))
        try check(fg_easy_set_pointer(easy, CURLOPT_HEADERDATA, context))
        try check(fg_easy_set_data_callback(easy, CURLOPT_WRITEFUNCTION, receiveBody))
        try check(fg_easy_set_pointer(easy, CURLOPT_WRITEDATA, context))
        try check(fg_easy_set_prereq_callback(easy, connectionStands))
        try check(fg_easy_set_pointer(easy, CURLOPT_PREREQDATA, context))
    }

    private func setHeaders(_ lines: [String]) throws(HTTPError) {
        for line in lines {
            guard let longer = curl_slist_append(headerList, line) else { throw Self.outOfMemory }
            headerList = longer
        }
        try check(fg_easy_set_slist(easy, CURLOPT_HTTPHEADER, headerList))
        // Our headers, credentials among them, are for the server: a proxy's CONNECT gets none of them.
        try set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    private func setMethod(_ request: PreparedRequest) throws(HTTPError) {
        switch request.payload {
        case .none where request.method == "HEAD": try set(CURLOPT_NOBODY, 1)
        case .none: try set(CURLOPT_HTTPGET, 1)
        case .inline(let bytes):
            try set(CURLOPT_POST, 1)
            try check(fg_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
            let code =
                bytes.isEmpty
                ? fg_easy_set_string(easy, CURLOPT_COPYPOSTFIELDS, "")
                : bytes.withUnsafeBytes { fg_easy_set_const_pointer(easy, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
            try check(code)
        case .upload(let length):
            try set(CURLOPT_UPLOAD, 1)
            try check(fg_easy_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(length)))
            try set(CURLOPT_UPLOAD_BUFFERSIZE, 128 << 10)
            try check(fg_easy_set_data_callback(easy, CURLOPT_READFUNCTION, provideBody))
            try check(fg_easy_set_pointer(easy, CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque()))
        }
        if request.method != "HEAD" { try set(CURLOPT_CUSTOMREQUEST, request.method) }
    }

    private func setProxy(_ request: PreparedRequest) throws(HTTPError) {
        // Empty, not absent: libcurl would look into the environment. The URL is revealed to libcurl alone.
        try set(CURLOPT_PROXY, request.proxy?.reveal() ?? "")
        try set(CURLOPT_NOPROXY, "")
    }

    private func setTrust(_ trust: TrustStore) throws(HTTPError) {
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        let (file, folder): (String?, String?)
        switch trust {
        case .builtIn: return
        case .file(let path): (file, folder) = (path, nil)
        case .folder(let path): (file, folder) = (nil, path)
        }
        for option in [CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO] { try set(option, file) }
        for option in [CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH] { try set(option, folder) }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
        try check(fg_easy_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String?) throws(HTTPError) {
        try check(fg_easy_set_string(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(HTTPError) {
        if code == CURLE_OK { return }
        throw .invalidRequest(reason: "libcurl: \(String(cString: curl_easy_strerror(code)))")
    }

    private static let outOfMemory = HTTPError.invalidRequest(reason: "libcurl has no memory")

    /// At least 1: libcurl takes 0 for its own default.
    private static func milliseconds(_ duration: Duration) -> Int {
        Int(max(1, min(duration / .milliseconds(1), 2_000_000_000)))
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
        bytesBeforeRequest = fg_easy_get_long(easy, CURLINFO_REQUEST_SIZE)
        lastActivity = .now
        return true
    }

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
        let text = String(cString: errorText)
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

private func connectionStands(
    _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?, _: CInt,
    _: CInt
) -> CInt {
    transfer(context)?.begin() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Any count but the given one makes libcurl end the transfer.
private func receiveHeaderLine(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = UnsafeRawBufferPointer(start: data, count: size * count)
    return transfer(context)?.takeHeaderLine(line) == true ? line.count : -1
}

private func receiveBody(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    transfer(context)?.takeBody(UnsafeRawBufferPointer(start: data, count: size * count)) ?? -1
}

private func provideBody(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let buffer = transfer(context)?.transfer.sending else { return Int(CURL_READFUNC_ABORT) }
    switch buffer.read(into: UnsafeMutableRawBufferPointer(start: data, count: size * count)) {
    case .bytes(let copied): return copied
    case .pause: return Int(CURL_READFUNC_PAUSE)
    }
}
