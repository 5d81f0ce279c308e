internal import AWS
internal import ArgumentParser
internal import Environment
internal import Images
internal import Support

struct ComposeBuild: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "compose-build", abstract: "Builds the images of a compose file.",
        usage: "fgctl compose-build [ENV] [VERSION] [options]",
        discussion: """
            \(ComposeOptions.help). Compose files get it as GIT_REV, with REGISTRY_URL, IMAGE_NAME, STACK_NAME and what else the \
            env file sets; every service with 'build:' says

              image: ${REGISTRY_URL}/${IMAGE_NAME}/NAME:${GIT_REV}

            Images are built for PLATFORM. The file gitrev-docker at the project's root says what was built last.

              fgctl compose-build
              fgctl compose-build env 0.1
              fgctl compose-build --file deploy/compose.yaml --allow-dirty
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var compose: ComposeOptions
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    /// What would be done; its JSON form is stable.
    struct Plan: Encodable {
        let version: String
        let command: String
        let images: [ComposeReference]
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let project = try await compose.project(session, words.first, for: .build)
        let builder = ComposeBuilder(project: project, docker: session.docker, files: session.context.files)
        let plan = try await builder.plan()
        if session.options.dryRun {
            return try session.result(
                Plan(version: project.version.text, command: plan.commandLine, images: plan.images),
                lines: [plan.commandLine])
        }
        // Before the build: a Dockerfile may copy it.
        try SourceRevision.write(project.version.text, root: session.settings.root)
        let built = try await builder.build(plan)
        try session.result(built, lines: built.images.map(\.image))
    }
}
