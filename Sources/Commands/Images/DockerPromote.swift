internal import AWS
internal import ArgumentParser
internal import Environment
internal import FoundationEssentials
internal import Images
internal import Support

struct DockerPromote: FgctlCommand {
    static let configuration = CommandConfiguration(
        commandName: "docker-promote", abstract: "Gives an image that is in ECR another version.",
        usage: "fgctl docker-promote [ENV] FROM TO [options]",
        discussion: """
            The very image of FROM gets the tag TO, and beside it the time in UTC as yyyymmddThhmmssZ, which tells later what \
            TO was when. Another repository of the account gets a copy by way of docker. A TO that is another image is \
            moved only where tags may move.

              fgctl docker-promote 0.4 1.0
              fgctl docker-promote env 0.4 latest --to-repository hello-prod
            """)

    @Argument(help: ArgumentHelp("ENV (see --env-file), FROM and TO.", valueName: "env from to"))
    var arguments: [String] = []
    @Option(help: ArgumentHelp("The repository of TO; left out, IMAGE_NAME as for FROM.", valueName: "name"))
    var toRepository: String?
    @OptionGroup(title: "Common options") var common: CommonOptions

    var words: Words? { Words(given: arguments, needs: 2...2, called: "FROM and TO") }

    func run(_ session: Session, _ words: [String]) async throws {
        let versions = try words.map { word in
            guard let version = ImageVersion(word) else {
                throw Failure(
                    .usage, "'\(word)' is no VERSION",
                    hint: "a version is a number (0.1, v2), a git revision or 'latest'")
            }
            return version
        }
        let project = try await session.imageProject()
        try await session.announce("promote image of \(project.repository)")
        let promoter = ImagePromoter(project: project, docker: session.docker, client: session.client)
        let plan = try await promoter.plan(
            from: versions[0], to: versions[1], stamp: Self.stamp(session.context.now()), target: toRepository)
        if session.options.dryRun {
            return try session.result(ImagePlan(image: plan.image, steps: plan.steps), lines: plan.steps)
        }
        let result = try await promoter.promote(plan)
        if !result.promoted { session.say("\(result.image) is this image already") }
        try session.result(result, lines: ["\(result.image)@\(result.digest)"])
    }

    /// `2026-01-01T00:00:00Z` as a tag has it.
    static func stamp(_ date: Date) -> String { date.formatted(.iso8601).filter { !"-:".contains($0) } }
}
