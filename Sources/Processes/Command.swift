package import Support

/// One program to run: what stands on its command line and around it. Arguments are an array; nothing goes through a shell.
package struct Command: Sendable {
    /// A name looked up on `PATH`, or a path when it holds a `/` (a relative one counts from `directory`).
    package var executable: String
    /// The arguments after the program's name.
    package var arguments: [String]
    /// Changes to the inherited environment; `nil` removes the variable.
    package var environment: [String: String?] = [:]
    /// The working directory; `nil` is this process's own.
    package var directory: String?
    package var standardInput: StandardInput = .none
    /// Whether the program changes something outside this process: refused under dry run.
    package var mutates: Bool
    /// How long the program may run before it is ended; `nil` is no limit.
    package var timeout: Duration?

    /// What the program reads from its standard input.
    package enum StandardInput: Sendable {
        /// Nothing: end of file at once.
        case none
        /// What this process reads; the program then belongs to the terminal's foreground group and gets Ctrl-C itself.
        case inherit
        /// These bytes, then end of file.
        case bytes([UInt8])
        /// This text of at most 4 KiB in any case, 64 KiB usually, then end of file; it never touches a disk, the command
        /// line or the environment.
        case secret(Secret)
    }

    package init(
        _ executable: String, _ arguments: [String] = [], mutates: Bool, standardInput: StandardInput = .none,
        timeout: Duration? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.mutates = mutates
        self.standardInput = standardInput
        self.timeout = timeout
    }
}

extension Command {
    /// The command as a person would type it into a POSIX shell, for plans and messages; never given to a shell by fgctl.
    package var commandLine: String {
        ([executable] + arguments).map(Self.quoted).joined(separator: " ")
    }

    /// One word as a POSIX shell reads it back.
    package static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=@,+%".utf8.contains(byte)
            }
        }
        if isPlain, !word.isEmpty { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}

/// How a program ended.
package enum Exit: Sendable, Hashable, CustomStringConvertible {
    /// It exited with this status, 0 to 255.
    case code(Int32)
    /// A signal killed it.
    case signal(Int32)

    package var isSuccess: Bool { self == .code(0) }

    /// The status a POSIX shell would report: the code, or 128 plus the signal's number.
    package var shellStatus: Int32 {
        switch self {
        case .code(let code): code
        case .signal(let signal): 128 + signal
        }
    }

    package var description: String {
        switch self {
        case .code(let code): "exit \(code)"
        case .signal(let signal): "killed by signal \(signal)"
        }
    }
}
