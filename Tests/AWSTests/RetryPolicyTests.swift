import FoundationEssentials
import HTTP
import Support
import Testing

@testable import AWS

struct RetryPolicyTests {
    private static func answer(_ code: String, _ status: Int = 400, _ message: String = "", after: Duration? = nil)
        -> AttemptFault
    {
        .answer(
            AWSError(code: code, message: message, httpStatus: status, service: "ECS", operation: "RunTask"),
            retryAfter: after)
    }

    @Test(arguments: [
        (answer("Throttling"), true), (answer("SlowDown", 503), true), (answer("x", 429), true),
        (answer("x", 500), true),
        (answer("x", 502), true), (answer("x", 503), true), (answer("x", 504), true), (answer("RequestTimeout"), true),
        (answer("PriorRequestNotComplete"), true), (answer("x", 501), false),
        (answer("InvalidParameterException", 400, "Rate exceeded"), true),
        (answer("ValidationError", 400, "Throttling: slow"), true),
        (answer("InvalidParameterException", 400, "bad cpu"), false), (answer("AccessDenied", 403), false),
        (answer("NotFound", 404), false), (answer("ExpiredToken"), false),
        (.transport(.cannotConnect(host: "h", reason: "r")), true), (.transport(.connectionLost(reason: "r")), true),
        (.transport(.timedOut(reason: "r", sent: true)), true),
        (.transport(.truncatedBody(received: 1, expected: 2)), true), (.transport(.tls(host: "h", reason: "r")), false),
        (.transport(.invalidRequest(reason: "r")), false), (.transport(.bodyTooLarge(limit: 1)), false),
    ])
    func retriesWhatMayPass(fault: AttemptFault, expected: Bool) {
        #expect((RetryPolicy.pause(after: fault, attempt: 1, maximum: 3, random: 0.5) != nil) == expected)
        #expect(RetryPolicy.pause(after: fault, attempt: 3, maximum: 3, random: 0.5) == nil)
    }

    @Test func pausesDoubleUpToTheLongest() {
        let pauses = [1, 2, 3, 4, 5, 6, 7, 60].map {
            RetryPolicy.pause(after: Self.answer("Throttling"), attempt: $0, maximum: 100, random: 0.5)
        }
        #expect(pauses == [0.5, 1, 2, 4, 8, 10, 10, 10].map { .seconds($0) })
        #expect(RetryPolicy.pause(after: Self.answer("Throttling"), attempt: 1, maximum: 2, random: 0) == .zero)
    }

    @Test func servicesMayAskForLongerPausesUpToTheLongest() {
        func pause(_ after: Duration) -> Duration? {
            RetryPolicy.pause(after: Self.answer("x", 503, after: after), attempt: 1, maximum: 2, random: 0.5)
        }
        #expect(pause(.seconds(3)) == .seconds(3))
        #expect(pause(.milliseconds(1)) == .milliseconds(500))
        #expect(pause(.seconds(3600)) == .seconds(20))
    }

    @Test func readsWhatServicesAskFor() {
        #expect(RetryPolicy.retryAfter(["Retry-After": "3"]) == .seconds(3))
        #expect(RetryPolicy.retryAfter(["retry-after": "99999999999"]) == .seconds(20))
        #expect(RetryPolicy.retryAfter(["x-amz-retry-after": "1500", "Retry-After": "3"]) == .milliseconds(1500))
        #expect(RetryPolicy.retryAfter(["Retry-After": "-3"]) == nil)
        // A date is read by the service's own clock.
        let date = "Sat, 31 Jan 2026 12:00:00 GMT"
        #expect(RetryPolicy.retryAfter(["Retry-After": date]) == nil)
        #expect(
            RetryPolicy.retryAfter(["Retry-After": "Sat, 31 Jan 2026 12:00:07 GMT", "Date": date]) == .seconds(7))
        #expect(
            RetryPolicy.retryAfter(["Retry-After": "Sun, 31 Jan 2027 12:00:07 GMT", "Date": date]) == .seconds(20))
        #expect(
            RetryPolicy.retryAfter(["Retry-After": "Sat, 31 Jan 2026 11:59:59 GMT", "Date": date]) == nil)
        #expect(RetryPolicy.retryAfter([:]) == nil)
    }

    /// The lists of botocore's standard mode (retries/standard.py), which none of ours may fall short of.
    @Test func knowsEveryCodeOfBotocore() {
        let throttling = [
            "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
            "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
            "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
            "PriorRequestNotComplete", "EC2ThrottledException",
        ]
        for code in throttling { #expect(RetryCodes.isThrottling(code: code, message: "", status: 400), "\(code)") }
        for code in ["RequestTimeout", "RequestTimeoutException"] {
            #expect(RetryCodes.isTransient(code: code, status: 400), "\(code)")
            #expect(RetryCodes.isTimeout(code: code))
        }
        for status in [500, 502, 503, 504] { #expect(RetryCodes.isTransient(code: "x", status: status)) }
    }

    @Test(arguments: [
        ("InvalidParameterException", "Rate exceeded", true), ("ClientException", "ECS: Rate exceeded.", true),
        ("ValidationException", "Throttling", true), ("ValidationError", "Rate exceeded", true),
        ("AccessDeniedException", "Rate exceeded", false), ("InvalidParameterException", "rate() is wrong", false),
    ])
    func findsHiddenThrottling(code: String, message: String, expected: Bool) {
        #expect(RetryCodes.isThrottling(code: code, message: message, status: 400) == expected)
    }

    @Test func modesAndNumbersComeFromTheEnvironmentOrTheProfile() throws {
        func settings(_ values: [String: String], profile: String = "") -> AWSSettings {
            Samples.settings(
                [Samples.layer(values)], files: ["/home/u/.aws/config": "[default]\n\(profile)\n"])
        }
        #expect(try settings([:]).retryMode() == .standard)
        #expect(try settings([:]).maximumAttempts() == 3)
        #expect(try settings(["AWS_RETRY_MODE": "Adaptive"]).retryMode() == .adaptive)
        #expect(try settings(["AWS_RETRY_MODE": "legacy"]).maximumAttempts() == 5)
        #expect(try settings(["AWS_RETRY_MODE": "legacy", "AWS_MAX_ATTEMPTS": "2"]).maximumAttempts() == 2)
        let profile = "retry_mode = adaptive\nmax_attempts = 7"
        #expect(try settings([:], profile: profile).retryMode() == .adaptive)
        #expect(try settings([:], profile: profile).maximumAttempts() == 7)
        #expect(try settings(["AWS_RETRY_MODE": "standard"], profile: profile).retryMode() == .standard)
        let failure = #expect(throws: Failure.self) { try settings(["AWS_RETRY_MODE": "wild"]).retryMode() }
        #expect(failure?.kind == .usage)
        #expect(
            failure?.message
                == "'wild' (environment AWS_RETRY_MODE) is not a retry mode: standard, adaptive or legacy")
        #expect(throws: Failure.self) { try settings(["AWS_MAX_ATTEMPTS": "0"]).maximumAttempts() }
    }

    // MARK: adaptive

    @Test func nothingIsLimitedBeforeTheFirstThrottledAnswer() {
        var limiter = RateLimiter()
        for tenth in 0..<1000 {
            #expect(limiter.take(at: Double(tenth) / 10) == 0)
            limiter.received(throttled: false, at: Double(tenth) / 10)
        }
    }

    @Test func aThrottledAnswerCutsTheRateAndSuccessesRaiseIt() {
        var limiter = RateLimiter()
        // Ten requests a second.
        for tenth in 0..<100 { limiter.received(throttled: false, at: Double(tenth) / 10) }
        limiter.received(throttled: true, at: 10)
        let cut = limiter.rate
        #expect(cut > 6 && cut < 9, "\(cut)")
        limiter.received(throttled: true, at: 10.1)
        #expect(limiter.rate < cut)
        for tenth in 102..<400 { limiter.received(throttled: false, at: Double(tenth) / 10) }
        #expect(limiter.rate > cut)
    }

    @Test func requestsBeyondTheRateWaitTheirTurn() {
        var limiter = RateLimiter()
        limiter.received(throttled: true, at: 0)
        // The lowest rate: one request in two seconds. Waits add up, since every wait is a reserved token.
        #expect(limiter.rate == 0.5)
        let waits = (0..<3).map { _ in limiter.take(at: 0) }
        #expect(waits == [2, 4, 6])
        #expect(limiter.take(at: 100) == 0)
    }

    @Test func quotaRunsOutAndFillsAgain() {
        var quota = RetryQuota()
        for _ in 0..<50 { #expect(quota.take(forTimeout: true) == 10) }
        #expect(quota.take(forTimeout: false) == nil)
        quota.giveBack(10)
        #expect(quota.take(forTimeout: false) == 5)
        #expect(quota.take(forTimeout: true) == nil)
        quota.giveBack(nil)
        #expect(quota.available == 6)
        for _ in 0..<1000 { quota.giveBack(10) }
        #expect(quota.available == RetryQuota.capacity)
    }
}
