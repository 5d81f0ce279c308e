import HTTP
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
        #expect(RetryPolicy.retryAfter(["Retry-After": "Sat, 31 Jan 2026 12:00:00 GMT"]) == nil)
        #expect(RetryPolicy.retryAfter([:]) == nil)
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
