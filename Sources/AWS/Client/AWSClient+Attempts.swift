internal import FoundationEssentials
internal import HTTP
internal import Support
internal import Synchronization

extension AWSClient {
    /// Sends a call until it succeeds, fails for good, or attempts, quota or the caller's patience end. Each attempt is signed
    /// afresh: with the date of now and the credentials of now.
    func perform(_ call: Call) async throws -> Answer {
        let mode = try settings.retryMode()
        let maximum = call.isRepeatable ? try settings.maximumAttempts() : 1
        var attempt = 1
        var cost: Int?
        var mayHaveActed = false
        var repairs: Set<Repair> = []
        while true {
            try Task.checkCancellation()
            let credentials = try await shared.credentials.current()
            if mode == .adaptive { try await waitForTurn() }
            let fault: AttemptFault
            switch try await once(call, credentials: credentials, attempt: attempt) {
            case .success(var answer):
                answer.attempts = attempt
                shared.quota.withLock { $0.giveBack(cost) }
                if mode == .adaptive { adjustRate(throttled: false) }
                return answer
            case .failure(let failed):
                fault = failed.fault
                if mode == .adaptive { adjustRate(throttled: fault.isThrottling) }
                // A wrong clock or an expired token is repaired and tried again, once each, at no cost of attempts.
                if call.isRepeatable, let repair = repair(failed, credentials),
                    repairs.insert(repair).inserted
                {
                    continue
                }
            }
            mayHaveActed = mayHaveActed || fault.mayHaveActed
            // What acts at each arrival is not sent again once it may have acted.
            let isSafe = call.isIdempotent || !mayHaveActed
            let pause = RetryPolicy.pause(
                after: fault, attempt: attempt, maximum: isSafe ? maximum : attempt, random: effects.random())
            guard let pause, let taken = shared.quota.withLock({ $0.take(forTimeout: fault.isTimeout) }) else {
                throw self.error(fault, call, attempts: attempt, mayHaveActed: mayHaveActed)
            }
            cost = taken
            try await effects.sleep(pause)
            attempt += 1
        }
    }

    /// The adaptive mode's wait before a request.
    private func waitForTurn() async throws {
        let now = effects.now().timeIntervalSince1970
        let wait = shared.rate.withLock { $0.take(at: now) }
        if wait > 0 { try await effects.sleep(.seconds(wait)) }
    }

    private func adjustRate(throttled: Bool) {
        let now = effects.now().timeIntervalSince1970
        shared.rate.withLock { $0.received(throttled: throttled, at: now) }
    }

    /// What ends in the caller's hands.
    private func error(_ fault: AttemptFault, _ call: Call, attempts: Int, mayHaveActed: Bool) -> any Error {
        switch fault {
        case .answer(let answer, _):
            // Refusing a signature, AWS quotes what it covers, the session token included.
            var error = answer.masked(shared.credentials.mask)
            error.attempts = attempts
            error.mayHaveActed = call.mutates && mayHaveActed
            return error
        case .transport(let error):
            return AWSNoAnswer(
                service: call.service.sdkID, operation: call.operation, resource: call.resource,
                endpoint: call.endpoint.base, attempts: attempts, mayHaveActed: mayHaveActed, mutates: call.mutates,
                reason: error.brief, cause: error)
        }
    }

    /// A failed attempt with what repairing needs.
    private struct FailedAttempt: Error {
        let fault: AttemptFault
        /// The service's clock, from its answer.
        var serverDate: Date?
        /// The correction that the attempt was signed with; another call may have changed it since.
        var clockOffset: TimeInterval = 0
    }

    private enum Repair: Hashable { case clock, credentials }

    /// One attempt: sign, send, read.
    /// - Throws: what no other attempt can change: cancellation, failing to sign.
    private func once(
        _ call: Call, credentials: Credentials, attempt: Int
    ) async throws -> Result<Answer, FailedAttempt> {
        let signer = Signer(
            credentials: credentials, region: call.endpoint.signingRegion, service: call.service.signingName,
            keys: shared.signingKeys)
        var request = HTTPRequest(
            method: call.request.method, url: call.url, headers: call.request.headers, body: call.request.body)
        request.headers["User-Agent"] = "fgctl"
        // A trace tells the time of the first byte, which only a streaming answer shows.
        if !call.streamsAnswer, effects.trace == nil { request.wholeLimit = call.wholeLimit }
        let clockOffset = shared.clockOffset.withLock { $0 }
        request = try signer.sign(request, payload: call.payload, at: effects.now().addingTimeInterval(clockOffset))
        var log = effects.trace.map {
            AttemptLog(
                tell: $0, call: call, attempt: attempt, request: request, mask: shared.credentials.mask)
        }
        do {
            let response = try await transport.send(request)
            log?.head(response)
            var result = try await read(response, call, &log)
            if case .failure(var failed) = result {
                failed.clockOffset = clockOffset
                result = .failure(failed)
            }
            log?.end(outcome(response, result))
            return result
        } catch let error as HTTPError {
            // A transfer that ends because the task was cancelled is a cancellation, whatever it looks like.
            try Task.checkCancellation()
            log?.end("\(error)")
            return .failure(FailedAttempt(fault: .transport(error)))
        }
    }

    /// `400 AccessDeniedException 7f…`
    private func outcome(_ response: HTTPResponse, _ result: Result<Answer, FailedAttempt>) -> String {
        var words = ["\(response.status)"]
        var id = ErrorDecoder.requestID(response.headers)
        if case .failure(let failed) = result, case .answer(let error, _) = failed.fault {
            words.append(error.code)
            id = error.requestID
        }
        return (words + [id ?? "-"]).joined(separator: " ")
    }

    private func read(
        _ response: HTTPResponse, _ call: Call, _ log: inout AttemptLog?
    ) async throws -> Result<Answer, FailedAttempt> {
        if (200..<300).contains(response.status) {
            if call.streamsAnswer {
                return .success(
                    Answer(status: response.status, headers: response.headers, bytes: nil, stream: response.body))
            }
            let bytes = try await response.body.collect(upTo: call.wholeLimit)
            // Some S3 operations begin with 200 and find out later.
            let isError = !call.givesData && call.service.wire == .restXML && Self.looksLikeS3Error(bytes)
            if !isError {
                return .success(Answer(status: response.status, headers: response.headers, bytes: bytes, stream: nil))
            }
            log?.body(bytes)
            return .failure(failedAttempt(response, 500, bytes, call))
        }
        let bytes = try await Self.head(of: response.body)
        log?.body(bytes)
        return .failure(failedAttempt(response, response.status, bytes, call))
    }

    private func failedAttempt(_ response: HTTPResponse, _ status: Int, _ body: [UInt8], _ call: Call) -> FailedAttempt
    {
        let said = ErrorDecoder.decode(call.service.wire, status: status, headers: response.headers, body: body)
        let error = AWSError(
            code: said.code, message: said.message, httpStatus: status, requestID: said.requestID,
            service: call.service.sdkID, operation: call.operation, resource: call.resource, fields: said.fields)
        return FailedAttempt(
            fault: .answer(error, retryAfter: RetryPolicy.retryAfter(response.headers)),
            serverDate: response.headers["Date"].flatMap { Timestamp.parse($0) })
    }

    /// Puts right what made a signature fail; `nil` when there is nothing to put right.
    private func repair(_ failed: FailedAttempt, _ credentials: Credentials) -> Repair? {
        guard case .answer(let error, _) = failed.fault else { return nil }
        if RetryCodes.mayBeClockSkew(code: error.code), let server = failed.serverDate {
            let offset = server.timeIntervalSince(effects.now())
            // AWS admits five minutes; a smaller difference has another cause. The offset applied already counts.
            if abs(offset - failed.clockOffset) > 240 {
                shared.clockOffset.withLock { $0 = offset }
                return .clock
            }
        }
        if error.code.hasPrefix("ExpiredToken"), credentials.expiration != nil {
            shared.credentials.forget(credentials)
            return .credentials
        }
        return nil
    }

    /// The first bytes of an error's body; errors are small, what is larger comes from something else.
    private static func head(of body: HTTPResponseBody) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in body {
            bytes += piece
            if bytes.count > 256 << 10 { break }
        }
        return bytes
    }

    private static func looksLikeS3Error(_ bytes: [UInt8]) -> Bool {
        if bytes.isEmpty { return false }
        let start = String(decoding: bytes.prefix(256), as: UTF8.self)
        let root = start.split(separator: "<").first { !$0.hasPrefix("?") && $0.contains(">") }
        return root?.hasPrefix("Error>") ?? false
    }
}
