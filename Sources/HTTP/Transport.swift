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
}
