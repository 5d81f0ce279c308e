package import FoundationEssentials
package import HTTP
package import Processes
package import Support

/// Everything that commands get from outside. The real one is built in `main`; tests put their own in place.
package struct CommandContext: Sendable {
    /// The name that the program was called by, without its folder.
    package var programName: String
    /// The process environment.
    package var environment: [String: String]
    /// The working directory, absolute.
    package var directory: String
    /// Where results and progress go.
    package var console: Console
    /// Makes the connection to the network when a command first needs it.
    package var makeTransport: @Sendable (HTTPConfiguration) throws -> any Transport
    package var processes: any ProcessRunner
    package var files: any FileSystem
    package var now: @Sendable () -> Date
    /// Writes a file of the user's own over one that is there (see `CredentialEffects.save`); `nil`: nothing is kept.
    package var saveFile: (@Sendable (_ path: String, _ bytes: [UInt8]) throws -> Void)?
    /// Whether standard input and output are a terminal.
    package var isTerminal = false
    /// The signal that asked the process to end, if one did.
    package var interruption: Interruption

    package init(
        programName: String, environment: [String: String], directory: String, console: Console,
        makeTransport: @escaping @Sendable (HTTPConfiguration) throws -> any Transport,
        processes: any ProcessRunner, files: any FileSystem = LocalFileSystem(), now: @escaping @Sendable () -> Date,
        interruption: Interruption
    ) {
        self.programName = programName
        self.environment = environment
        self.directory = directory
        self.console = console
        self.makeTransport = makeTransport
        self.processes = processes
        self.files = files
        self.now = now
        self.interruption = interruption
    }

    /// The context of the running command.
    @TaskLocal package static var current: CommandContext?
}
