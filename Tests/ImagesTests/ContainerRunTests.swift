import Images
import Processes
import Support
import TestSupport
import Testing

struct ContainerRunTests {
    private static func container() -> ContainerRun {
        ContainerRun(reference: "host/nightly:0.1", name: "fgctl-run-1", platform: "linux/amd64")
    }

    @Test func valuesStayOffTheCommandLine() {
        var container = Self.container()
        container.environment = [("MODE", "full day"), ("PATH", "/bin"), ("http_proxy", "p")]
        container.secrets = [("AWS_SECRET_ACCESS_KEY", Secret("hidden-word"))]
        container.command = ["sh", "-c", "echo $MODE"]
        let process = container.process
        #expect(
            process.arguments == [
                "run", "--rm", "--init", "--name", "fgctl-run-1", "--platform", "linux/amd64", "--interactive", "--env",
                "MODE", "--env", "PATH=/bin", "--env", "http_proxy=p", "--env", "AWS_SECRET_ACCESS_KEY",
                "host/nightly:0.1", "sh", "-c", "echo $MODE",
            ])
        #expect(process.environment == ["MODE": "full day", "AWS_SECRET_ACCESS_KEY": "hidden-word"])
        #expect(process.mutates)
    }

    @Test func aTerminalIsPassedOn() {
        var container = Self.container()
        #expect(!container.process.arguments.contains("--tty"))
        container.isTerminal = true
        #expect(container.process.arguments.contains("--tty"))
    }

    @Test func theContainersCodeComesBack() async throws {
        let runner = StubProcessRunner { _, _ in .init(exit: .code(7)) }
        #expect(try await Fixture().docker(runner).run(Self.container()) == 7)
    }

    @Test func anInterruptedContainerIsTakenAway() async throws {
        let runner = StubProcessRunner { command, _ in
            if command.arguments.first == "run" { throw CancellationError() }
            return .init()
        }
        await #expect(throws: CancellationError.self) { try await Fixture().docker(runner).run(Self.container()) }
        #expect(runner.commandLines.last == "docker rm --force fgctl-run-1")
    }

    @Test func pullsWhatIsNotThere() async throws {
        let fixture = Fixture()
        let runner = StubProcessRunner { command, _ in
            command.arguments.first == "image" ? Fixture.missing : .init(stdout: "1\n")
        }
        let name = try await fixture.docker(runner).obtain(fixture.project, "0.1", registry: fixture.registry)
        #expect(name == "\(Fixture.host)/nightly:0.1")
        #expect(runner.commandLines.last == "docker pull \(name)")
        #expect(fixture.registry.calls == ["login"])
    }

    @Test func saysWhichVersionsThereAreWhenThePullFails() async throws {
        let fixture = Fixture()
        let runner = StubProcessRunner { command, _ in
            switch command.arguments.first {
            case "image": Fixture.missing
            case "pull": .init(stderr: "Error response from daemon: manifest unknown\n", exit: .code(1))
            default: .init(stdout: "1\n")
            }
        }
        let docker = fixture.docker(runner)
        let registry = StubRegistry(["nightly": ["0.1": "a"]])
        let missing = await #expect(throws: Failure.self) {
            try await docker.obtain(fixture.project, "7.7", registry: registry)
        }
        #expect(
            missing?.message
                == "find image nightly:7.7: not in ECR; there are 0.1; docker has no such image either")
        #expect(missing?.hint?.contains("'fgctl docker-build 7.7'") == true)
        // Docker's sentence stands in the failure alone.
        let broken = await #expect(throws: Failure.self) {
            try await docker.obtain(fixture.project, "0.1", registry: registry)
        }
        #expect(broken?.message.contains("manifest unknown") == true)
        #expect(!fixture.progress.all.contains { $0.contains("manifest unknown") })
    }
}
