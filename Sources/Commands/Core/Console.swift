/// Where text goes: results to `out`, everything else to `err`. Whole lines only.
package struct Console: Sendable {
    /// Writes one line to standard output.
    package let out: @Sendable (String) -> Void
    /// Writes one line to standard error.
    package let err: @Sendable (String) -> Void

    package init(out: @escaping @Sendable (String) -> Void, err: @escaping @Sendable (String) -> Void) {
        self.out = out
        self.err = err
    }
}
