package import HTTP
internal import Synchronization

/// A transport that answers from a script and remembers what it was sent. An unscripted request is an error of the test.
package final class StubTransport: Transport {
    /// What the script sees of a request.
    package typealias Responder = @Sendable (HTTPRequest, Int) async throws -> HTTPResponse

    private let responder: Responder
    private let state = Mutex<[HTTPRequest]>([])

    /// - Parameter responder: called for each request with its index, counted from 0.
    package init(_ responder: @escaping Responder) { self.responder = responder }

    /// Every request sent so far, in order.
    package var requests: [HTTPRequest] { state.withLock { $0 } }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let index = state.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return try await responder(request, index)
    }
}

extension HTTPResponse {
    /// A response with a text body.
    package static func text(_ status: Int, _ body: String, headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: HTTPResponseBody(Array(body.utf8)))
    }
}

extension HTTPRequest {
    /// The text of a body held in memory; empty when there is none or it streams.
    package var bodyText: String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }
}
