/// One attempt on the wire, as `--debug` shows it. Everything in it is masked already, by the names of values
/// (`WireMask`) and by the secrets that are known, which a service may quote under any name.
package struct WireTrace: Sendable, CustomStringConvertible {
    package let service: String
    package let operation: String
    package let method: String
    /// The URL as it is sent; signatures and tokens travel in headers only.
    package let url: String
    package let attempt: Int
    /// Status, error code and request id of an answer, or why there was none.
    package let outcome: String
    /// From the start of the attempt, with signing done, to the head of the answer; `nil` when none came.
    package let firstByte: Duration?
    /// To the end of the attempt: the whole answer, or its head where the body streams to the caller.
    package let total: Duration
    /// `Name: value`
    package var requestHeaders: [String] = []
    package var requestBody: String?
    package var answerHeaders: [String] = []
    /// Of errors only: good answers may hold anything.
    package var answerBody: String?

    /// The first line is the summary; those after it are indented, `>` is what was sent, `<` what came.
    package var description: String {
        let first = firstByte.map { ", first byte after \(Self.milliseconds($0)) ms" } ?? ""
        let summary =
            "\(service) \(operation) attempt \(attempt): \(method) \(url) -> \(outcome) in \(Self.milliseconds(total)) ms"
            + first
        let sent = (requestHeaders + [requestBody].compactMap { $0 }).map { "  > \($0)" }
        let came = (answerHeaders + [answerBody].compactMap { $0 }).map { "  < \($0)" }
        return ([summary] + sent + came).joined(separator: "\n")
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
