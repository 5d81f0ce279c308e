internal import AWS
internal import ArgumentParser
internal import Environment
internal import Support

/// VERSION, as a word of its own or by a flag that takes any tag.
struct VersionOption: ParsableArguments {
    @Option(
        name: .customLong("image-version"),
        help: ArgumentHelp("VERSION that does not look like one; any tag (key IMAGE_VERSION).", valueName: "tag"))
    var imageVersion: String?

    /// Which version is the highest, as help texts have it.
    static let order = "versions are compared number by number, a leading v aside: 0.9, 0.10, v1, 1.0.1."

    /// The version that was asked for; `nil` when it is to be found out.
    ///
    /// - Parameter word: the positional VERSION.
    /// - Throws: `Failure` of kind `usage` for a word that is no version: it may be a misspelt ENV, so it is never taken as
    ///   a tag.
    func resolve(_ word: String?, _ session: Session) throws -> ImageVersion? {
        if word != nil, imageVersion != nil {
            throw Failure(.usage, "VERSION is given twice: as a word and by --image-version")
        }
        if let word {
            guard let version = ImageVersion(word) else {
                let meant = EnvLocator.suggestion(
                    for: word, directory: session.context.directory, home: session.context.environment["HOME"],
                    files: LocalFileSystem())
                throw Failure(
                    .usage, "'\(word)' is neither an ENV nor a VERSION",
                    hint: meant.map { "did you mean '\($0)'?" }
                        ?? "a version is a number (0.1, v2), a git revision or 'latest'; any other tag goes by --image-version"
                )
            }
            return version
        }
        guard let tag = imageVersion ?? session.settings[.imageVersion]?.value else { return nil }
        guard let version = ImageVersion(tag: tag) else {
            throw Failure(
                .usage, "'\(tag)' can't be a tag",
                hint: "1 to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'")
        }
        return version
    }
}
