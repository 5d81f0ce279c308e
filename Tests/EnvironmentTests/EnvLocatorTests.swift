import Environment
import Support
import TestSupport
import Testing

/// A project in /home/ada/p with a folder below it, and a second env folder outside of it.
private let project = MemoryFileSystem([
    "/home/ada/p/.git/": "", "/home/ada/p/env/default": "", "/home/ada/p/env/prod": "",
    "/home/ada/p/sub/deep/": "", "/home/ada/p/sub/local.env": "", "/home/ada/p/empty/": "",
    "/home/ada/p/other/default": "", "/home/ada/env/default": "", "/home/ada/env/outside": "", "/tmp/one": "",
])

private func resolve(
    _ name: String?, fgctlEnv: String? = nil, in directory: String = "/home/ada/p", home: String? = "/home/ada",
    files: MemoryFileSystem = project
) throws -> EnvLocation? {
    try EnvLocator.resolve(name, fgctlEnv: fgctlEnv, directory: directory, home: home, files: files)
}

struct EnvLocatorTests {
    @Test(arguments: [
        ("/home/ada/p", "env", "/home/ada/p/env/default", "env/default"),
        ("/home/ada/p", "env/", "/home/ada/p/env/default", "env/default"),
        ("/home/ada/p", "env/prod", "/home/ada/p/env/prod", "env/prod"),
        ("/home/ada/p", "prod", "/home/ada/p/env/prod", "env/prod"),
        ("/home/ada/p", "default", "/home/ada/p/env/default", "env/default"),
        ("/home/ada/p", "other", "/home/ada/p/other/default", "other/default"),
        ("/home/ada/p", "./sub/local.env", "/home/ada/p/sub/local.env", "./sub/local.env"),
        ("/home/ada/p", "/tmp/one", "/tmp/one", "/tmp/one"),
        ("/home/ada/p/sub/deep", "prod", "/home/ada/p/env/prod", "../../env/prod"),
        ("/home/ada/p/sub/deep", "env", "/home/ada/p/env/default", "../../env/default"),
        ("/home/ada/p/sub/deep", "env/", "/home/ada/p/env/default", "../../env/default"),
        ("/home/ada/p/sub/deep", "../local.env", "/home/ada/p/sub/local.env", "../local.env"),
        ("/home/ada/p/sub", "local.env", "/home/ada/p/sub/local.env", "local.env"),
        ("/home/ada", "outside", "/home/ada/env/outside", "env/outside"),
    ])
    func findsANamedOne(_ directory: String, _ name: String, _ path: String, _ shown: String) throws {
        let found = try #require(try resolve(name, in: directory))
        #expect(found.path == path)
        #expect(found.shown == shown)
        #expect(EnvLocator.names(name, directory: directory, home: "/home/ada", files: project))
    }

    @Test(arguments: [
        ("prd", "ENV 'prd': there is no such file or folder, and no env/prd in the project", "did you mean 'prod'?"),
        (
            "staging", "ENV 'staging': there is no such file or folder, and no env/staging in the project",
            "looked for env/staging in /home/ada/p"
        ),
        ("env/prd", "ENV 'env/prd': there is no such file or folder", nil),
        ("empty", "ENV 'empty': the folder holds no file 'default'", "name the file: empty/NAME"),
        (
            "outside", "ENV 'outside': there is no such file or folder, and no env/outside in the project",
            "looked for env/outside in /home/ada/p"
        ),
        (".", "ENV '.': the folder holds no file 'default'", "name the file: ./NAME"),
        ("", "ENV is empty", "name an env file"),
    ])
    func refusesWhatIsNotThere(_ name: String, _ message: String, _ hint: String?) throws {
        let failure = try #require(throws: Failure.self) { try resolve(name) }
        #expect(failure.kind == .usage)
        #expect(failure.message == message)
        #expect(failure.hint == hint)
        #expect(!EnvLocator.names(name, directory: "/home/ada/p", home: "/home/ada", files: project))
    }

    @Test(arguments: [
        ("/home/ada/p", "/home/ada/p/env/default"), ("/home/ada/p/sub/deep", "/home/ada/p/env/default"),
        ("/home/ada", "/home/ada/env/default"), ("/tmp", nil),
    ])
    func findsTheDefault(_ directory: String, _ path: String?) throws {
        #expect(try resolve(nil, in: directory)?.path == path)
    }

    @Test func theVariableCountsWhereNothingIsNamed() throws {
        #expect(try resolve(nil, fgctlEnv: "prod")?.shown == "env/prod")
        #expect(try resolve("default", fgctlEnv: "prod")?.shown == "env/default")
        #expect(try resolve(nil, fgctlEnv: "")?.shown == "env/default")
        let failure = try #require(throws: Failure.self) { try resolve(nil, fgctlEnv: "porod") }
        #expect(failure.kind == .usage)
        #expect(
            failure.message == "FGCTL_ENV 'porod': there is no such file or folder, and no env/porod in the project")
        #expect(failure.hint == "did you mean 'prod'?")
    }

    @Test func theWalkEndsAtGit() throws {
        let files = MemoryFileSystem([
            "/w/env/default": "", "/w/repo/.git": "gitdir: elsewhere", "/w/repo/sub/": "", "/w/plain/sub/": "",
        ])
        #expect(try resolve(nil, in: "/w/repo/sub", files: files) == nil)
        #expect(try resolve(nil, in: "/w/plain/sub", files: files)?.shown == "../../env/default")
    }

    @Test func theWalkEndsBeforeHome() throws {
        let files = MemoryFileSystem(["/home/ada/env/default": "", "/home/ada/p/sub/": "", "/home/env/default": ""])
        #expect(try resolve(nil, in: "/home/ada/p/sub", files: files) == nil)
        #expect(try resolve(nil, in: "/home/ada/p/sub", home: nil, files: files)?.path == "/home/ada/env/default")
        #expect(try resolve(nil, in: "/home/ada", home: "/home/ada/", files: files)?.path == "/home/ada/env/default")
    }

    @Test func theWalkEndsBeforeAFolderOfAnotherOwner() throws {
        let files = MemoryFileSystem(
            ["/srv/env/default": "", "/srv/env/x": "", "/srv/p/sub/": ""], owners: ["/srv": 7, "/srv/env": 7])
        #expect(try resolve(nil, in: "/srv/p/sub", files: files) == nil)
        #expect(throws: Failure.self) { try resolve("x", in: "/srv/p/sub", files: files) }
        #expect(try resolve("/srv/env/x", in: "/srv/p/sub", files: files)?.shown == "/srv/env/x")
    }

    @Test func aStrangersFileIsNotTakenUnasked() throws {
        let files = MemoryFileSystem(
            ["/tmp/env/default": ""], owners: ["/tmp": 0, "/tmp/env": 1001, "/tmp/env/default": 1001])
        let failure = try #require(throws: Failure.self) { try resolve(nil, in: "/tmp", files: files) }
        #expect(failure.kind == .badInput)
        #expect(failure.message == "env/default: belongs to another user, so it is not taken unasked")
        #expect(failure.hint == "name it to use it: -e env/default")
        #expect(try resolve("env/default", in: "/tmp", files: files)?.path == "/tmp/env/default")
    }

    @Test func aFolderOfOneOtherOwnerIsAProject() throws {
        // A checkout mounted into a container belongs to another number than the user there.
        let files = MemoryFileSystem(
            ["/src/env/default": "", "/src/sub/": ""],
            owners: ["/src": 7, "/src/sub": 7, "/src/env": 7, "/src/env/default": 7])
        #expect(try resolve(nil, in: "/src/sub", files: files)?.path == "/src/env/default")
    }

    @Test(arguments: [
        ("/home/ada/p/sub", "prod", "/home/ada/p"), ("/home/ada/p", "/tmp/one", "/home/ada/p"),
        ("/home/ada/p/sub", "../env/prod", "/home/ada/p"), ("/home/ada/p/sub", "local.env", "/home/ada/p/sub"),
    ])
    func knowsWherePathsCountFrom(_ directory: String, _ name: String, _ root: String) throws {
        #expect(try resolve(name, in: directory)?.root == root)
    }
}

struct PositionalsTests {
    private static func split(_ words: [String], _ needs: ClosedRange<Int>) throws -> (env: String?, rest: [String]) {
        try Positionals.split(
            words, needs: needs, resolves: { ["env", "prod", "nightly.env"].contains($0) },
            suggestion: { $0 == "prd" ? "prod" : nil }, surplus: "quote it")
    }

    @Test(
        arguments: [
            (["env", "0.1"], 1...1, "env", ["0.1"]),
            (["0.1"], 1...1, nil, ["0.1"]),
            (["env"], 1...1, nil, ["env"]),
            (["prod"], 0...1, "prod", []),
            (["porod"], 0...1, nil, ["porod"]),
            ([], 0...1, nil, []),
            (["0 0 * * ? *"], 1...2, nil, ["0 0 * * ? *"]),
            (["nightly", "0 0 * * ? *"], 1...2, nil, ["nightly", "0 0 * * ? *"]),
            (["prod", "0 0 * * ? *"], 1...2, "prod", ["0 0 * * ? *"]),
            (["prod", "nightly", "0 0 * * ? *"], 1...2, "prod", ["nightly", "0 0 * * ? *"]),
            (["prod"], 0...0, "prod", []),
            (["env", "env"], 1...1, "env", ["env"]),
        ] as [([String], ClosedRange<Int>, String?, [String])])
    func splits(_ words: [String], _ needs: ClosedRange<Int>, _ env: String?, _ rest: [String]) throws {
        let result = try Self.split(words, needs)
        #expect(result.env == env)
        #expect(result.rest == rest)
    }

    @Test(
        arguments: [
            ([], 1...1, "1 more argument(s) needed", nil),
            (
                ["prd", "0.1"], 1...1,
                "'prd' is no ENV: there is no such file or folder, and no env/prd in the project",
                "did you mean 'prod'?"
            ),
            (
                ["x"], 0...0, "'x' is no ENV: there is no such file or folder, and no env/x in the project", "quote it"
            ),
            (["x", "0.1"], 1...1, "'x' is no ENV: there is no such file or folder, and no env/x in the project", nil),
            (["env", "0.1", "more"], 1...1, "unexpected argument 'more'", "quote it"),
            (["x", "0.1", "more"], 1...1, "unexpected argument '0.1'", "quote it"),
        ] as [([String], ClosedRange<Int>, String, String?)])
    func refuses(_ words: [String], _ needs: ClosedRange<Int>, _ message: String, _ hint: String?) throws {
        let failure = try #require(throws: Failure.self) { try Self.split(words, needs) }
        #expect(failure.kind == .usage)
        #expect(failure.message == message)
        #expect(failure.hint == hint)
    }
}
