internal import AWS
internal import ArgumentParser
internal import Environment
internal import Images
internal import Support

struct ComposePush: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "compose-push", abstract: "Pushes the images of a compose file to ECR.",
        usage: "fgctl compose-push [ENV] [VERSION] [options]",
        discussion: """
            \(ComposeOptions.help); what was built of the same source counts. The stack owns the repositories, which so have \
            to be there ('fgctl cf-create-stack' makes them), and a version that is there is never replaced by another \
            image. Nothing is pushed unless all images can be.

            With --with-fgctl the image of fgctl itself, which docker has as fgctl:\(Version.current), goes along: the \
            services' containers read their config by it. Key FGCTL_IMAGE names one that is elsewhere.

              fgctl compose-push
              fgctl compose-push env 0.1 --with-fgctl
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file) and VERSION.", valueName: "env version"))
    var arguments: [String] = []
    @OptionGroup var compose: ComposeOptions
    @Flag(help: "Push the image of fgctl as well, unless it is there.")
    var withFgctl = false
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 0...1) }

    /// What would be done; its JSON form is stable.
    struct Plan: Encodable {
        let version: String
        let images: [ComposeReference]
        let fgctl: String?
        let steps: [String]
    }

    func run(_ session: Session, _ words: [String]) async throws {
        let project = try await compose.project(session, words.first, for: .push)
        try await session.announce("push images of \(project.images.repository), version \(project.version)")
        let own = ImageVersion(tag: Version.current)
        let pusher = ComposePusher(
            project: project, docker: session.docker, registry: ECRRegistry(session.client),
            files: session.context.files)
        let plan = try await pusher.plan(fgctl: withFgctl ? own : nil)
        if session.options.dryRun {
            return try session.result(
                Plan(
                    version: project.version.text, images: plan.images, fgctl: plan.fgctlImage, steps: plan.steps),
                lines: plan.steps)
        }
        let pushed = try await pusher.push(plan)
        if !withFgctl, let own, session.settings[.fgctlImage] == nil, let missing = try await pusher.lacksFgctl(own) {
            session.say(
                "note: \(missing), by which the services read their config, is not in ECR: push it with "
                    + "'fgctl compose-push --with-fgctl'")
        }
        let all = pushed.images + (pushed.fgctl.map { [$0] } ?? [])
        try session.result(pushed, lines: all.map { "\($0.image)@\($0.digest)" })
    }
}
