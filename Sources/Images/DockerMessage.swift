internal import Processes
internal import Support
internal import Synchronization

/// The last lines that docker wrote, to find its reason among when it failed.
final class TailLines: Sendable {
    private static let most = 50
    private let kept = Mutex<[String]>([])

    func add(_ line: String) {
        kept.withLock { kept in
            kept.append(line)
            if kept.count > Self.most { kept.removeFirst() }
        }
    }

    var lines: [String] { kept.withLock { $0 } }
}

/// Turns what docker said before it failed into one line, and into what to do next.
enum DockerMessage {
    /// - Parameters:
    ///   - what: what was attempted, as in "build nightly:0.1".
    ///   - lines: docker's output, oldest first.
    static func failure(_ what: String, exit: Exit, lines: [String]) -> Failure {
        let reason = reason(in: lines)
        if isEngineMissing(reason) {
            return Failure(
                .failed, "\(what): the docker engine does not answer: \(reason)",
                hint: "start docker (systemctl start docker), or point DOCKER_HOST at a running engine")
        }
        let text = reason.isEmpty ? "docker: \(exit)" : "docker: \(exit): \(reason)"
        return Failure(.failed, "\(what): \(text)", hint: hint(for: reason))
    }

    /// The line that says why: the last that looks like an error, else the last at all; docker's own prefixes taken off.
    static func reason(in lines: [String]) -> String {
        let said = lines.map(trimmed).filter { !$0.isEmpty }
        let marks = [
            "error", "denied", "cannot connect", "permission denied", "returned a non-zero code", "no basic auth",
        ]
        // Go's log lines (time="…" level=error …) accompany the message; they are not it.
        let plain = said.filter { !$0.hasPrefix("time=\"") }
        let line =
            plain.last { line in marks.contains { line.lowercased().contains($0) } } ?? plain.last ?? said.last ?? ""
        var reason = line[...]
        for prefix in ["ERROR: ", "Error response from daemon: ", "Error: "] where reason.hasPrefix(prefix) {
            reason = reason.dropFirst(prefix.count)
        }
        return String(reason)
    }

    private static func isEngineMissing(_ reason: String) -> Bool {
        let text = reason.lowercased()
        return text.contains("cannot connect to the docker daemon") || text.contains("error during connect")
            || text.contains("failed to connect to the docker api")
    }

    private static func hint(for reason: String) -> String? {
        let text = reason.lowercased()
        if text.contains("permission denied while trying to connect") {
            return "let your user use docker: add it to the group 'docker', or set DOCKER_HOST to a rootless engine"
        }
        if text.contains("immutable") { return "tags of this repository can't be moved: build and push a new version" }
        if text.contains("no basic auth credentials") || text.contains("denied:") || text.contains("403 forbidden") {
            return "the credentials need ecr:GetAuthorizationToken and the push actions of this repository"
        }
        if text.contains("no space left on device") { return "free space on the engine's disk: docker system prune" }
        return nil
    }

    private static func trimmed(_ line: String) -> String {
        let start = line.drop(while: \.isWhitespace)
        return String(start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count))
    }
}
