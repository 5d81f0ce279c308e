import FoundationEssentials
import Glibc
import Processes
import Support
import Synchronization
import Testing

@Suite struct RealProcessRunnerTests {
    private let runner = RealProcessRunner(grace: .seconds(60))

    private func shell(_ script: String, input: Command.StandardInput = .none) -> Command {
        Command("sh", ["-c", script], mutates: false, standardInput: input, timeout: .seconds(600))
    }

    // Each stream is far larger than a pipe holds: reading one after the other would never end.
    @Test func readsBothStreamsWhole() async throws {
        let script =
            "i=0; while [ $i -lt 20 ]; do head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2; i=$((i+1)); done"
        let captured = try await runner.capture(shell(script))
        #expect(captured.exit == .code(0))
        #expect(captured.stdout.count == 2_000_000)
        #expect(captured.stderr.count == 2_000_000)
    }

    @Test func losesNothingThatWasWrittenJustBeforeTheEnd() async throws {
        for round in 0..<20 {
            let captured = try await runner.capture(shell("head -c 60000 /dev/zero; echo end >&2; exit \(round)"))
            #expect(captured.stdout.count == 60_000)
            #expect(captured.errorText == "end\n")
            #expect(captured.exit == .code(Int32(round)))
        }
    }

    @Test(arguments: [0, 1, 7, 127, 255]) func givesTheExitCode(_ code: Int32) async throws {
        #expect(try await runner.capture(shell("exit \(code)")).exit == .code(code))
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGINT, SIGPIPE]) func givesTheSignal(_ signal: Int32) async throws {
        let exit = try await runner.capture(shell("kill -\(signal) $$")).exit
        #expect(exit == .signal(signal))
        #expect(exit.shellStatus == 128 + signal)
        #expect(!exit.isSuccess)
    }

    @Test func childHasCleanSignalMaskAndDispositions() async throws {
        let status = try await runner.capture(Command("grep", ["^Sig[BI]", "/proc/self/status"], mutates: false)).text
        for line in status.split(separator: "\n") {
            let mask = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
            // Signals 32 and 33 belong to the C library: nobody may change them, so they come from whoever started us.
            #expect(mask & 0x7fff_ffff == 0, "\(line)")
        }
        #expect(status.split(separator: "\n").count == 2)
    }

    @Test func cancellingEndsAChildAndItsChildrenQuickly() async throws {
        let started = AsyncStream<String>.makeStream()
        let runner = runner
        let task = Task {
            // The inner sleep holds the pipe open: only a signal to the group ends it too.
            try await runner.run(
                Command("sh", ["-c", "sleep 300 & echo $! $$; wait"], mutates: false),
                stdout: { started.continuation.yield($0) }, stderr: { _ in })
        }
        var pids: [pid_t] = []
        for await line in started.stream {
            pids = line.split(separator: " ").compactMap { pid_t($0) }
            break
        }
        let clock = ContinuousClock()
        let before = clock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // Without the signal it would be 300 s; a machine that is busy with other tests takes some.
        #expect(clock.now - before < .seconds(200))
        #expect(pids.count == 2)
        for pid in pids.prefix(2) { #expect(await isGone(pid, within: .seconds(200))) }
    }

    @Test func killsAChildThatIgnoresSIGTERM() async throws {
        let started = AsyncStream<String>.makeStream()
        let runner = RealProcessRunner(grace: .milliseconds(100))
        let task = Task {
            try await runner.run(
                Command("sh", ["-c", "trap '' TERM; echo $$; while :; do sleep 1; done"], mutates: false),
                stdout: { started.continuation.yield($0) }, stderr: { _ in })
        }
        var pid: pid_t?
        for await line in started.stream {
            pid = pid_t(line)
            break
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await isGone(try #require(pid), within: .seconds(200)))
    }

    @Test func runsOnAfterACancelledChild() async throws {
        let runner = runner
        for _ in 0..<5 {
            let task = Task { try await runner.capture(Command("sleep", ["300"], mutates: false)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await runner.capture(shell("echo on")).text == "on\n")
        }
    }

    @Test func timeLimitEndsTheChild() async throws {
        var command = Command("sleep", ["300"], mutates: false)
        command.timeout = .milliseconds(50)
        let failure = await #expect(throws: Failure.self) { try await runner.capture(command) }
        #expect(failure?.kind == .timedOut)
        #expect(failure?.message == "run sleep: not finished after 0.05 seconds")
    }

    @Test func aSinkThatThrowsEndsTheChild() async throws {
        struct Full: Error {}
        await #expect(throws: Full.self) {
            try await runner.run(
                Command("yes", mutates: false), output: .stream(stdout: { _ in throw Full() }, stderr: { _ in }))
        }
    }

    @Test func manyAtOnce() async throws {
        let runner = runner
        let total = try await withThrowingTaskGroup(of: Int32.self) { group in
            for index in 0..<40 {
                group.addTask {
                    try await runner.capture(Command("sh", ["-c", "exit \(index)"], mutates: false)).exit.shellStatus
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(total == (0..<40).reduce(0, +))
    }

    @Test func givesBytesAsStandardInput() async throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let captured = try await runner.capture(Command("cat", mutates: false, standardInput: .bytes(bytes)))
        #expect(captured.stdout == bytes)
    }

    @Test func givesASecretAsStandardInput() async throws {
        let command = Command("cat", mutates: false, standardInput: .secret(Secret("hunter2")))
        #expect(try await runner.capture(command).text == "hunter2")
        #expect(!"\(command)".contains("hunter2"))
    }

    // A pipe would raise SIGPIPE here and end the test process.
    @Test func survivesAChildThatReadsNoInput() async throws {
        let command = Command("true", mutates: false, standardInput: .bytes([UInt8](repeating: 0, count: 1 << 20)))
        #expect(try await runner.capture(command).exit == .code(0))
    }

    @Test func givesNoInputAsEndOfFile() async throws {
        #expect(try await runner.capture(Command("cat", mutates: false)).stdout.isEmpty)
    }

    @Test func overridesAndRemovesEnvironment() async throws {
        var command = shell(#"echo "$FGCTL_TEST_A|${HOME-unset}|${PATH:+path}""#)
        command.environment = ["FGCTL_TEST_A": "b c", "HOME": nil]
        #expect(try await runner.capture(command).text == "b c|unset|path\n")
    }

    @Test func runsInTheGivenDirectory() async throws {
        var command = Command("pwd", mutates: false)
        command.directory = "/usr/lib"
        #expect(try await runner.capture(command).text == "/usr/lib\n")
        command.directory = "/no/such"
        let failure = await #expect(throws: Failure.self) { try await runner.capture(command) }
        #expect(failure?.message == "change to directory /no/such: No such file or directory")
    }

    @Test func capturesUpToALimit() async throws {
        let captured = try await runner.capture(shell("printf 12345; printf abcdefgh >&2"), limit: 5)
        #expect(captured.text == "12345")
        #expect(captured.errorText == "defgh")
        let failure = await #expect(throws: Failure.self) { try await runner.capture(shell("printf 123456"), limit: 5) }
        #expect(failure?.message == "run sh: it wrote more than 5 bytes")
    }

    @Test func dryRunRefusesChangesOnly() async throws {
        let runner = DryRunProcessRunner(runner)
        #expect(try await runner.capture(shell("echo read")).text == "read\n")
        let command = Command("docker", ["push", "a b"], mutates: true)
        let failure = await #expect(throws: Failure.self) { try await runner.capture(command) }
        #expect(failure?.message == "dry run: refused to run docker push 'a b'")
    }

    /// Whether the process ends (or is a zombie of somebody else's) within a deadline.
    private func isGone(_ pid: pid_t, within deadline: Duration) async -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        while clock.now < end {
            let status = FileManager.default.contents(atPath: "/proc/\(pid)/stat").map {
                String(decoding: $0, as: UTF8.self)
            }
            guard let status, !status.contains(") Z ") else { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
