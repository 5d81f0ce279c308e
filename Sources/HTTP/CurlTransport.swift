/// The network: libcurl's multi interface on one thread of its own.
///
/// Connections are kept and reused for as long as the transport lives; make one and share it. The thread starts with the
/// first request, never keeps the process from exiting, and ends with the transport and its last response body. Before
/// leaving by `exit` while transfers may still run, call `shutdown()`: OpenSSL tears itself down there.
package final class CurlTransport: Transport {
    private let loop: CurlLoop
    /// Handles of C alive on behalf of this transport; 0 after `shutdown()`.
    package let census = HandleCensus()

    package init(_ configuration: HTTPConfiguration = HTTPConfiguration()) {
        loop = CurlLoop(configuration, census: census)
    }

    deinit { loop.close(.whenIdle) }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let prepared = try PreparedRequest(request, proxies: loop.configuration.proxies)
        let transfer = Transfer(prepared, body: request.body, loop: loop)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { transfer.begin($0) }
        } onCancel: {
            transfer.abort(CancellationError())
        }
    }

    /// Ends all transfers, closes all connections, and waits until that is done. Later requests are refused.
    package func shutdown() async {
        loop.close(.now)
        await loop.ended()
    }
}
