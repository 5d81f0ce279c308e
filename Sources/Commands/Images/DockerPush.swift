internal import AWS
internal import ArgumentParser
internal import Environment
internal import Images
internal import Support

struct DockerPush: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "docker-push", abstract: "Pushes the project's image to ECR.",
        usage: "fgctl docker-push [ENV] [VERSION] [options]",
        discussion: """
            Left out, VERSION is the highest one that docker has; \(VersionOption.order) The repository is created when it is missing, with tags that \
            can't be moved; the digest in ECR is compared with the local one.

              fgctl docker-push
              fgctl docker-push env 0.1
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var version: VersionOption
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let asked = try version.resolve(words.first, session)
        let project = try await session.imageProject()
        try await session.announce("push image of \(project.repository)")
        let pusher = ImagePusher(project: project, docker: session.docker, registry: ECRRegistry(session.client))
        let plan = try await pusher.plan(asked)
        if session.options.dryRun {
            return try session.result(ImagePlan(image: plan.reference, steps: plan.steps), lines: plan.steps)
        }
        let pushed = try await pusher.push(plan)
        try session.result(pushed, lines: ["\(pushed.image)@\(pushed.digest)"])
    }
}
