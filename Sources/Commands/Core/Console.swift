/// Where text goes: results to `out`, everything else to `err`. Whole lines only.
package struct Console: Sendable {
    /// Writes one line to standard output.
    package let out: @Sendable (String) -> Void
    /// Writes one line to standard error.
    package let err: @Sendable (String) -> Void
    /// Shows a question and gives the line that a person answers; `nil` where nobody can be asked.
    package let ask: (@Sendable (String) async throws -> String?)?

    package init(
        out: @escaping @Sendable (String) -> Void, err: @escaping @Sendable (String) -> Void,
        ask: (@Sendable (String) async throws -> String?)? = nil
    ) {
        self.out = out
        self.err = err
        self.ask = ask
    }
}
