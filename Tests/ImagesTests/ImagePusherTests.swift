import Environment
import FoundationEssentials
import Glibc
import Processes
import Support
import Synchronization
import TestSupport
import Testing

@testable import Images

@Suite struct ImagePusherTests {
    private let reference = "\(Fixture.host)/nightly:0.2"

    /// A docker that has `nightly:0.2`, pushed or not, under the names given.
    private func docker(
        _ fixture: Fixture, has names: Set<String>, digests: [String] = [], tags: String = "0.2\n",
        pushes: String? = "sha256:new"
    ) -> StubProcessRunner {
        let known = Mutex(digests)
        return StubProcessRunner { command, _ in
            switch command.arguments.first {
            case "version": return .init(stdout: "20.10.24\n")
            case "image" where command.arguments[1] == "ls":
                return .init(stdout: command.arguments.last == "nightly" ? "" : tags)
            case "image":
                let isTagged = names.contains(command.arguments[2]) || !known.withLock { $0.isEmpty }
                return isTagged ? .init(stdout: Fixture.inspect(digests: known.withLock { $0 })) : Fixture.missing
            case "tag": return .init()
            case "login":
                guard case .secret(let password) = command.standardInput, password.reveal() == "token-1" else {
                    return .init(stderr: "no password", exit: .code(1))
                }
                return .init(stdout: "Login Succeeded\n", stderr: "WARNING! stored unencrypted\n")
            case "push":
                guard let pushes else { return .init(stderr: "denied: no\n", exit: .code(1)) }
                known.withLock { $0.append(pushes) }
                fixture.registry.set(pushes, for: "0.2", in: "nightly")
                return .init(stdout: "0.2: digest: \(pushes) size: 735\n")
            default: throw Failure(.failed, "unexpected \(command.commandLine)")
            }
        }
    }

    @Test func createsTheRepositoryLogsInPushesAndVerifies() async throws {
        let fixture = Fixture()
        let runner = docker(fixture, has: [reference])
        let pusher = fixture.pusher(runner)
        let plan = try await pusher.plan(version("0.2"))
        #expect(plan.steps == ["create the repository, with immutable tags", "push \(reference)"])
        // A plan changes nothing.
        #expect(fixture.registry.calls == ["repository nightly"])
        #expect(runner.commands.allSatisfy { !$0.mutates })

        let result = try await pusher.push(plan)
        #expect(
            result
                == PushResult(
                    image: reference, version: "0.2", digest: "sha256:new", pushed: true, repositoryCreated: true))
        let changes = runner.commands.filter(\.mutates)
        #expect(
            changes.map(\.arguments) == [
                ["login", "--username", "AWS", "--password-stdin", Fixture.host], ["push", reference],
            ])
        #expect(
            fixture.registry.calls == [
                "repository nightly", "create nightly fgctl:created-by=docker-push", "login", "digest nightly:0.2",
            ])
        // Login and push share one private configuration, which is gone now.
        let folders = changes.compactMap { $0.environment["DOCKER_CONFIG"] ?? nil }
        #expect(folders.count == 2 && folders.first == folders.last)
        #expect(!FileManager.default.fileExists(atPath: try #require(folders.first)))
        #expect(!fixture.progress.all.joined().contains("WARNING"))
        #expect(!runner.commandLines.joined().contains("token-1"))
    }

    @Test func tagsAnImageThatHasOnlyTheShortName() async throws {
        var fixture = Fixture()
        fixture.registry = StubRegistry(["nightly": [:]])
        let runner = docker(fixture, has: ["nightly:0.2"])
        let pusher = fixture.pusher(runner)
        let plan = try await pusher.plan(version("0.2"))
        #expect(plan.steps == ["tag nightly:0.2 as \(reference)", "push \(reference)"])
        _ = try await pusher.push(plan)
        #expect(runner.commandLines.contains("docker tag nightly:0.2 \(reference)"))
    }

    @Test func takesTheHighestLocalVersion() async throws {
        let fixture = Fixture()
        let runner = docker(
            fixture, has: ["\(Fixture.host)/nightly:0.10"], tags: "0.9\nlatest\n<none>\n0.10\nc0ffee1\n")
        #expect(try await fixture.pusher(runner).plan(nil).version.text == "0.10")
    }

    @Test func withoutAnyLocalVersionItSaysWhatToDo() async throws {
        let fixture = Fixture()
        let pusher = fixture.pusher(docker(fixture, has: [], tags: "latest\n"))
        let failure = await #expect(throws: Failure.self) { try await pusher.plan(nil) }
        #expect(
            failure?.message == "push nightly: docker has no image of \(Fixture.host)/nightly with a numeric version")
        let missing = await #expect(throws: Failure.self) { try await pusher.plan(version("0.2")) }
        #expect(missing?.message == "push nightly:0.2: docker has no image \(reference)")
        #expect(missing?.hint == "build it: fgctl docker-build 0.2")
    }

    @Test func sameImageIsAlreadyPushed() async throws {
        var fixture = Fixture()
        fixture.registry = StubRegistry(["nightly": ["0.2": "sha256:old"]])
        let runner = docker(fixture, has: [reference], digests: ["sha256:old"])
        let pusher = fixture.pusher(runner)
        let plan = try await pusher.plan(version("0.2"))
        #expect(plan.action == .alreadyPushed(digest: "sha256:old"))
        let result = try await pusher.push(plan)
        #expect(!result.pushed && result.digest == "sha256:old")
        #expect(runner.commands.allSatisfy { !$0.mutates })
    }

    @Test func anotherImageOfTheVersionIsRefusedBeforePushing() async throws {
        var fixture = Fixture()
        fixture.registry = StubRegistry(["nightly": ["0.2": "sha256:old", "0.9": "sha256:x"]])
        let runner = docker(fixture, has: [reference])
        let pusher = fixture.pusher(runner)
        let failure = await #expect(throws: Failure.self) { try await pusher.plan(version("0.2")) }
        #expect(
            failure?.message
                == "push \(reference): the registry holds another image of this version (sha256:old), and its tags are immutable"
        )
        #expect(
            failure?.hint
                == "build and push it as a new version: fgctl docker-build 0.10, then fgctl docker-push 0.10")
        #expect(runner.commands.allSatisfy { !$0.mutates })
    }

    @Test func movableTagIsMoved() async throws {
        var fixture = Fixture()
        fixture.registry = StubRegistry(["nightly": ["0.2": "sha256:old"]], hasImmutableTags: false)
        let pusher = fixture.pusher(docker(fixture, has: [reference]))
        let plan = try await pusher.plan(version("0.2"))
        #expect(plan.steps == ["move the tag away from sha256:old", "push \(reference)"])
        #expect(try await pusher.push(plan).digest == "sha256:new")
    }

    @Test func failedPushIsAFailure() async throws {
        var fixture = Fixture()
        fixture.registry = StubRegistry(["nightly": [:]])
        let pusher = fixture.pusher(docker(fixture, has: [reference], pushes: nil))
        let plan = try await pusher.plan(version("0.2"))
        let failure = await #expect(throws: Failure.self) { try await pusher.push(plan) }
        #expect(failure?.message == "push nightly:0.2: docker: exit 1: denied: no")
    }

    @Test func digestsThatDifferAfterwardsAreAFailure() async throws {
        var fixture = Fixture()
        let registry = StubRegistry(["nightly": [:]])
        fixture.registry = registry
        let base = docker(fixture, has: [reference])
        let runner = StubProcessRunner { command, _ in
            if command.arguments.first == "push" {
                registry.set("sha256:other", for: "0.2", in: "nightly")
                return .init()
            }
            let captured = try await base.capture(command)
            return .init(stdout: captured.text, stderr: captured.errorText, exit: captured.exit)
        }
        let pusher = fixture.pusher(runner)
        let plan = try await pusher.plan(version("0.2"))
        let failure = await #expect(throws: Failure.self) { try await pusher.push(plan) }
        #expect(failure?.message == "push nightly:0.2: ECR holds sha256:other, but the local image is unknown there")
    }

    @Test func sendsNoECRPasswordToOtherRegistries() async throws {
        var fixture = Fixture()
        fixture.registry = StubRegistry(["nightly": [:]])
        fixture.project.registry = "registry.example.com"
        let runner = StubProcessRunner { command, _ in
            switch command.arguments.first {
            case "version", "push": .init()
            default:
                .init(
                    stdout: #"[{"Id":"sha256:1","RepoDigests":["registry.example.com/nightly@sha256:n"],"#
                        + #""Os":"linux","Architecture":"amd64"}]"#)
            }
        }
        let pusher = fixture.pusher(runner)
        let plan = try await pusher.plan(version("0.2"))
        fixture.registry.set("sha256:n", for: "0.2", in: "nightly")
        _ = try await pusher.push(plan)
        #expect(!fixture.registry.calls.contains("login"))
        #expect(runner.commandLines.contains("docker push registry.example.com/nightly:0.2"))
    }

    @Test func keepsTheUsersDockerContextAndNothingElse() async throws {
        let files = FileManager.default
        let home = files.temporaryDirectory.appending(path: "fgctl-\(UUID().uuidString)").path
        defer { try? files.removeItem(atPath: home) }
        try files.createDirectory(atPath: home + "/.docker/contexts", withIntermediateDirectories: true)
        let user = #"{"currentContext":"remote","credsStore":"desktop","auths":{"x":{"auth":"s3cret"}}}"#
        try Data(user.utf8).write(to: URL(filePath: home + "/.docker/config.json"))
        var seen: String?
        try await PrivateDockerConfiguration.with(environment: ["HOME": home, "TMPDIR": home]) { folder in
            seen = files.contents(atPath: folder + "/config.json").map { String(decoding: $0, as: UTF8.self) }
            #expect((try? files.destinationOfSymbolicLink(atPath: folder + "/contexts")) == home + "/.docker/contexts")
            // Made with 0700: no other user can look into the folder.
            var status = stat()
            #expect(stat(folder, &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
        #expect(seen == #"{"currentContext":"remote"}"#)
        // Removing the folder must not follow the link.
        #expect(files.fileExists(atPath: home + "/.docker/contexts"))
        #expect(try files.contentsOfDirectory(atPath: home) == [".docker"])
    }
}
