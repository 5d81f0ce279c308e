internal import AWS
internal import ArgumentParser
internal import Environment
internal import Images
internal import Support

/// Which compose files, and which version of their images.
struct ComposeOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp(
            "Compose file; may be repeated. Left out: compose.yaml, compose.yml, docker-compose.yaml or docker-compose.yml at the project's root.",
            valueName: "file"))
    var file: [String] = []
    @Flag(help: "Take a working tree with changes, as version REVISION-dirty.")
    var allowDirty = false
    @OptionGroup var version: VersionOption

    enum Purpose { case build, push }

    /// What help texts say about VERSION.
    static let help = """
        Left out, VERSION is the git revision (key GIT_REV, else that of the working tree, which must have no changes)
        """

    func project(_ session: Session, _ word: String?, for purpose: Purpose) async throws -> ComposeProject {
        let version = try await version(session, word, for: purpose)
        return try ComposeProject.read(
            session.settings, images: try await session.imageProject(), version: version,
            files: file.map { PathText.join(session.context.directory, $0) }, in: session.context.files)
    }

    private func version(_ session: Session, _ word: String?, for purpose: Purpose) async throws -> ImageVersion {
        if let asked = try version.resolve(word, session) { return asked }
        if let key = session.settings[.gitRev] {
            guard let version = ImageVersion(tag: key.value) else {
                throw session.settings.invalid(.gitRev, "can't be a tag")
            }
            session.say("version \(version): GIT_REV of \(key.origin)")
            return version
        }
        let root = session.settings.root
        let source = SourceRevision(runner: session.context.processes, root: root)
        let text =
            switch purpose {
            case .build: try await source.toBuild(allowDirty: allowDirty)
            case .push:
                try await source.toPush(
                    built: try SourceRevision.built(root: root, files: session.context.files), allowDirty: allowDirty)
            }
        guard let version = ImageVersion(tag: text) else { throw Failure(.failed, "git revision '\(text)': no tag") }
        return version
    }
}
