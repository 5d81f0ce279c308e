import Environment
import Images
import Processes
import Support
import Synchronization
import TestSupport
import Testing

/// A project in memory, and a docker that has images.
struct Fixture {
    static let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

    var project = ImageProject(
        repository: "nightly", registry: Fixture.host, platform: .amd64, dockerfile: "/project/Dockerfile",
        context: "/project", tags: [("fgctl:created-by", "docker-push")])
    var registry = StubRegistry()
    let progress = Lines()

    /// Lines in the order they came.
    final class Lines: Sendable {
        private let kept = Mutex<[String]>([])
        var all: [String] { kept.withLock { $0 } }
        func add(_ line: String) { kept.withLock { $0.append(line) } }
    }

    func docker(_ runner: StubProcessRunner, environment: [String: String] = [:]) -> Docker {
        Docker(runner: runner, environment: environment, progress: { [progress] in progress.add($0) })
    }

    func builder(_ runner: StubProcessRunner, files: any FileSystem = MemoryFiles()) -> ImageBuilder {
        ImageBuilder(project: project, docker: docker(runner), registry: registry, files: files)
    }

    func pusher(_ runner: StubProcessRunner, environment: [String: String] = [:]) -> ImagePusher {
        ImagePusher(
            project: project, docker: docker(runner, environment: environment), registry: registry, pause: .zero)
    }

    /// The answer of `docker image inspect`.
    static func inspect(digests: [String] = [], architecture: String = "amd64") -> String {
        let digests = digests.map { "\"\(host)/nightly@\($0)\"" }.joined(separator: ",")
        return #"[{"Id":"sha256:1d","RepoDigests":[\#(digests)],"Os":"linux","Architecture":"\#(architecture)"}]"#
    }

    static let missing = StubProcessRunner.Reply(
        stdout: "[]\n", stderr: "Error response from daemon: no such image: x: No such image: x\n", exit: .code(1))
}

/// The two paths that the fixture's project needs.
struct MemoryFiles: FileSystem {
    var files: Set<String> = ["/project/Dockerfile"]
    var folders: Set<String> = ["/project"]

    var currentUser: UInt32 { 0 }
    func status(of path: String) -> FileStatus? {
        if folders.contains(path) { return FileStatus(isDirectory: true, owner: 0) }
        return files.contains(path) ? FileStatus(isDirectory: false, owner: 0) : nil
    }
    func names(in folder: String) -> [String] { [] }
    func read(_ path: String, limit: Int) throws -> [UInt8] { throw Failure(.badInput, "\(path): not in the test") }
}

func version(_ text: String) throws -> ImageVersion { try #require(ImageVersion(text)) }
