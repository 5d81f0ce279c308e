import Environment
import Support
import Testing

@testable import Images

@Suite struct ImageProjectTests {
    private func read(_ values: [String: String], region: String = "eu-west-1") async throws -> ImageProject {
        let settings = try ProjectSettings(
            set: values.map { "\($0)=\($1)" }, environment: [:], directory: "/srv/project")
        return try await ImageProject.read(settings, region: region) { "123456789012" }
    }

    @Test func defaults() async throws {
        let project = try await read(["IMAGE_NAME": "nightly"])
        #expect(project.fullRepository == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/nightly")
        #expect(project.platform == .amd64)
        #expect(project.context == "/srv/project")
        #expect(project.dockerfile == "/srv/project/Dockerfile")
        #expect(project.gitRevision == nil)
        #expect(project.tags.map(\.0) == ["fgctl:created-by"])
    }

    @Test func readsEveryKey() async throws {
        let project = try await read([
            "IMAGE_NAME": "team/nightly", "REGISTRY_URL": "localhost:4566", "PLATFORM": "linux/aarch64",
            "DOCKERFILE": "docker/Dockerfile", "DOCKER_CONTEXT": "src", "BUILD_ARGS": "A=1 'B=x y'",
            "TAGS": "project=demo",
            "GIT_REV": "c0ffee1",
        ])
        #expect(try project.reference(version("0.1")) == "localhost:4566/team/nightly:0.1")
        #expect(project.platform == .arm64)
        #expect(project.context == "/srv/project/src")
        #expect(project.dockerfile == "/srv/project/docker/Dockerfile")
        #expect(project.buildArguments == ["A=1", "B=x y"])
        #expect(project.gitRevision == "c0ffee1")
        #expect(project.tags.map(\.0) == ["fgctl:created-by", "project"])
    }

    @Test func dockerfileLiesInTheContextByDefault() async throws {
        #expect(
            try await read(["IMAGE_NAME": "nightly", "DOCKER_CONTEXT": "src"]).dockerfile
                == "/srv/project/src/Dockerfile")
    }

    @Test func needsTheAccountOnlyForItsRegistry() async throws {
        struct NotAsked: Error {}
        let settings = try ProjectSettings(
            set: ["IMAGE_NAME=nightly", "REGISTRY_URL=localhost:4566"], environment: [:], directory: "/p")
        let project = try await ImageProject.read(settings, region: "us-east-1") { throw NotAsked() }
        #expect(project.registry == "localhost:4566")
    }

    @Test func badPlatformNamesTheKey() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await read(["IMAGE_NAME": "nightly", "PLATFORM": "linux/sparc"])
        }
        #expect(failure?.kind == .usage)
        #expect(failure?.message == "--set PLATFORM 'linux/sparc' is no platform of Fargate")
        #expect(failure?.hint == "linux/amd64 or linux/arm64")
    }

    @Test func registryOfAnotherRegionOrAccountIsRefused() async throws {
        let region = await #expect(throws: Failure.self) {
            try await read(["IMAGE_NAME": "n1", "REGISTRY_URL": "123456789012.dkr.ecr.us-east-1.amazonaws.com"])
        }
        #expect(region?.message.hasSuffix("is in region us-east-1, but the region in use is eu-west-1") == true)
        let account = await #expect(throws: Failure.self) {
            try await read(["IMAGE_NAME": "n1", "REGISTRY_URL": "999999999999.dkr.ecr.eu-west-1.amazonaws.com"])
        }
        #expect(
            account?.message.hasSuffix("belongs to account 999999999999, but the credentials to 123456789012") == true)
    }

    @Test(arguments: [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", true, false),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", true, false),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", true, false),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", true, false),
        ("localhost:4566", false, true), ("127.0.0.1:5000", false, true), ("[::1]:5000", false, true),
        ("docker.io", false, false), ("localhost.example.com", false, false), ("127.example.com", false, false),
        ("registry.example.com:5000", false, false), ("me.dkr.ecr.eu-west-1.example.com", false, false),
    ]) func knowsHosts(_ host: String, isECR: Bool, isLoopback: Bool) {
        let parsed = RegistryHost(host)
        #expect((parsed.ecr != nil) == isECR)
        #expect(parsed.isLoopback == isLoopback)
        #expect(parsed.takesECRLogin == (isECR || isLoopback))
    }
}
