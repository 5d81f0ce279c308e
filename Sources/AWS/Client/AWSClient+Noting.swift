internal import HTTP

extension AWSClient {
    /// The same client, which calls `note` before each request that it sends, retries included: for those who keep to a
    /// number of calls.
    package func noting(_ note: @escaping @Sendable () -> Void) -> AWSClient {
        var copy = self
        copy.transport = NotingTransport(next: transport, note: note)
        return copy
    }
}

private struct NotingTransport: Transport {
    let next: any Transport
    let note: @Sendable () -> Void

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        note()
        return try await next.send(request)
    }
}
