internal import Glibc

/// A port of 127.0.0.1 where nobody listens, for as long as this lives.
///
/// It is bound all the while: a port that was only let go would soon be another test's.
package final class ClosedPort: Sendable {
    package let port: UInt16
    private let descriptor: CInt

    package init() throws {
        let made = try LoopbackServer.bound()
        descriptor = made.descriptor
        port = made.port
    }

    deinit { close(descriptor) }

    /// `http://127.0.0.1:PORT` and the path, which starts with a slash.
    package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }
}
