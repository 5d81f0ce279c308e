package import Processes

/// What finding credentials needs from outside besides the network and the files it reads. Nothing of it is touched before
/// a source needs it.
package struct CredentialEffects: Sendable {
    /// Shows a question to a person and gives the answer; `nil` where nobody can be asked.
    package var ask: (@Sendable (String) async throws -> String?)?
    /// Runs what `credential_process` names; `nil`: such profiles can't be used.
    package var processes: (any ProcessRunner)?
    /// Writes a file that is the user's own (mode 0600), whole or not at all, over one that is there; makes folders. `nil`:
    /// nothing is kept between runs.
    package var save: (@Sendable (_ path: String, _ bytes: [UInt8]) throws -> Void)?
    /// Told what a person should know; masked.
    package var warn: @Sendable (String) -> Void
    /// Told what only who looks for trouble wants to know; masked.
    package var debug: @Sendable (String) -> Void

    package init(
        ask: (@Sendable (String) async throws -> String?)? = nil, processes: (any ProcessRunner)? = nil,
        save: (@Sendable (_ path: String, _ bytes: [UInt8]) throws -> Void)? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in }, debug: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.ask = ask
        self.processes = processes
        self.save = save
        self.warn = warn
        self.debug = debug
    }
}
