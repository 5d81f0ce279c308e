import AWS
import Environment
import Support
import TestSupport
import Testing

@testable import Images

/// Which images of a compose file are the project's, and where the file says otherwise.
@Suite struct ComposeImageTests {
    private static func project(_ version: String = "abc1234def56") throws -> ComposeProject {
        var images = Fixture().project
        images.repository = "dagster"
        return ComposeProject(
            images: images, files: ["/project/compose.yaml"], version: try #require(ImageVersion(version)),
            environment: [:])
    }

    private static func images(_ text: String, version: String = "abc1234def56") throws -> [ComposeImage] {
        try ComposeImage.all(
            of: try ComposeConfig(parsing: text, file: "compose.yaml"), project: try project(version)
        ) { "compose.yaml\($0.isEmpty ? "" : ":7")" }
    }

    private static func built(_ image: String) -> String {
        "services:\n  web:\n    build: {context: .}\n    image: \(image)\n"
    }

    @Test func takesWhatIsBuiltAndLeavesOthersAlone() throws {
        // As version 1 and version 2 print it: one is YAML, the other may be JSON.
        let yaml = """
            name: demo
            services:
              webserver:
                build: {context: /project/web}
                image: \(Fixture.host)/dagster/webserver:abc1234def56
              db:
                image: postgres:15
              daemon:
                build: /project/daemon
                image: \(Fixture.host)/dagster/daemon:abc1234def56
              second:
                build: /project/daemon
                image: \(Fixture.host)/dagster/daemon:abc1234def56
              none:
                build: null
                image: other
            """
        let found = try Self.images(yaml)
        #expect(found.map(\.repository) == ["dagster/daemon", "dagster/webserver"])
        #expect(found.first?.services == ["daemon", "second"])
        let json = #"{"services":{"a":{"build":{"context":"."},"image":"\#(Fixture.host)/dagster:abc1234def56"}}}"#
        #expect(try Self.images(json).map(\.reference) == ["\(Fixture.host)/dagster:abc1234def56"])
    }

    static let refused: [(image: String, why: String)] = [
        ("\(Fixture.host)/dagster/web", "has no tag, which would move with each release"),
        ("\(Fixture.host)/dagster/web:latest", "has the tag 'latest', which would move with each release"),
        ("\(Fixture.host)/dagster/web:1.0", "has the tag '1.0', not the version abc1234def56"),
        ("\(Fixture.host)/nbm/web:abc1234def56", "is not under IMAGE_NAME 'dagster'"),
        ("\(Fixture.host)/dagster2/web:abc1234def56", "is not under IMAGE_NAME 'dagster'"),
        ("dagster/web:abc1234def56", "goes to Docker Hub, not to \(Fixture.host)"),
        ("localhost/dagster/web:abc1234def56", "goes to registry localhost, not to \(Fixture.host)"),
        ("ghcr.io/dagster/web:abc1234def56", "goes to registry ghcr.io, not to \(Fixture.host)"),
        ("\(Fixture.host)/dagster/web@sha256:00", "names a digest, which what is being built can't have"),
    ]

    @Test(arguments: refused) func refusesAnotherHome(_ image: String, _ why: String) throws {
        let failure = #expect(throws: Failure.self) { try Self.images(Self.built("'\(image)'")) }
        #expect(failure?.kind == .badInput)
        #expect(failure?.message == "compose.yaml:7: service web: image '\(image)' \(why)")
        #expect(failure?.hint?.contains("${REGISTRY_URL}/${IMAGE_NAME}/web:${GIT_REV}") == true)
    }

    @Test func namesAllThatAreWrong() throws {
        let text = Self.built("a/b:1") + "  other:\n    build: .\n"
        let failure = #expect(throws: Failure.self) { try Self.images(text) }
        #expect(
            failure?.message
                == "compose.yaml:7: service other: has 'build:' but no 'image:', so it has no repository; "
                + "compose.yaml:7: service web: image 'a/b:1' goes to Docker Hub, not to \(Fixture.host)")
        let nothing = #expect(throws: Failure.self) { try Self.images("services:\n  db: {image: postgres}\n") }
        #expect(nothing?.message == "compose.yaml: no service has 'build:', so there is nothing to build or push")
        #expect(throws: Failure.self) { try Self.images("volumes: {}\n") }
    }

    @Test func findsTheLine() {
        let text = """
            # services:
            x-base: &base
              image: no
            services:
              web: # the first
                environment:
                  image: deeper
                image: a
              "daemon":

                build: .
                <<: *base
              usercode:
                build: .
                image: b
            volumes:
              web:
                image: no
            """
        #expect(ComposeSource.line(of: "web", in: text) == 8)
        #expect(ComposeSource.line(of: "daemon", in: text) == 9)
        #expect(ComposeSource.line(of: "usercode", in: text) == 15)
        #expect(ComposeSource.line(of: "image", in: text) == nil)
        #expect(ComposeSource.line(of: "web", in: "volumes:\n  web:\n") == nil)
    }

    // MARK: ComposeProject

    private func project(
        _ files: [String: String], given: [String] = [], version: String = "0.1", set: [String] = []
    ) throws -> ComposeProject {
        let env = try EnvFile.parse(
            "STACK_NAME=dagster\nDB_NAME=jobs\nAWS_SECRET_ACCESS_KEY=no\nAWS_ACCESS_KEY_ID=no\nGIT_REV=old\n"
                + "PATH=/nowhere\nDOCKER_HOST=tcp://x\nAWS_REGION=eu-west-1\n",
            path: "env/default"
        ) { _ in nil }
        let settings = try ProjectSettings(set: set, envFile: env, environment: ["HOME": "/h"], directory: "/project")
        return try ComposeProject.read(
            settings, images: Fixture().project, version: try #require(ImageVersion(version)), files: given,
            in: MemoryFileSystem(files))
    }

    @Test func handsTheEnvFileOnButForCredentials() throws {
        let files = ["/project/compose.yml": "", "/project/docker-compose.yml": ""]
        let found = try project(files, set: ["DB_NAME=other"])
        #expect(found.files.map(PathText.lastComponent) == ["compose.yml"])
        #expect(
            found.environment == [
                "STACK_NAME": "dagster", "DB_NAME": "other", "GIT_REV": "0.1", "AWS_REGION": "eu-west-1",
                "REGISTRY_URL": Fixture.host, "IMAGE_NAME": "nightly", "DOCKER_DEFAULT_PLATFORM": "linux/amd64",
            ])
    }

    @Test func refusesWhatIsNotThereOrMoves() throws {
        let none = #expect(throws: Failure.self) { try project([:]) }
        #expect(none?.kind == .badInput && none?.message.contains("holds no compose file (compose.yaml, ") == true)
        let missing = #expect(throws: Failure.self) { try project([:], given: ["/x.yaml"]) }
        #expect(missing?.message == "/x.yaml: no such compose file")
        let latest = #expect(throws: Failure.self) { try project(["/project/compose.yaml": ""], version: "latest") }
        #expect(latest?.kind == .usage)
    }
}
