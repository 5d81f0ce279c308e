internal import Environment
internal import Images
internal import Processes
internal import Setup
internal import Support

/// Whether docker is there and its engine answers.
struct DockerCheck {
    private let session: Session

    init(_ session: Session) { self.session = session }

    /// Without a Dockerfile only a warning: no other command than `docker-…` needs docker.
    func result() async throws -> CheckResult {
        let docker = session.docker
        do {
            let versions = try await Deadline.run(.seconds(6), what: "docker") { try await docker.versions() }
            return .ok(
                "docker",
                "client \(versions.client)\(client), engine \(versions.engine) (\(versions.platform))\(engine)")
        } catch let failure as Failure {
            let late = failure.kind == .timedOut
            let detail = failure.message + (failure.kind == .notFound ? "" : "\(client)\(engine)")
            let advice = late ? "look at the engine: systemctl status docker" : failure.hint
            guard buildsImages else {
                return .warn(
                    "docker", detail, advice: "only docker-… commands need it" + (advice.map { "; \($0)" } ?? ""))
            }
            return .failed("docker", detail, advice: advice, kind: late ? .failed : failure.kind)
        }
    }

    private var buildsImages: Bool {
        let settings = session.settings
        let folder = settings.path(.dockerContext) ?? settings.root
        let file = settings.path(.dockerfile) ?? PathText.join(folder, "Dockerfile")
        return session.context.files.status(of: file) != nil
    }

    /// The program that `docker-…` commands start.
    private var client: String {
        let lookup = ExecutableLookup(
            path: session.context.environment["PATH"] ?? "", directory: session.context.directory)
        guard let path = try? lookup.find("docker") else { return "" }
        return " (\(path))"
    }

    /// Which engine the client asks, where the environment says it.
    private var engine: String {
        guard let host = session.context.environment["DOCKER_HOST"], !host.isEmpty else { return "" }
        return " by DOCKER_HOST=\(host)"
    }
}
