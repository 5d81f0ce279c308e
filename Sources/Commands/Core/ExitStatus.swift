internal import AWS
package import Support

/// The exit codes of fgctl; the one place that knows them.
package enum ExitStatus {
    package static let done: Int32 = 0
    /// fgctl's own failure in a command that otherwise gives a container's or child's code.
    package static let ownFailure: Int32 = 125

    /// The code of a class of failure.
    package static func code(for kind: Failure.Kind) -> Int32 {
        switch kind {
        case .failed: 1
        case .differs: 2
        case .timedOut: 3
        case .credentials: 4
        case .superseded: 5
        case .usage: 64
        case .badInput: 65
        case .notYet: 99
        case .notExecutable: 126
        case .notFound: 127
        case .interrupted: 130
        case .terminated: 143
        }
    }

    /// The class of any error that reached the top.
    package static func kind(of error: any Error, signal: Int32?) -> Failure.Kind {
        switch error {
        case let failure as Failure: failure.kind
        case let several as Failures: several.errors.first.map { kind(of: $0, signal: signal) } ?? .failed
        case let error as AWSError where error.isCredentialProblem: .credentials
        case is CancellationError: signal == 15 ? .terminated : .interrupted
        default: .failed
        }
    }

    /// The exit code for any error.
    ///
    /// - Parameter passesCodeThrough: for commands whose code is a container's or child's: what is left for fgctl's own
    ///   failures there is 125, but for wrong usage and input, commands not found, and interruptions.
    package static func code(for error: any Error, signal: Int32?, passesCodeThrough: Bool) -> Int32 {
        if let passed = error as? PassedCode { return passed.code }
        let kind = kind(of: error, signal: signal)
        let own = code(for: kind)
        guard passesCodeThrough else { return own }
        switch kind {
        case .usage, .badInput, .notYet, .notExecutable, .notFound, .interrupted, .terminated: return own
        default: return ownFailure
        }
    }
}

/// Ends a command with a container's or child's own code; what there was to say has been said.
package struct PassedCode: Error, Sendable {
    package let code: Int32
    package init(_ code: Int32) { self.code = code }
}
