internal import CCurl
internal import Support

/// A libcurl handle, and all that libcurl doesn't copy of what it was told. It serves one transfer after another: making one
/// and telling it everything costs as much as a small exchange.
final class CurlHandle {
    /// What stays from one request to the next; of handles that were told this already, only the rest is set.
    private struct Shape: Equatable {
        let method: String
        let body: Body
        let isSecure: Bool
        let gathersAnswer: Bool
        let connectTimeout: Duration
        let proxy: Secret?

        enum Body { case none, inline, upload }

        init(_ request: PreparedRequest) {
            method = request.method
            body =
                switch request.payload {
                case .none: .none
                case .inline: .inline
                case .upload: .upload
                }
            isSecure = request.target.isSecure
            gathersAnswer = request.wholeLimit != nil
            connectTimeout = request.timeouts.connect
            proxy = request.proxy
        }
    }

    let easy: UnsafeMutableRawPointer
    private let errorSpace: UnsafeMutablePointer<CChar>
    private let census: HandleCensus
    private var headerList: UnsafeMutablePointer<curl_slist>?
    /// Where a body stands that goes out with the head; kept, since space of this size is costly to find.
    private var bodySpace = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var shape: Shape?

    /// `nil` when libcurl has no memory left.
    init?(census: HandleCensus) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        self.census = census
        errorSpace = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorSpace.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        census.add()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorSpace.deallocate()
        bodySpace.deallocate()
        census.remove()
    }

    /// What libcurl said about the last failure.
    var errorText: String { String(cString: errorSpace) }

    /// Tells libcurl all about a request.
    ///
    /// - Parameters:
    ///   - context: what its callbacks are called with: an unretained `CurlTransfer`.
    ///   - trust: the same for all requests of a handle.
    func configure(
        for request: PreparedRequest, context: UnsafeMutableRawPointer, trust: TrustStore
    ) throws(HTTPError) {
        let wanted = Shape(request)
        if shape != wanted {
            // While it is told only half, it fits nothing.
            shape = nil
            curl_easy_reset(easy)
            try setLasting(request, trust: trust)
            shape = wanted
        }
        errorSpace[0] = 0
        for option in [
            CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PREREQDATA, CURLOPT_READDATA,
        ] {
            try check(fg_easy_set_pointer(easy, option, context))
        }
        try set(CURLOPT_URL, request.url)
        try setHeaders(request.headerLines)
        switch request.payload {
        case .none: break
        case .inline(let bytes):
            try check(fg_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
            let space = takeBody(bytes)
            try check(fg_easy_set_const_pointer(easy, CURLOPT_POSTFIELDS, space))
        case .upload(let length):
            try check(fg_easy_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(length)))
        }
    }

    /// - Returns: where the body stands until the next one comes; libcurl doesn't copy it.
    private func takeBody(_ bytes: [UInt8]) -> UnsafeRawPointer? {
        // One byte at least: without an address libcurl would ask for the body.
        if bodySpace.count < max(1, bytes.count) {
            bodySpace.deallocate()
            bodySpace = .allocate(byteCount: max(4 << 10, bytes.count), alignment: 16)
        }
        bodySpace.copyBytes(from: bytes)
        return UnsafeRawPointer(bodySpace.baseAddress)
    }

    /// What depends on the request's shape alone.
    private func setLasting(_ request: PreparedRequest, trust: TrustStore) throws(HTTPError) {
        try check(fg_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorSpace))
        try set(CURLOPT_NOSIGNAL, 1)
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
        // A large buffer that is made and freed for each small answer costs more than the answer. That to a PUT is but a head.
        try set(
            CURLOPT_BUFFERSIZE, request.wholeLimit == nil ? 64 << 10 : request.method == "PUT" ? 1 << 10 : 16 << 10)
        // Our headers, credentials among them, are for the server: a proxy's CONNECT gets none of them.
        try set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try setMethod(request)
        // Empty, not absent: libcurl would look into the environment. The URL is revealed to libcurl alone.
        try set(CURLOPT_PROXY, request.proxy?.reveal() ?? "")
        try set(CURLOPT_NOPROXY, "")
        if request.target.isSecure || request.proxy != nil { try setTrust(trust) }
        try check(fg_easy_set_data_callback(easy, CURLOPT_HEADERFUNCTION, receiveHeaderLine))
        try check(fg_easy_set_data_callback(easy, CURLOPT_WRITEFUNCTION, receiveBody))
        try check(fg_easy_set_prereq_callback(easy, connectionStands))
    }

    private func setHeaders(_ lines: [String]) throws(HTTPError) {
        // libcurl still points to the former ones, so these go only when it knows the new ones.
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw .invalidRequest(reason: "libcurl has no memory")
            }
            list = longer
        }
        let code = fg_easy_set_slist(easy, CURLOPT_HTTPHEADER, list)
        swap(&list, &headerList)
        curl_slist_free_all(list)
        try check(code)
    }

    private func setMethod(_ request: PreparedRequest) throws(HTTPError) {
        switch request.payload {
        case .none where request.method == "HEAD": try set(CURLOPT_NOBODY, 1)
        case .none: try set(CURLOPT_HTTPGET, 1)
        case .inline: try set(CURLOPT_POST, 1)
        case .upload:
            try set(CURLOPT_UPLOAD, 1)
            try set(CURLOPT_UPLOAD_BUFFERSIZE, 128 << 10)
            try check(fg_easy_set_data_callback(easy, CURLOPT_READFUNCTION, provideBody))
        }
        if request.method != "HEAD" { try set(CURLOPT_CUSTOMREQUEST, request.method) }
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

    /// At least 1: libcurl takes 0 for its own default.
    private static func milliseconds(_ duration: Duration) -> Int {
        Int(max(1, min(duration / .milliseconds(1), 2_000_000_000)))
    }
}
