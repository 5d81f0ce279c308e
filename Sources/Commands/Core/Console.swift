/// Where text goes: results to `out`, everything else to `err`. Whole lines only.
package struct Console: Sendable {
    /// Writes one line to standard output.
    package let out: @Sendable (String) -> Void
    /// Writes one line to standard error.
    package let err: @Sendable (String) -> Void
    /// Whether a person sees standard error.
    package let isTerminal: Bool
    /// Asks a person and gives the answer; `nil` when nobody can be asked.
    package let ask: (@Sendable (String) -> String?)?

    package init(
        out: @escaping @Sendable (String) -> Void, err: @escaping @Sendable (String) -> Void, isTerminal: Bool,
        ask: (@Sendable (String) -> String?)?
    ) {
        self.out = out
        self.err = err
        self.isTerminal = isTerminal
        self.ask = ask
    }
}
