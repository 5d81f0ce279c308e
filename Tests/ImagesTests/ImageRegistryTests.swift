import AWS
import Environment
import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import Images

@Suite struct ImageRegistryTests {
    @Test func highestVersionComparesNumbers() async throws {
        let registry = StubRegistry(["nightly": ["0.9": "a", "0.10": "b", "latest": "b", "c0ffee1": "c"]])
        #expect(try await registry.highest(in: "nightly")?.text == "0.10")
        #expect(try await registry.require(nil, in: "nightly").text == "0.10")
        #expect(try await registry.require(version("0.9"), in: "nightly").text == "0.9")
        #expect(try await registry.highest(in: "other") == nil)
    }

    @Test func missingVersionSaysWhichThereAre() async throws {
        let registry = StubRegistry(["nightly": ["0.9": "a", "0.10": "b", "stable": "b"], "bare": ["stable": "a"]])
        let missing = await #expect(throws: Failure.self) { try await registry.require(version("0.11"), in: "nightly") }
        #expect(missing?.kind == .failed)
        #expect(missing?.message == "find image nightly:0.11: not in ECR; there are 0.10, 0.9, stable")
        #expect(missing?.hint == "push it first (fgctl docker-push 0.11), or name a version that is there")
        let bare = await #expect(throws: Failure.self) { try await registry.require(nil, in: "bare") }
        #expect(bare?.message == "find the highest version of bare: no tag in ECR is a number; there are stable")
        let none = await #expect(throws: Failure.self) { try await registry.require(version("0.1"), in: "none") }
        #expect(none?.message == "find image none:0.1: ECR holds no image of none")
    }

    @Test func stampsOfPromotionsAreNoVersionsToChooseFrom() async throws {
        let registry = StubRegistry([
            "n": ["0.9": "a", "20261121T124114Z": "a"], "stamped": ["20261121T124114Z": "a"],
        ])
        let named = await #expect(throws: Failure.self) { try await registry.require(version("2"), in: "n") }
        #expect(named?.message == "find image n:2: not in ECR; there are 0.9")
        let stamped = await #expect(throws: Failure.self) { try await registry.require(version("2"), in: "stamped") }
        #expect(stamped?.message == "find image stamped:2: not in ECR; there are 20261121T124114Z")
    }

    @Test func longListsOfVersionsAreCut() async throws {
        let tags = Dictionary(uniqueKeysWithValues: (1...15).map { ("0.\($0)", "a") })
        let failure = await #expect(throws: Failure.self) {
            try await StubRegistry(["n": tags]).require(version("2"), in: "n")
        }
        #expect(
            failure?.message
                == "find image n:2: not in ECR; there are 0.15, 0.14, 0.13, 0.12, 0.11, 0.10, 0.9, 0.8, 0.7, 0.6 and 5 more"
        )
    }

    // MARK: ECR

    private func ecr(_ answers: [String: String]) -> (ECRRegistry, StubTransport) {
        let transport = StubTransport { request, _ in
            let action = request.headers["X-Amz-Target"].map { String($0.split(separator: ".").last ?? "") } ?? ""
            guard let answer = answers[action] else { throw Failure(.failed, "unexpected \(action)") }
            let isError = answer.contains("__type")
            return .text(isError ? 400 : 200, answer, headers: ["Content-Type": "application/x-amz-json-1.1"])
        }
        let values = [
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
        ]
        let layer = SettingLayer(
            name: "test", values: values.mapValues { SettingLayer.Setting(value: $0, origin: "test") })
        let settings = AWSSettings(layers: [layer], home: nil)
        return (ECRRegistry(AWSClient(settings: settings, transport: transport)), transport)
    }

    @Test func takesUserAndPasswordFromTheToken() async throws {
        let token = Data("AWS:pass:word".utf8).base64EncodedString()
        let (registry, _) = ecr([
            "GetAuthorizationToken":
                #"{"authorizationData":[{"authorizationToken":"\#(token)","expiresAt":1795248684}]}"#
        ])
        let login = try await registry.login()
        #expect(login.user == "AWS")
        #expect(login.password.reveal() == "pass:word")
        #expect(!"\(login)".contains("pass:word"))
        let (broken, _) = ecr(["GetAuthorizationToken": #"{"authorizationData":[]}"#])
        await #expect(throws: Failure.self) { try await broken.login() }
    }

    @Test func missingRepositoryHasNoTags() async throws {
        let (registry, _) = ecr([
            "DescribeImages": #"{"__type":"RepositoryNotFoundException","message":"none"}"#,
            "DescribeRepositories": #"{"__type":"RepositoryNotFoundException","message":"none"}"#,
        ])
        #expect(try await registry.tags(in: "nightly") == nil)
        #expect(try await registry.repository("nightly") == nil)
        #expect(try await registry.digest(of: "0.1", in: "nightly") == nil)
    }

    @Test func createsWithImmutableTags() async throws {
        let (registry, transport) = ecr([
            "CreateRepository": #"{"repository":{"repositoryName":"nightly","imageTagMutability":"IMMUTABLE"}}"#
        ])
        let made = try await registry.createRepository("nightly", tags: [("a", "b")])
        #expect(made.hasImmutableTags)
        let body = try #require(transport.requests.first?.bodyText)
        #expect(body.contains(#""imageTagMutability":"IMMUTABLE""#))
        #expect(body.contains(#""tags":[{"#))
    }

    @Test func repositoryMadeMeanwhileIsAsGood() async throws {
        let (registry, _) = ecr([
            "CreateRepository": #"{"__type":"RepositoryAlreadyExistsException","message":"exists"}"#,
            "DescribeRepositories": #"{"repositories":[{"repositoryName":"nightly","imageTagMutability":"MUTABLE"}]}"#,
        ])
        let repository = try await registry.createRepository("nightly", tags: [])
        #expect(!repository.hasImmutableTags)
    }
}
