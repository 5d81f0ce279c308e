internal import HTTP

/// Collects what `--debug` shows of one attempt.
struct AttemptLog {
    let tell: @Sendable (WireTrace) -> Void
    let call: Call
    let attempt: Int
    let request: HTTPRequest
    /// Masks the secrets that the client came by.
    let mask: (String) -> String
    private let start = ContinuousClock.now
    private var firstByte: Duration?
    private var headers: HTTPHeaders = [:]
    private var answerBody: [UInt8] = []

    init(
        tell: @escaping @Sendable (WireTrace) -> Void, call: Call, attempt: Int, request: HTTPRequest,
        mask: @escaping (String) -> String
    ) {
        self.tell = tell
        self.call = call
        self.attempt = attempt
        self.request = request
        self.mask = mask
    }

    /// The head of an answer is there.
    mutating func head(_ response: HTTPResponse) {
        firstByte = ContinuousClock.now - start
        headers = response.headers
    }

    /// The body of an error.
    mutating func body(_ bytes: [UInt8]) { answerBody = bytes }

    func end(_ outcome: String) {
        let wire = call.service.wire
        tell(
            WireTrace(
                service: call.service.sdkID, operation: call.operation, method: request.method, url: request.url,
                attempt: attempt, outcome: mask(outcome), firstByte: firstByte, total: ContinuousClock.now - start,
                requestHeaders: WireMask.headers(request.headers).map(mask),
                requestBody: WireMask.body(request.body, wire, mask),
                answerHeaders: WireMask.headers(headers).map(mask),
                answerBody: WireMask.body(answerBody, wire, isAnswer: true, mask)))
    }
}

extension AWSClient {
    /// Shows the body of a good answer that could not be read, which `decode` reports in a line.
    func traceUnread(_ call: Call, _ answer: Answer) {
        guard let trace = effects.trace else { return }
        trace(
            WireTrace(
                service: call.service.sdkID, operation: call.operation, method: call.request.method, url: call.url,
                attempt: answer.attempts, outcome: "\(answer.status), but the body can't be read", firstByte: nil,
                total: .zero,
                answerBody: WireMask.body(
                    answer.bytes ?? [], call.service.wire, isAnswer: true, shared.credentials.mask)))
    }
}
