import Processes
import Support
import Testing

@testable import Images

@Suite struct DockerMessageTests {
    @Test(arguments: [
        (["Step 1/2 : FROM x", "Error response from daemon: manifest unknown", ""], "manifest unknown"),
        (
            ["#5 ERROR: process did not complete", "------", "ERROR: failed to solve: exit code: 1"],
            "failed to solve: exit code: 1"
        ),
        (
            ["time=\"2026-11-21T08:11:25Z\" level=error msg=\"tar\"", "Cannot connect to the Docker daemon at x."],
            "Cannot connect to the Docker daemon at x."
        ),
        (["unknown flag: --platfrom", "See 'docker build --help'."], "See 'docker build --help'."),
        ([], ""),
    ]) func findsTheReason(_ lines: [String], _ reason: String) {
        #expect(DockerMessage.reason(in: lines) == reason)
    }

    @Test func saysHowItEndedWithoutWords() {
        #expect(
            DockerMessage.failure("push x", exit: .signal(9), lines: []).message == "push x: docker: killed by signal 9"
        )
    }

    @Test func hintsAtWhatToDo() {
        func hint(_ line: String) -> String? { DockerMessage.failure("push x", exit: .code(1), lines: [line]).hint }
        #expect(
            hint("permission denied while trying to connect to the Docker daemon socket")?.contains("group 'docker'")
                == true)
        #expect(
            hint("tag invalid: The image tag '0.1' already exists and is immutable error")?.contains("new version")
                == true)
        #expect(hint("no basic auth credentials")?.contains("ecr:GetAuthorizationToken") == true)
        #expect(hint("Error: something else") == nil)
    }

    @Test func commandsAreArrays() {
        #expect(DockerCommand.tag(source: "a:1", target: "r/a:1").arguments == ["tag", "a:1", "r/a:1"])
        #expect(
            DockerCommand.imageList(repository: "r/a").arguments == ["image", "ls", "--format", "{{.Tag}}", "r/a"])
        #expect(DockerCommand.push(reference: "r/a:1").command().timeout == .seconds(21600))
    }
}
