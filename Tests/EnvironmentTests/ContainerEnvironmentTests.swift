import Environment
import Support
import TestSupport
import Testing

private func parse(_ text: String) throws -> ContainerEnvironment {
    try ContainerEnvironment.parse(text, path: "job.env") { ["HOST": "laptop"][$0] }
}

struct ContainerEnvironmentTests {
    @Test func readsAsDockerDoes() throws {
        let read = try parse("\u{FEFF}# head\r\n\nA=1\r\n  B= x y \nC=\nD=a=b#c $A\n  # indented\nHOST\nE-1.x=ok")
        #expect(
            read.variables == [
                .init(name: "A", value: "1"), .init(name: "B", value: " x y "), .init(name: "C", value: ""),
                .init(name: "D", value: "a=b#c $A"), .init(name: "HOST", value: "laptop"),
                .init(name: "E-1.x", value: "ok"),
            ])
        #expect(read.warnings.isEmpty)
        #expect(read["D"] == "a=b#c $A")
        #expect(read["NONE"] == nil)
    }

    @Test(arguments: [
        ("A=\"x\"", "job.env:1: the quotes around the value of A are handed over with it"),
        ("A='x'", "job.env:1: the quotes around the value of A are handed over with it"),
        ("A=1\nA=2", "job.env:2: A is given again; the later one counts"),
        ("MISSING", "job.env:1: MISSING is not set in the environment, so the container doesn't get it"),
        (
            "DB_PASSWORD=hunter2",
            "job.env:1: DB_PASSWORD looks like a secret, and will show in DescribeTasks, CloudTrail and schedules; "
                + "better put it into the template's Secrets"
        ),
    ])
    func warns(_ text: String, _ warning: String) throws {
        #expect(try parse(text).warnings == [warning])
    }

    @Test(arguments: [
        ("=x", "job.env:1: no name before '='"),
        ("A=1\nA B=x", "job.env:2: the name 'A B' holds a blank"),
        ("A =x", "job.env:1: the name 'A ' holds a blank"),
        ("hunter2 hunter2", "job.env:1: the name holds a blank"),
        ("export A=1", "job.env:1: 'export' before the name"),
        ("\nAWS_ACCESS_KEY_ID=AKIA", "job.env:2: AWS_ACCESS_KEY_ID must not be handed to a container"),
        ("AWS_SECRET_ACCESS_KEY", "job.env:1: AWS_SECRET_ACCESS_KEY must not be handed to a container"),
        ("AWS_SECRET_KEY=x", "job.env:1: AWS_SECRET_KEY must not be handed to a container"),
        ("aws_session_token=x", "job.env:1: aws_session_token must not be handed to a container"),
        ("1X=2", "job.env:1: '1X' can't name a variable"), ("Ä=2", "job.env:1: 'Ä' can't name a variable"),
        ("hunter2!", "job.env:1: the name can't name a variable"),
        ("A=a\0b", "job.env:1: the line is not UTF-8 text"),
    ])
    func refuses(_ text: String, _ message: String) throws {
        let failure = try #require(throws: Failure.self) { try parse(text) }
        #expect(failure.kind == .badInput)
        #expect(failure.message == message)
        #expect(failure.hint != nil)
    }

    @Test func loadsAFile() throws {
        let files = MemoryFileSystem(["/p/job.env": "A=1\n", "/p/folder/": ""])
            .with("/p/bad.env", bytes: [0x41, 0x3D, 0xFF])
        func load(_ name: String) throws -> ContainerEnvironment {
            try ContainerEnvironment.load(path: "/p/\(name)", shown: name, files: files) { _ in nil }
        }
        #expect(try load("job.env")["A"] == "1")
        #expect(
            try #require(throws: Failure.self) { try load("none.env") }.message == "none.env: there is no such file")
        #expect(try #require(throws: Failure.self) { try load("folder") }.message == "folder: there is no such file")
        let bad = try #require(throws: Failure.self) { try load("bad.env") }
        #expect(bad.message == "bad.env:1: the line is not UTF-8 text")
    }

    @Test func setEnvComesLast() throws {
        let flags = try ContainerEnvironment.setEnv(["B=\"2\"", "C=3", "HOST", "C=4"]) { ["HOST": "laptop"][$0] }
        #expect(flags["B"] == "\"2\"")
        #expect(flags.warnings == ["--set-env: C is given again; the later one counts"])
        let merged = try parse("A=1\nB=1\n").merging(flags)
        #expect(merged.variables.map(\.name) == ["A", "B", "C", "HOST"])
        #expect(merged.variables.map(\.value) == ["1", "\"2\"", "4", "laptop"])
        #expect(merged.warnings == flags.warnings)
    }

    @Test(arguments: [
        ("1X=2", "--set-env: '1X' can't name a variable"),
        ("=x", "--set-env: no name before '='"), ("", "--set-env: no name before '='"),
        ("AWS_SESSION_TOKEN=x", "--set-env: AWS_SESSION_TOKEN must not be handed to a container"),
    ])
    func setEnvRefuses(_ text: String, _ message: String) throws {
        let failure = try #require(throws: Failure.self) { try ContainerEnvironment.setEnv([text]) { _ in nil } }
        #expect(failure.kind == .usage)
        #expect(failure.message == message)
        #expect(failure.hint != nil)
    }

    @Test(arguments: [
        ("DB_PASSWORD", true), ("PGPASSWORD", true), ("API_KEY", true), ("github_token", true), ("CLIENT_SECRET", true),
        ("PRIVATE_KEY", true), ("SECRETS", true), ("SECRET_ARN", false), ("TOKEN_FILE", false), ("SECRET_NAME", false),
        ("KEY", false), ("S3_KEY", false), ("MONKEY", false), ("TOKENIZER", false), ("HOST", false),
    ])
    func knowsNamesOfSecrets(_ name: String, _ isSecret: Bool) {
        #expect(ContainerEnvironment.looksSecret(name) == isSecret)
    }
}
