/// What went wrong, as the user is told it: what was attempted, on what, why, and what to do next.
///
/// Every layer throws `Failure` for conditions that a person has to read; lower layers throw their own typed errors
/// (`HTTPError`, `AWSError`) where the caller decides. `Commands` alone turns a `Failure` into an exit code.
package struct Failure: Error, Sendable {
    /// The class of a failure; decides the exit code of the process, nothing else.
    package enum Kind: String, Sendable, CaseIterable {
        /// The operation was attempted and failed (exit 1).
        case failed
        /// Two things that were compared differ (exit 2).
        case differs
        /// A deadline passed while waiting; the operation itself may still go on (exit 3).
        case timedOut
        /// Credentials are missing, expired or refused (exit 4).
        case credentials
        /// Another deployment took over (exit 5).
        case superseded
        /// The command line is wrong (exit 64).
        case usage
        /// An input file is wrong; the message names file, line and, where known, column (exit 65).
        case badInput
        /// Not finished yet, asked with `--poke` (exit 99).
        case notYet
        /// A program exists but can't be executed (exit 126).
        case notExecutable
        /// A program was not found (exit 127).
        case notFound
        /// Interrupted by SIGINT (exit 130).
        case interrupted
        /// Ended by SIGTERM (exit 143).
        case terminated
    }

    /// The class of the failure.
    package let kind: Kind
    /// One line, lower case, without a full stop: what was attempted, on what resource, and why it failed.
    package let message: String
    /// What the user can do next: one sentence or command; shown on a line of its own.
    package let hint: String?
    /// The error underneath, shown with `--debug` only; its facts already stand in `message`.
    package let cause: (any Error)?

    package init(_ kind: Kind, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}

extension Failure: CustomStringConvertible {
    package var description: String { hint.map { "\(message)\n\($0)" } ?? message }
}

/// Several independent failures of work over many items: all items were tried, these failed.
package struct Failures: Error, Sendable, CustomStringConvertible {
    /// At least one error, in the order of the items.
    package let errors: [any Error]

    package init(_ errors: [any Error]) { self.errors = errors }

    package var description: String { errors.map { "\($0)" }.joined(separator: "\n") }
}
