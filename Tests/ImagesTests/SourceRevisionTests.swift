import Processes
import Support
import TestSupport
import Testing

@testable import Images

/// The version of a release: what git says of the working tree, and what was built of it.
@Suite struct SourceRevisionTests {
    private let head = "0123456789ab"

    /// A git that knows one revision, changes, and which older revisions have the same source.
    private func git(_ changes: String = "", same: Set<String> = []) -> StubProcessRunner {
        let head = head
        return StubProcessRunner { command, _ in
            #expect(Array(command.arguments.prefix(4)) == ["-c", "core.quotePath=false", "-C", "/project"])
            #expect(!command.mutates)
            let words = command.arguments.dropFirst(4)
            switch words.first {
            case "rev-parse": return .init(stdout: "\(head)\n")
            case "status":
                #expect(words.suffix(2) == [":(top)", ":(exclude)gitrev-docker"])
                return .init(stdout: changes)
            case "diff":
                let revision = words.dropFirst(2).first ?? ""
                return .init(exit: .code(same.contains(revision) ? 0 : 1))
            default: throw Failure(.failed, "unexpected \(command.commandLine)")
            }
        }
    }

    private func source(_ runner: StubProcessRunner) -> SourceRevision {
        SourceRevision(runner: runner, root: "/project")
    }

    @Test func cleanTreeIsItsRevision() async throws {
        #expect(try await source(git()).toBuild(allowDirty: false) == head)
        #expect(try await source(git()).toBuild(allowDirty: true) == head)
    }

    @Test func changesAreRefusedOrNamed() async throws {
        let runner = git(" M a.py\n?? b/\nR  c -> d\n D e\n")
        let failure = await #expect(throws: Failure.self) { try await source(runner).toBuild(allowDirty: false) }
        #expect(
            failure?.message
                == "the working tree has changes that revision 0123456789ab does not hold: a.py, b/, c -> d and 1 more")
        #expect(failure?.hint?.contains("'fgctl compose-build --allow-dirty'") == true)
        #expect(try await source(runner).toBuild(allowDirty: true) == "\(head)-dirty")
    }

    @Test func pushesWhatWasBuiltOfTheSameSource() async throws {
        #expect(try await source(git()).toPush(built: nil, allowDirty: false) == head)
        #expect(try await source(git()).toPush(built: head, allowDirty: false) == head)
        // The file that says so was committed after the build.
        let committed = git(same: ["aaaaaaaaaaaa"])
        #expect(try await source(committed).toPush(built: "aaaaaaaaaaaa", allowDirty: false) == "aaaaaaaaaaaa")
        #expect(try await source(git(" M a\n")).toPush(built: "\(head)-dirty", allowDirty: true) == "\(head)-dirty")
    }

    @Test(arguments: ["aaaaaaaaaaaa", "0123456789ab-dirty", "--output=x", "1.0"])
    func refusesToPushWhatWasBuiltOfAnotherSource(_ built: String) async throws {
        let runner = git()
        let failure = await #expect(throws: Failure.self) {
            try await source(runner).toPush(built: built, allowDirty: false)
        }
        #expect(failure?.message.contains("gitrev-docker says that \(built) was built last") == true)
        #expect(failure?.hint?.contains("'fgctl compose-push \(built)'") == true)
        // What is no revision is never handed to git.
        #expect(runner.commandLines.filter { $0.contains(" diff ") }.isEmpty == (built != "aaaaaaaaaaaa"))
    }

    @Test func outsideOfGitAVersionIsAskedFor() async throws {
        let outside = StubProcessRunner { _, _ in
            .init(stderr: "fatal: not a git repository (or any of the parent directories): .git\n", exit: .code(128))
        }
        let failure = await #expect(throws: Failure.self) { try await source(outside).toBuild(allowDirty: false) }
        #expect(
            failure?.message == "find the git revision of /project: fatal: not a git repository "
                + "(or any of the parent directories): .git")
        #expect(failure?.hint == "name a VERSION, or set GIT_REV")
        let none = StubProcessRunner { _, _ in throw Failure(.notFound, "run git: command not found") }
        let missing = await #expect(throws: Failure.self) { try await source(none).toBuild(allowDirty: false) }
        #expect(missing?.kind == .notFound)
    }

    @Test func readsAndWritesTheFile() throws {
        #expect(try SourceRevision.built(root: "/p", files: MemoryFileSystem(["/p/gitrev-docker": "abc\n"])) == "abc")
        #expect(try SourceRevision.built(root: "/p", files: MemoryFileSystem(["/p/gitrev-docker": "\n"])) == nil)
        #expect(try SourceRevision.built(root: "/p", files: MemoryFileSystem([:])) == nil)
        let folder = try TemporaryFolder()
        let root = folder.path("")
        try SourceRevision.write("0.1", root: root)
        #expect(try SourceRevision.built(root: root, files: LocalFileSystem()) == "0.1")
        try SourceRevision.write("0.2-dirty", root: root)
        #expect(try SourceRevision.built(root: root, files: LocalFileSystem()) == "0.2-dirty")
        #expect(throws: Failure.self) { try SourceRevision.write("0.1", root: "\(root)/none") }
    }
}
