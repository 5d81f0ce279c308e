internal import Environment
package import Processes
package import Support

/// One run of an image on this machine.
package struct ContainerRun: Sendable {
    /// `REGISTRY/IMAGE_NAME:VERSION`, or the name that docker has it by.
    package var reference: String
    /// The container's name, by which it can be taken away.
    package var name: String
    package var platform: String
    /// The words in place of the image's command.
    package var command: [String] = []
    package var environment: [(name: String, value: String)] = []
    /// Variables that must not stand on a command line.
    package var secrets: [(name: String, value: Secret)] = []
    /// Whether input and output are a terminal.
    package var isTerminal = false

    package init(reference: String, name: String, platform: String) {
        self.reference = reference
        self.name = name
        self.platform = platform
    }

    /// The docker command. Variables go by name only, their values by docker's own environment, so that no list of processes
    /// shows them; those that docker itself looks at are the exception.
    package var process: Command {
        var words = ["run", "--rm", "--init", "--name", name, "--platform", platform, "--interactive"]
        if isTerminal { words.append("--tty") }
        var passed: [String: String?] = [:]
        for (name, value) in environment {
            if Self.isDockersOwn(name) {
                words += ["--env", "\(name)=\(value)"]
            } else {
                words += ["--env", name]
                passed[name] = value
            }
        }
        for (name, value) in secrets {
            words += ["--env", name]
            // Revealed because the user asked for the container to have it.
            passed[name] = value.reveal()
        }
        var process = Command("docker", words + [reference] + command, mutates: true, standardInput: .inherit)
        process.environment = passed
        return process
    }

    /// Whether a variable would change what the docker CLI does.
    static func isDockersOwn(_ name: String) -> Bool {
        let upper = name.uppercased()
        return ["PATH", "HOME", "TMPDIR", "GODEBUG", "SSH_AUTH_SOCK", "LANG", "TERM"].contains(upper)
            || ["DOCKER_", "BUILDKIT_", "LD_", "XDG_", "OTEL_"].contains { upper.hasPrefix($0) }
            || upper.hasSuffix("_PROXY")
    }
}

extension Docker {
    /// The name by which docker has an image, pulled when it has none.
    package func obtain(_ project: ImageProject, _ version: String, registry: any ImageRegistry) async throws -> String
    {
        let full = "\(project.fullRepository):\(version)"
        try await check("run \(full)")
        for name in [full, "\(project.repository):\(version)"] where try await image(name) != nil { return name }
        let what = "pull \(full)"
        progress(what)
        do {
            try await withLogin(to: project.registry, registry: registry) { environment in
                try await stream(.pull(reference: full), what, environment: environment)
            }
        } catch let failure as Failure where failure.kind == .failed {
            throw await explained(failure, project, version, registry: registry)
        }
        return full
    }

    /// The failure of a pull, which for a version that ECR does not have says what there is instead.
    private func explained(
        _ pull: Failure, _ project: ImageProject, _ version: String, registry: any ImageRegistry
    ) async -> Failure {
        guard RegistryHost(project.registry).takesECRLogin, let asked = ImageVersion(tag: version) else { return pull }
        do {
            _ = try await registry.require(asked, in: project.repository)
        } catch let missing as Failure where missing.kind == .failed {
            return Failure(
                .failed, "\(missing.message); docker has no such image either",
                hint: "build it with 'fgctl docker-build \(version)', or name a version that is there", cause: pull)
        } catch {
            // The look serves the message only; docker's own words stand.
        }
        return pull
    }

    /// Runs a container to its end, its input and output this process's own.
    ///
    /// An interruption reaches docker, which passes it on; a container that is still there then is taken away.
    /// - Parameter toStandardError: where its standard output goes as well, when this process's own is for a result.
    /// - Returns: the container's exit code.
    package func run(_ container: ContainerRun, toStandardError: Bool = false) async throws -> Int32 {
        do {
            let output: ProcessOutput = toStandardError ? .toStandardError : .inherit
            return try await running { try await runner.run(container.process, output: output) }.shellStatus
        } catch let interruption as CancellationError {
            let name = container.name
            try await Shielded.run { _ = try await output(of: .remove(container: name)) }
            throw interruption
        }
    }

    /// Logs in for the time of `body`, without touching the user's docker configuration.
    func withLogin<T: Sendable>(
        to host: String, registry: any ImageRegistry, _ body: ([String: String?]) async throws -> T
    ) async throws -> T {
        guard RegistryHost(host).takesECRLogin else {
            progress("\(host) is not ECR: docker's own logins are used")
            return try await body([:])
        }
        let login = try await registry.login()
        return try await PrivateDockerConfiguration.with(environment: environment) { folder in
            let environment: [String: String?] = ["DOCKER_CONFIG": folder]
            try await capture(
                .login(registry: host, user: login.user), "log in to \(host)",
                standardInput: .secret(login.password), environment: environment)
            return try await body(environment)
        }
    }
}
