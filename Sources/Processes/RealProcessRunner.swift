internal import Glibc
internal import Subprocess
internal import Support
internal import SystemPackage

/// Runs real programs through swift-subprocess, which gives each a clean signal mask and default dispositions, reads its
/// pipes without a blocked thread, and reaps it in every case.
package struct RealProcessRunner: ProcessRunner {
    private let grace: Duration

    /// - Parameter grace: how long a program may live on after SIGTERM before SIGKILL.
    package init(grace: Duration = .seconds(10)) { self.grace = grace }

    package func run(_ command: Command, output: ProcessOutput) async throws -> Exit {
        try Task.checkCancellation()
        guard let timeout = command.timeout else { return try await runToEnd(command, output) }
        return try await withThrowingTaskGroup(of: Exit?.self) { group in
            group.addTask { try await runToEnd(command, output) }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            if let first = try await group.next(), let exit = first { return exit }
            group.cancelAll()
            // The program is dead and reaped before the time limit is reported.
            while await group.nextResult() != nil {}
            try Task.checkCancellation()
            throw Failure(.timedOut, "run \(command.executable): not finished after \(timeout)")
        }
    }

    private func runToEnd(_ command: Command, _ output: ProcessOutput) async throws -> Exit {
        let configuration = try configuration(for: command, output)
        let input = try InputDescriptor(command.standardInput)
        let status: TerminationStatus
        do {
            status = try await spawn(configuration, input, output)
        } catch {
            // Once cancelled, whatever else went wrong was the teardown's doing.
            try Task.checkCancellation()
            if let error = error as? SubprocessError { throw Self.failure(error, of: command) }
            throw error
        }
        try Task.checkCancellation()
        return switch status {
        case .exited(let code): .code(code)
        case .signaled(let signal): .signal(signal)
        }
    }

    private func spawn(
        _ configuration: Configuration, _ input: borrowing InputDescriptor, _ output: ProcessOutput
    ) async throws -> TerminationStatus {
        switch output {
        case .inherit, .toStandardError:
            let isInherited = if case .inherit = output { true } else { false }
            return try await Subprocess.run(
                configuration, input: input.asInput(),
                output: .fileDescriptor(
                    isInherited ? .standardOutput : .standardError, closeAfterSpawningProcess: false),
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
            ).terminationStatus
        case .stream(let stdout, let stderr):
            return try await Subprocess.run(
                configuration, input: input.asInput(), output: .sequence, error: .sequence
            ) { execution in
                // Both at once: a program that fills one pipe while the other is read would wait forever.
                let output = execution.standardOutput
                let errors = execution.standardError
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await Self.drain(output, into: stdout) }
                    group.addTask { try await Self.drain(errors, into: stderr) }
                    // Not waitForAll(): that would go on reading the other stream after one sink has thrown.
                    for try await _ in group {}
                }
            }.terminationStatus
        }
    }

    private static func drain(_ stream: SubprocessOutputSequence, into sink: ProcessOutput.Sink) async throws {
        for try await piece in stream {
            try await sink(piece.withUnsafeBytes { Array($0) })
        }
    }

    private func configuration(for command: Command, _ output: ProcessOutput) throws -> Configuration {
        let environment = Subprocess.Environment.inherit.updating(
            Dictionary(
                uniqueKeysWithValues: command.environment.compactMap { name, value in
                    Subprocess.Environment.Key(rawValue: name).map { ($0, value) }
                }))
        let path =
            command.environment["PATH"].flatMap { $0 } ?? getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let directory = try command.directory.map(Self.absolute) ?? Self.absolute(".")
        let executable = try ExecutableLookup(path: path, directory: directory).find(command.executable)

        var options = PlatformOptions()
        let sharesTerminal =
            if case .inherit = command.standardInput { true } else if case .stream = output { false } else { true }
        if !sharesTerminal {
            // A group of its own, so that ending it reaches the program's own children too, and a Ctrl-C at the
            // terminal reaches it once, through us. Programs that use the terminal stay in its foreground group.
            options.processGroupID = 0
        }
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: !sharesTerminal, allowedDurationToNextStep: grace)
        ]
        return Configuration(
            executable: .path(FilePath(executable)),
            arguments: Arguments(executablePathOverride: command.executable, remainingValues: command.arguments),
            environment: environment, workingDirectory: FilePath(directory), platformOptions: options)
    }

    private static func absolute(_ directory: String) throws -> String {
        guard let resolved = realpath(directory, nil) else {
            throw Failure(.failed, "change to directory \(directory): \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func failure(_ error: SubprocessError, of command: Command) -> Failure {
        let name = command.executable
        let reason = error.underlyingError.map { "\($0)" } ?? "\(error)"
        return switch (error.code, error.underlyingError) {
        case (.executableNotFound, _), (.spawnFailed, .noSuchFileOrDirectory):
            // The file itself was found, so what is missing is the interpreter its first line names.
            Failure(.notFound, "run \(name): its interpreter or loader was not found", cause: error)
        case (.spawnFailed, .permissionDenied), (.spawnFailed, .execFormatError):
            Failure(.notExecutable, "run \(name): \(reason)", cause: error)
        default:
            Failure(.failed, "run \(name): \(reason)", cause: error)
        }
    }
}
