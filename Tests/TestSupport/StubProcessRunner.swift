package import Processes
internal import Synchronization

/// A runner that starts nothing: it answers each command from a script and remembers what it was asked to run. A command
/// that the script doesn't know is an error of the test.
package final class StubProcessRunner: ProcessRunner {
    /// What a stubbed program does.
    package struct Reply: Sendable {
        package var stdout: String
        package var stderr: String
        package var exit: Exit

        package init(stdout: String = "", stderr: String = "", exit: Exit = .code(0)) {
            self.stdout = stdout
            self.stderr = stderr
            self.exit = exit
        }
    }

    /// Answers one command, given with its index counted from 0; may throw what a real runner throws.
    package typealias Script = @Sendable (_ command: Command, _ index: Int) async throws -> Reply

    private let script: Script
    private let ran = Mutex<[Command]>([])

    package init(_ script: @escaping Script) { self.script = script }

    /// Every command so far, in order.
    package var commands: [Command] { ran.withLock { $0 } }

    /// The command lines so far, in order.
    package var commandLines: [String] { commands.map(\.commandLine) }

    package func run(_ command: Command, output: ProcessOutput) async throws -> Exit {
        let index = ran.withLock { ran in
            ran.append(command)
            return ran.count - 1
        }
        let reply = try await script(command, index)
        if case .stream(let stdout, let stderr) = output {
            if !reply.stdout.isEmpty { try await stdout(Array(reply.stdout.utf8)) }
            if !reply.stderr.isEmpty { try await stderr(Array(reply.stderr.utf8)) }
        }
        return reply.exit
    }
}
