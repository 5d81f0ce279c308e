internal import AWS
internal import AWSServices
internal import Images
internal import Processes
internal import Support

/// What `docker-push` and `docker-promote` would do; its JSON form is stable.
struct ImagePlan: Encodable {
    /// `REGISTRY/REPOSITORY:VERSION`.
    let image: String
    let steps: [String]
}

extension Session {
    /// The project's image; asks STS for the account only when the registry's name needs it.
    func imageProject() async throws -> ImageProject {
        try await ImageProject.read(settings, region: try await client.region) {
            try await STS(client).getCallerIdentity().account
        }
    }

    /// The same with the revision that a build is labelled with: the key's, else the one that is checked out.
    func imageProjectToBuild() async throws -> ImageProject {
        var project = try await imageProject()
        if project.gitRevision == nil { project.gitRevision = try await gitRevision(of: project.context) }
        return project
    }

    /// Docker, its progress on standard error, held back under `--dry-run`.
    var docker: Docker {
        Docker(
            runner: options.dryRun ? DryRunProcessRunner(context.processes) : context.processes,
            environment: context.environment, progress: { say($0) })
    }

    /// The revision that is checked out in a folder; `nil` outside of git, or where git is not installed.
    private func gitRevision(of folder: String) async throws -> String? {
        let command = Command("git", ["-C", folder, "rev-parse", "--short=12", "HEAD"], mutates: false)
        do {
            let output = try await context.processes.capture(command)
            let revision = output.text.split(separator: "\n").first.map(String.init)
            return output.exit.isSuccess ? revision : nil
        } catch let failure as Failure where failure.kind == .notFound {
            return nil
        }
    }
}
