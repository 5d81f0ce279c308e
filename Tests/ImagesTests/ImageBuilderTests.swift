import Environment
import Processes
import Support
import TestSupport
import Testing

@testable import Images

@Suite struct ImageBuilderTests {
    private func succeeding(architecture: String = "amd64") -> StubProcessRunner {
        StubProcessRunner { command, _ in
            switch command.arguments.first {
            case "version": .init(stdout: "20.10.24\n")
            case "build": .init(stdout: "Step 1/1 : FROM busybox\n", stderr: "DEPRECATED\n")
            case "image": .init(stdout: Fixture.inspect(architecture: architecture))
            default: throw Failure(.failed, "unexpected \(command.commandLine)")
            }
        }
    }

    @Test func buildsWithBothNames() async throws {
        let fixture = Fixture()
        let runner = succeeding()
        let builder = fixture.builder(runner)
        let result = try await builder.build(try await builder.plan(version("0.1")))
        let reference = "\(Fixture.host)/nightly:0.1"
        #expect(
            runner.commands.map(\.arguments) == [
                ["version", "--format", "{{.Server.Version}}"],
                [
                    "build", "--platform", "linux/amd64", "-f", "/project/Dockerfile", "-t", reference, "-t",
                    "nightly:0.1",
                    "/project",
                ],
                ["image", "inspect", reference],
            ])
        #expect(runner.commands.map(\.mutates) == [false, true, false])
        #expect(result == BuildResult(image: reference, version: "0.1", id: "sha256:1d", platform: "linux/amd64"))
        #expect(
            fixture.progress.all == [
                "build nightly:0.1 for linux/amd64 from /project/Dockerfile", "Step 1/1 : FROM busybox", "DEPRECATED",
                "built \(reference) (sha256:1d)",
            ])
        // A given version needs no look into the registry.
        #expect(fixture.registry.calls.isEmpty)
    }

    @Test func passesBuildArgumentsAndRevision() async throws {
        var fixture = Fixture()
        fixture.project.platform = .arm64
        fixture.project.buildArguments = ["A=b c", "TOKEN"]
        fixture.project.gitRevision = "c0ffee1"
        let plan = try await fixture.builder(succeeding()).plan(version("v2"))
        #expect(
            plan.commandLine
                == "docker build --platform linux/arm64 -f /project/Dockerfile -t \(Fixture.host)/nightly:v2 -t nightly:v2 "
                + "--build-arg 'A=b c' --build-arg TOKEN --label org.opencontainers.image.revision=c0ffee1 /project")
    }

    @Test(arguments: [
        (["0.8": "a", "0.9": "b", "latest": "b"], "0.10"), (["0.10": "a", "0.9": "b"], "0.11"),
        (["1.2.3": "a"], "1.2.4"),
        (["c0ffee1": "a"], "0.1"), ([:], "0.1"),
    ]) func countsOnFromTheRegistry(_ tags: [String: String], _ next: String) async throws {
        var fixture = Fixture()
        fixture.registry = StubRegistry(["nightly": tags])
        #expect(try await fixture.builder(succeeding()).plan(nil).version.text == next)
    }

    @Test func startsAtTheFirstVersionWithoutARepository() async throws {
        #expect(try await Fixture().builder(succeeding()).plan(nil).version.text == "0.1")
    }

    @Test func missingDockerfileIsABadInput() async throws {
        let runner = succeeding()
        let builder = Fixture().builder(runner, files: MemoryFiles(files: []))
        let failure = await #expect(throws: Failure.self) { try await builder.plan(version("0.1")) }
        #expect(failure?.kind == .badInput)
        #expect(failure?.message == "/project/Dockerfile: no such Dockerfile")
        let other = Fixture().builder(runner, files: MemoryFiles(folders: []))
        let folder = await #expect(throws: Failure.self) { try await other.plan(version("0.1")) }
        #expect(folder?.message == "/project: no such folder to build in")
        #expect(runner.commands.isEmpty)
    }

    @Test func failedBuildGivesDockersReasonAndNothingElseRuns() async throws {
        let runner = StubProcessRunner { command, _ in
            if command.arguments.first == "version" { return .init(stdout: "1\n") }
            return .init(
                stdout: "Step 2/3 : RUN exit 3\n",
                stderr: "The command '/bin/sh -c exit 3' returned a non-zero code: 3\n", exit: .code(3))
        }
        let builder = Fixture().builder(runner)
        let plan = try await builder.plan(version("0.1"))
        let failure = await #expect(throws: Failure.self) { try await builder.build(plan) }
        #expect(failure?.kind == .failed)
        #expect(
            failure?.message
                == "build nightly:0.1: docker: exit 3: The command '/bin/sh -c exit 3' returned a non-zero code: 3")
        #expect(runner.commands.count == 2)
    }

    @Test func imageOfAnotherPlatformIsAFailure() async throws {
        var fixture = Fixture()
        fixture.project.platform = .arm64
        let builder = fixture.builder(succeeding(architecture: "amd64"))
        let plan = try await builder.plan(version("0.1"))
        let failure = await #expect(throws: Failure.self) { try await builder.build(plan) }
        #expect(failure?.message == "build nightly:0.1: the image is for linux/amd64, but PLATFORM is linux/arm64")
    }

    @Test func dockerThatIsNotInstalledIsNotFound() async throws {
        let runner = StubProcessRunner { _, _ in throw Failure(.notFound, "run docker: command not found") }
        let builder = Fixture().builder(runner)
        let plan = try await builder.plan(version("0.1"))
        let failure = await #expect(throws: Failure.self) { try await builder.build(plan) }
        #expect(failure?.kind == .notFound)
        #expect(failure?.message == "docker is not installed: run docker: command not found")
    }

    @Test func engineThatDoesNotAnswerIsSaidInOneLine() async throws {
        let runner = StubProcessRunner { _, _ in
            .init(
                stdout: "\n",
                stderr: "Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?\n",
                exit: .code(1))
        }
        let builder = Fixture().builder(runner)
        let plan = try await builder.plan(version("0.1"))
        let failure = await #expect(throws: Failure.self) { try await builder.build(plan) }
        #expect(
            failure?.message
                == "build nightly:0.1: the docker engine does not answer: Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?"
        )
        #expect(failure?.hint == "start docker (systemctl start docker), or point DOCKER_HOST at a running engine")
        #expect(runner.commands.count == 1)
    }

    @Test func dryRunBuildsNothing() async throws {
        let runner = succeeding()
        let fixture = Fixture()
        let docker = Docker(runner: DryRunProcessRunner(runner), environment: [:], progress: { _ in })
        let builder = ImageBuilder(
            project: fixture.project, docker: docker, registry: fixture.registry, files: MemoryFiles())
        let plan = try await builder.plan(version("0.1"))
        await #expect(throws: Failure.self) { try await builder.build(plan) }
        #expect(runner.commands.map { $0.arguments[0] } == ["version"])
    }
}
