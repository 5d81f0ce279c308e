internal import Support

/// Runs programs. The one seam between fgctl and other programs; tests put a stub in its place.
package protocol ProcessRunner: Sendable {
    /// Runs the program to its end and reaps it.
    ///
    /// Cancelling the calling task sends SIGTERM to the program (to all of its process group unless it shares the
    /// terminal), after a grace SIGKILL, and then throws `CancellationError`.
    /// - Throws: `Failure` `.notFound` or `.notExecutable` before anything was started, `.timedOut` when
    ///   `command.timeout` passed, `.failed` when it couldn't be started otherwise; whatever a sink of `output` throws,
    ///   after the program was ended. An exit status other than 0 is no error here.
    func run(_ command: Command, output: ProcessOutput) async throws -> Exit
}

/// Where a program's standard output and standard error go.
package enum ProcessOutput: Sendable {
    /// Takes what a program wrote, in order; the program waits while it works.
    package typealias Sink = @Sendable (_ bytes: [UInt8]) async throws -> Void

    /// To this process's own, as they are: the program sees the terminal.
    case inherit
    /// Both to this process's standard error, as they are: standard output is kept for a result.
    case toStandardError
    /// To the sinks, as the bytes come. The two streams are read at the same time, so the sinks may run at the same time.
    case stream(stdout: Sink, stderr: Sink)
}

/// What a program wrote, and how it ended.
package struct CapturedOutput: Sendable {
    package let exit: Exit
    package let stdout: [UInt8]
    package let stderr: [UInt8]

    package init(exit: Exit, stdout: [UInt8], stderr: [UInt8]) {
        self.exit = exit
        self.stdout = stdout
        self.stderr = stderr
    }

    /// Standard output as text; bytes that are no UTF-8 become U+FFFD.
    package var text: String { String(decoding: stdout, as: UTF8.self) }
    /// Standard error as text; bytes that are no UTF-8 become U+FFFD.
    package var errorText: String { String(decoding: stderr, as: UTF8.self) }
}

extension ProcessRunner {
    /// Takes one line of text, without its line feed.
    package typealias LineSink = @Sendable (_ line: String) -> Void

    /// Runs a program and gives each line to a sink as soon as it is complete; a last line without line feed counts.
    package func run(_ command: Command, stdout: @escaping LineSink, stderr: @escaping LineSink) async throws -> Exit {
        let output = LineSplitter()
        let errors = LineSplitter()
        let exit = try await run(
            command,
            output: .stream(
                stdout: { output.add($0, to: stdout) },
                stderr: { errors.add($0, to: stderr) }))
        output.finish(to: stdout)
        errors.finish(to: stderr)
        return exit
    }

    /// Runs a program and keeps what it wrote.
    /// - Parameter limit: bytes kept of each stream; the program is not stopped by it.
    /// - Throws: `Failure.failed` when standard output was longer than `limit`; of standard error the end is kept.
    package func capture(_ command: Command, limit: Int = 4 << 20) async throws -> CapturedOutput {
        let output = BoundedBytes(limit: limit)
        let errors = BoundedBytes(limit: limit)
        let exit = try await run(
            command, output: .stream(stdout: { output.add($0) }, stderr: { errors.add($0) }))
        if output.isTruncated {
            throw Failure(.failed, "run \(command.executable): it wrote more than \(limit) bytes")
        }
        return CapturedOutput(exit: exit, stdout: output.bytes, stderr: errors.bytes)
    }
}

/// The guard of `--dry-run`: passes on what only reads, refuses what changes something.
package struct DryRunProcessRunner: ProcessRunner {
    private let base: any ProcessRunner

    package init(_ base: any ProcessRunner) { self.base = base }

    package func run(_ command: Command, output: ProcessOutput) async throws -> Exit {
        if command.mutates {
            throw Failure(.failed, "dry run: refused to run \(command.commandLine)")
        }
        return try await base.run(command, output: output)
    }
}
