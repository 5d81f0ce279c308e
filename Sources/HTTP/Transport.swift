import Support

/// Sends one HTTP request and gives its response. The one seam between fgctl and the network.
///
/// `CurlTransport` is the real one; tests put a stub in its place.
package protocol Transport: Sendable {
    /// Sends the request once: no retries, no redirects.
    ///
    /// Returns as soon as the response's head is there; its body streams. Cancelling the calling task ends the transfer.
    /// - Throws: `HTTPError` when no complete response head arrived; `CancellationError` when the task was cancelled.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse

    /// Executors for tasks that send one small request after another: on them, a request is sent and its answer read by the
    /// thread that the task runs on. Such tasks must not wait for anything but answers and files. Empty where there are none.
    var lanes: [any TaskExecutor] { get }
}

extension Transport {
    package var lanes: [any TaskExecutor] { [] }
}
