internal import ArgumentParser
internal import Images
internal import Support

struct DockerBuild: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "docker-build", abstract: "Builds the project's image.",
        usage: "fgctl docker-build [ENV] [VERSION] [options]",
        discussion: """
            Left out, VERSION is the highest one in ECR plus one in its last place (0.9, then 0.10); the first is 0.1; \(VersionOption.order) The image \
            is built for PLATFORM, linux/amd64 unless set.

              fgctl docker-build
              fgctl docker-build env 0.1
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var version: VersionOption
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    func run(_ session: Session, _ words: [String]) async throws {
        let asked = try version.resolve(words.first, session)
        let project = try await session.imageProjectToBuild()
        let builder = ImageBuilder(
            project: project, docker: session.docker, registry: ECRRegistry(session.client),
            files: session.context.files)
        let plan = try await builder.plan(asked)
        if session.options.dryRun {
            return try session.result(
                ["command": plan.commandLine, "image": plan.reference], lines: [plan.commandLine])
        }
        let built = try await builder.build(plan)
        try session.result(built, lines: [built.image])
    }
}
