package import FoundationEssentials
internal import HTTP

extension AWSClient {
    /// How an endpoint answered a request that asks for nothing.
    package struct Probe: Sendable {
        /// Any status is an answer: unsigned requests are refused.
        package let status: Int
        /// The service's clock, cut to seconds; `nil` when the answer has no date.
        package let serverDate: Date?
        /// This machine's clock halfway between the question and the answer.
        package let localDate: Date
        package let duration: Duration

        package init(status: Int, serverDate: Date?, localDate: Date, duration: Duration) {
            self.status = status
            self.serverDate = serverDate
            self.localDate = localDate
            self.duration = duration
        }
    }

    /// Asks an endpoint for nothing (`HEAD /`, not signed), once, to see whether it answers.
    ///
    /// - Parameter limit: for everything, the name's resolution included.
    /// - Throws: `HTTPError` when no answer came, `CancellationError`.
    package func probe(_ endpoint: Endpoint, within limit: Duration) async throws -> Probe {
        var request = HTTPRequest(method: "HEAD", url: endpoint.base + "/", headers: ["User-Agent": "fgctl"])
        request.timeouts.connect = limit
        request.timeouts.idle = limit
        request.timeouts.total = limit
        let began = effects.now()
        let clock = ContinuousClock.now
        let response = try await transport.send(request)
        let duration = ContinuousClock.now - clock
        let half = effects.now().timeIntervalSince(began) / 2
        return Probe(
            status: response.status, serverDate: response.headers["Date"].flatMap { Timestamp.parse($0) },
            localDate: began.addingTimeInterval(half), duration: duration)
    }
}
