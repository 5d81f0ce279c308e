internal import FoundationEssentials
package import Processes
package import Support

/// The git revision of a project's source, which is the version of a release's images.
package struct SourceRevision: Sendable {
    /// The file at the project's root that says which revision was built last, for scripts and Dockerfiles. It is no
    /// source: writing it makes no tree dirty.
    package static let fileName = "gitrev-docker"

    /// What git says about a working tree.
    struct Tree: Sendable, Hashable {
        /// Twelve digits.
        var head: String
        /// Paths that differ from it, new ones included.
        var changes: [String]
    }

    private let runner: any ProcessRunner
    private let root: String

    /// - Parameter root: the project's root, absolute.
    package init(runner: any ProcessRunner, root: String) {
        self.runner = runner
        self.root = root
    }

    /// The version for a build of what lies there now.
    /// - Throws: `Failure` when git knows no revision, or there are changes that no revision holds.
    package func toBuild(allowDirty: Bool) async throws -> String {
        try Self.version(of: try await tree(), allowDirty: allowDirty, command: "compose-build")
    }

    /// The version for a push: what was built of the source as it is committed now.
    ///
    /// The revision file may have been committed since, as releases of this kind do: such a commit changes no source.
    /// - Parameter built: what the revision file says; `nil` when there is none.
    /// - Throws: as `toBuild`; `Failure.failed` when something else was built last.
    package func toPush(built: String?, allowDirty: Bool) async throws -> String {
        let version = try Self.version(of: try await tree(), allowDirty: allowDirty, command: "compose-push")
        guard let built, built != version else { return version }
        if try await isSameSource(built) { return built }
        throw Failure(
            .failed,
            "push \(version): \(Self.fileName) says that \(built) was built last, and the source has changed since",
            hint: "build what is committed now with 'fgctl compose-build', or push the other with "
                + "'fgctl compose-push \(built)'")
    }

    static func version(of tree: Tree, allowDirty: Bool, command: String) throws -> String {
        if tree.changes.isEmpty { return tree.head }
        if allowDirty { return tree.head + "-dirty" }
        let named = tree.changes.prefix(3).joined(separator: ", ")
        let more = tree.changes.count > 3 ? " and \(tree.changes.count - 3) more" : ""
        throw Failure(
            .failed, "the working tree has changes that revision \(tree.head) does not hold: \(named)\(more)",
            hint:
                "commit them, or use version \(tree.head)-dirty with 'fgctl \(command) --allow-dirty', or name a VERSION"
        )
    }

    /// - Throws: `Failure.failed` outside of git, before the first commit, and without git.
    func tree() async throws -> Tree {
        let head = try await git(["rev-parse", "--short=12", "HEAD"])
        // New files count: they are in what docker is sent.
        let status = try await git(
            ["status", "--porcelain", "--untracked-files=normal", "--", ":(top)", ":(exclude)\(Self.fileName)"])
        return Tree(
            head: String(head.prefix { !$0.isNewline }), changes: status.lines.map { String($0.dropFirst(3)) })
    }

    /// Whether a revision differs from the one checked out in nothing but the revision file.
    private func isSameSource(_ revision: String) async throws -> Bool {
        guard revision.allSatisfy(\.isHexDigit) else { return false }
        let exit = try await run(
            ["diff", "--quiet", revision, "HEAD", "--", ":(top)", ":(exclude)\(Self.fileName)"]
        ).exit
        return exit.isSuccess
    }

    private func git(_ words: [String]) async throws -> String {
        let output = try await run(words)
        guard output.exit.isSuccess else {
            throw Failure(
                .failed,
                "find the git revision of \(root): \(output.errorText.lines.first ?? "git: \(output.exit)")",
                hint: "name a VERSION, or set GIT_REV")
        }
        return output.text
    }

    private func run(_ words: [String]) async throws -> CapturedOutput {
        let command = Command(
            "git", ["-c", "core.quotePath=false", "-C", root] + words, mutates: false, timeout: .seconds(60))
        do {
            return try await runner.capture(command)
        } catch let failure as Failure where failure.kind == .notFound {
            throw Failure(
                .notFound, "find the git revision of \(root): \(failure.message)",
                hint: "install git, name a VERSION, or set GIT_REV", cause: failure)
        }
    }

    // MARK: The file

    /// What the revision file says; `nil` when there is none, or nothing in it.
    package static func built(root: String, files: any FileSystem) throws -> String? {
        let path = PathText.join(root, fileName)
        guard files.isFile(path) else { return nil }
        let text = String(decoding: try files.read(path, limit: 4096), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    /// Writes the revision file, where it says something else: others read it, so its rights are the usual ones.
    package static func write(_ version: String, root: String) throws {
        let path = PathText.join(root, fileName)
        let bytes = Data("\(version)\n".utf8)
        guard FileManager.default.contents(atPath: path) != bytes else { return }
        do {
            try bytes.write(to: URL(filePath: path))
        } catch {
            throw Failure(
                .failed, "write \(path): \(error)", hint: "the project's folder has to be writable", cause: error)
        }
    }
}
