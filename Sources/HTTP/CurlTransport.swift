internal import Glibc

/// The network: libcurl's multi interface on threads of its own.
///
/// Connections are kept and reused for as long as the transport lives; make one and share it. A thread starts with its first
/// request, never keeps the process from exiting, and ends with the transport and its last response body. Before
/// leaving by `exit` while transfers may still run, call `shutdown()`: OpenSSL tears itself down there.
package final class CurlTransport: Transport {
    /// More threads than this find nothing to do: one moves some ten thousand small objects a second.
    private static let mostLoops = 4

    /// The first one serves everybody who isn't on the thread of another.
    private let loops: [CurlLoop]
    private let proxies: ProxySettings
    /// Handles of C alive on behalf of this transport; 0 after `shutdown()`.
    package let census = HandleCensus()

    package init(_ configuration: HTTPConfiguration = HTTPConfiguration()) {
        let census = census
        let count = min(Self.mostLoops, max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))))
        loops = (0..<count).map { _ in CurlLoop(configuration, census: census) }
        proxies = configuration.proxies
    }

    deinit { for loop in loops { loop.close(.whenIdle) } }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let prepared = try PreparedRequest(request, proxies: proxies)
        let transfer = Transfer(prepared, body: request.body, loop: loops.first { $0.isCurrent } ?? loops[0])
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { transfer.begin($0) }
        } onCancel: {
            transfer.abort(CancellationError())
        }
    }

    package var lanes: [any TaskExecutor] { loops.filter { $0.runsTasks() } }

    /// Ends all transfers, closes all connections, and waits until that is done. Later requests are refused.
    package func shutdown() async {
        for loop in loops { loop.close(.now) }
        for loop in loops { await loop.ended() }
    }
}
