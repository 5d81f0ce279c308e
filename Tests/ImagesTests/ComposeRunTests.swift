import Environment
import Processes
import Support
import Synchronization
import TestSupport
import Testing

@testable import Images

/// Building and pushing by compose: which programs are called, with what, in which order.
@Suite struct ComposeRunTests {
    private static let images = ["daemon", "web"].map { "\(Fixture.host)/nightly/\($0):0.1" }
    private static let config = """
        services:
          web:
            build: {context: /project/web}
            image: \(images[1])
          daemon:
            build: /project/daemon
            image: \(images[0])
          db: {image: "postgres:15"}
        """

    /// A machine with some of docker, compose 2, compose 1; and images with digests by reference.
    private final class Machine: Sendable {
        let hasPlugin: Bool
        let hasStandalone: Bool
        let images: Mutex<[String: [String]]>
        let registry: StubRegistry
        let config: StubProcessRunner.Reply
        let build: StubProcessRunner.Reply

        init(
            plugin: Bool = false, standalone: Bool = true, images: [String: [String]] = [:],
            registry: StubRegistry = StubRegistry(), config: StubProcessRunner.Reply? = nil,
            build: StubProcessRunner.Reply = .init(stdout: "Step 1/1\n")
        ) {
            hasPlugin = plugin
            hasStandalone = standalone
            self.images = Mutex(images)
            self.registry = registry
            self.config = config ?? .init(stdout: ComposeRunTests.config, stderr: "The FOO variable is not set.\n")
            self.build = build
        }

        var runner: StubProcessRunner {
            StubProcessRunner { [self] command, _ in
                var words = command.arguments
                if command.executable == "docker-compose" {
                    guard hasStandalone else { throw Failure(.notFound, "run docker-compose: command not found") }
                } else if words.first == "compose" {
                    guard hasPlugin else {
                        return .init(stderr: "docker: unknown command: docker compose\n", exit: .code(1))
                    }
                    words.removeFirst()
                } else {
                    return try docker(words)
                }
                if words.first == "-f" { words.removeFirst(2) }
                switch words.first {
                case "version": return .init(stdout: "1.29.2\n")
                case "config": return config
                case "build":
                    if build.exit.isSuccess { images.withLock { for name in ComposeRunTests.images { $0[name] = [] } } }
                    return build
                default: throw Failure(.failed, "unexpected \(command.commandLine)")
                }
            }
        }

        private func docker(_ words: [String]) throws -> StubProcessRunner.Reply {
            let name = words.last ?? ""
            switch words.first {
            case "version": return .init(stdout: "20.10.24\n")
            case "login": return .init(stdout: "Login Succeeded\n")
            case "image":
                guard let digests = images.withLock({ $0[name] }) else { return Fixture.missing }
                let repository = name.prefix { $0 != ":" }
                let listed = digests.map { "\"\(repository)@\($0)\"" }.joined(separator: ",")
                return .init(
                    stdout: #"[{"Id":"sha256:1d","RepoDigests":[\#(listed)],"Os":"linux","Architecture":"amd64"}]"#)
            case "tag":
                images.withLock { $0[name] = [] }
                return .init()
            case "push":
                let parts = name.dropFirst(Fixture.host.count + 1).split(separator: ":").map(String.init)
                let digest = "sha256:\(parts[0])"
                images.withLock { $0[name, default: []].append(digest) }
                registry.set(digest, for: parts[1], in: parts[0])
                return .init()
            default: throw Failure(.failed, "unexpected docker \(words)")
            }
        }
    }

    private func project() throws -> ComposeProject {
        ComposeProject(
            images: Fixture().project, files: ["/project/compose.yaml"], version: try version("0.1"),
            environment: ["GIT_REV": "0.1", "REGISTRY_URL": Fixture.host, "DB": "x y"])
    }

    private let files = MemoryFileSystem(["/project/compose.yaml": "services:\n  web:\n    image: x\n"])

    private func builder(_ runner: StubProcessRunner, _ fixture: Fixture = Fixture()) throws -> ComposeBuilder {
        ComposeBuilder(project: try project(), docker: fixture.docker(runner), files: files)
    }

    private func pusher(_ machine: Machine, _ runner: StubProcessRunner) throws -> ComposePusher {
        ComposePusher(
            project: try project(), docker: Fixture().docker(runner), registry: machine.registry, files: files,
            pause: .zero)
    }

    // MARK: Build

    @Test(arguments: [true, false]) func buildsWithEitherVersion(_ plugin: Bool) async throws {
        let runner = Machine(plugin: plugin).runner
        let fixture = Fixture()
        let builder = try builder(runner, fixture)
        let plan = try await builder.plan()
        let compose = plugin ? "docker compose" : "docker-compose"
        #expect(runner.commands.allSatisfy { !$0.mutates })
        #expect(runner.commandLines.last == "\(compose) -f /project/compose.yaml config")
        #expect(
            plan.commandLine
                == "GIT_REV=0.1 REGISTRY_URL=\(Fixture.host) \(compose) -f /project/compose.yaml build")
        let built = try await builder.build(plan)
        #expect(built.images.map(\.image) == Self.images && built.images.map(\.services) == [["daemon"], ["web"]])
        let builds = runner.commands.filter(\.mutates)
        #expect(builds.map(\.commandLine) == ["\(compose) -f /project/compose.yaml build"])
        #expect(builds.first?.environment == ["GIT_REV": "0.1", "REGISTRY_URL": Fixture.host, "DB": "x y"])
        #expect(fixture.progress.all.contains("The FOO variable is not set."))
    }

    @Test func saysWhatIsMissing() async throws {
        let none = Machine(standalone: false).runner
        let failure = await #expect(throws: Failure.self) { try await builder(none).plan() }
        #expect(failure?.kind == .notFound && failure?.hint?.contains("apt install docker-compose") == true)
        let bad = Machine(
            config: .init(
                stderr: "The FOO variable is not set.\nThe Compose file is invalid because:\nservices.web is wrong\n",
                exit: .code(1))
        ).runner
        let invalid = await #expect(throws: Failure.self) { try await builder(bad).plan() }
        #expect(invalid?.kind == .badInput)
        #expect(
            invalid?.message
                == "/project/compose.yaml: compose can't read it: The Compose file is invalid because: services.web is wrong"
        )
    }

    @Test func failedBuildNamesServiceAndReason() async throws {
        let lines =
            "The command '/bin/sh -c false' returned a non-zero code: 1\nService 'web' failed to build : Build failed\n"
        let runner = Machine(build: .init(stderr: lines, exit: .code(1))).runner
        let builder = try builder(runner)
        let plan = try await builder.plan()
        let failure = await #expect(throws: Failure.self) { try await builder.build(plan) }
        #expect(
            failure?.message == "build nightly 0.1: service web: docker: exit 1: "
                + "The command '/bin/sh -c false' returned a non-zero code: 1")
    }

    @Test func imageForAnotherPlatformOrNoneIsAFailure() async throws {
        let runner = Machine(build: .init(stdout: "nothing to do\n")).runner
        let silent = StubProcessRunner { command, _ in
            if command.arguments.first == "image" { return Fixture.missing }
            let output = try await runner.capture(command)
            return .init(stdout: output.text, stderr: output.errorText, exit: output.exit)
        }
        let builder = try builder(silent)
        let plan = try await builder.plan()
        let failure = await #expect(throws: Failure.self) { try await builder.build(plan) }
        #expect(failure?.message.contains("docker has no image \(Self.images[0])") == true)
    }

    // MARK: Push

    @Test func pushesAllWithOneLogin() async throws {
        let machine = Machine(
            images: Dictionary(uniqueKeysWithValues: Self.images.map { ($0, []) }),
            registry: StubRegistry(["nightly/web": [:], "nightly/daemon": [:]]))
        let runner = machine.runner
        let pusher = try pusher(machine, runner)
        let plan = try await pusher.plan(fgctl: nil)
        #expect(plan.steps == Self.images.map { "push \($0)" })
        let pushed = try await pusher.push(plan)
        #expect(pushed.images.map(\.digest) == ["sha256:nightly/daemon", "sha256:nightly/web"])
        #expect(pushed.images.allSatisfy(\.pushed) && pushed.fgctl == nil)
        #expect(machine.registry.calls.filter { $0 == "login" } == ["login"])
        #expect(
            runner.commands.filter(\.mutates).map { $0.arguments.first ?? "" } == ["login", "push", "push"])
        // Again: everything is there, nobody logs in.
        let again = try await pusher.push(try await pusher.plan(fgctl: nil))
        #expect(again.images.allSatisfy { !$0.pushed } && again.images.map(\.digest) == pushed.images.map(\.digest))
        #expect(machine.registry.calls.filter { $0 == "login" }.count == 1)
    }

    @Test func pushesNothingUnlessAllCanBe() async throws {
        let known = Dictionary(uniqueKeysWithValues: Self.images.map { ($0, [String]()) })
        let unowned = Machine(images: known, registry: StubRegistry(["nightly/daemon": [:]]))
        let missing = await #expect(throws: Failure.self) { try await pusher(unowned, unowned.runner).plan(fgctl: nil) }
        #expect(missing?.message == "push \(Self.images[1]): ECR has no repository nightly/web")
        #expect(missing?.hint?.contains("'fgctl cf-create-stack'") == true)
        #expect(!unowned.registry.calls.contains { $0.hasPrefix("create") })

        let taken = Machine(
            images: known, registry: StubRegistry(["nightly/daemon": [:], "nightly/web": ["0.1": "sha256:other"]]))
        let refused = await #expect(throws: Failure.self) { try await pusher(taken, taken.runner).plan(fgctl: nil) }
        #expect(refused?.message.contains("another image of this version (sha256:other)") == true)
        #expect(refused?.hint?.contains("'fgctl compose-build'") == true)

        let unbuilt = Machine(registry: StubRegistry(["nightly/daemon": [:], "nightly/web": [:]]))
        let absent = await #expect(throws: Failure.self) { try await pusher(unbuilt, unbuilt.runner).plan(fgctl: nil) }
        #expect(absent?.hint?.contains("'fgctl compose-build 0.1'") == true)
    }

    @Test func takesFgctlAlongUnlessItIsThere() async throws {
        var images = Dictionary(uniqueKeysWithValues: Self.images.map { ($0, [String]()) })
        images["fgctl:0.9"] = []
        let machine = Machine(
            images: images, registry: StubRegistry(["nightly/web": [:], "nightly/daemon": [:], "nightly/fgctl": [:]]))
        let runner = machine.runner
        let pusher = try pusher(machine, runner)
        let reference = "\(Fixture.host)/nightly/fgctl:0.9"
        #expect(try await pusher.lacksFgctl(try version("0.9")) == reference)
        let plan = try await pusher.plan(fgctl: try version("0.9"))
        #expect(plan.steps.suffix(2) == ["tag fgctl:0.9 as \(reference)", "push \(reference)"])
        let pushed = try await pusher.push(plan)
        #expect(pushed.fgctl?.digest == "sha256:nightly/fgctl" && pushed.fgctl?.services == [])
        #expect(try await pusher.lacksFgctl(try version("0.9")) == nil)
        // Built anew with the same version: what is there stays.
        machine.registry.set("sha256:first", for: "0.9", in: "nightly/fgctl")
        let again = try await pusher.push(try await pusher.plan(fgctl: try version("0.9")))
        #expect(again.fgctl?.digest == "sha256:first" && again.fgctl?.pushed == false)
    }
}
