import AWSServices
import Support
import Templates
import Testing

@testable import Stacks

/// The parts of a project of several stacks, what is done with its base, and what its services wait for.
struct TemplateSetTests {
    private static func value(_ name: String) -> GivenValue { GivenValue(name: name, value: "1", origin: "test") }

    @Test func dagsterIsASetAndTaskIsNone() throws {
        let set = try #require(try TemplateSet.embedded("dagster"))
        #expect(set.base.name == "templates/dagster-base.yaml")
        #expect(set.services.name == "templates/dagster-services.yaml")
        #expect(try TemplateSet.embedded("task") == nil)
        #expect(try TemplateSet.embedded("dagster-base") == nil)
    }

    @Test func parametersGoWhereTheyAreDeclared() throws {
        let set = try #require(try TemplateSet.embedded("dagster"))
        let divided = try set.divided(["LoadBalancer", "VpcId", "ImagesKept"].map(Self.value))
        #expect(divided.base.map(\.name) == ["VpcId", "ImagesKept"])
        #expect(divided.services.map(\.name) == ["LoadBalancer", "VpcId"])
        let failure = #expect(throws: Failure.self) { try set.divided([Self.value("LoadBalancr")]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message == "the templates of dagster have no parameter LoadBalancr (test)")
        #expect(failure?.hint == "did you mean LoadBalancer?")
    }

    @Test(arguments: [
        (nil, BaseStep.create), ("REVIEW_IN_PROGRESS", .create), ("ROLLBACK_COMPLETE", .create),
        ("CREATE_FAILED", .create), ("DELETE_COMPLETE", .create), ("CREATE_IN_PROGRESS", .create),
        ("CREATE_COMPLETE", .bringUpToDate), ("UPDATE_COMPLETE", .bringUpToDate),
        ("UPDATE_ROLLBACK_COMPLETE", .bringUpToDate), ("UPDATE_ROLLBACK_FAILED", .bringUpToDate),
        ("UPDATE_IN_PROGRESS", .bringUpToDate), ("DELETE_FAILED", .bringUpToDate),
    ])
    func theBaseIsCreatedOrBroughtUpToDate(status: String?, step: BaseStep) throws {
        #expect(BaseStep(try status.map { try Samples.stack($0) }) == step)
    }

    private static func images(_ there: [Bool], version: String? = "0.1") -> [ServicesReadiness.Image] {
        zip(["webserver", "daemon", "usercode"], there).map {
            .init(repository: "demo/\($0)", version: version, isThere: $1)
        }
    }

    private static let sidecar = ServicesReadiness.Image(repository: "demo/fgctl", version: "1", isThere: false)

    @Test func nothingIsMissingWhenAllIsThere() {
        let ready = ServicesReadiness(
            images: Self.images([true, true, true]), sidecar: nil, sidecarReference: "elsewhere/fgctl:1", release: "a")
        #expect(ready.missing.isEmpty)
        #expect(ready.failure("create stack demo", version: " 0.1", command: "fgctl cf-create-stack 0.1") == nil)
    }

    @Test func allThatIsMissingIsSaidWithTheWayOn() throws {
        let bare = ServicesReadiness(
            images: Self.images([false, true, false]), sidecar: Self.sidecar, sidecarReference: "r/demo/fgctl:1",
            release: nil)
        let failure = try #require(
            bare.failure("create stack demo", version: " 0.1", command: "fgctl cf-create-stack 0.1"))
        #expect(failure.kind == .failed)
        #expect(
            failure.message == "create stack demo: missing: image demo/webserver:0.1, image demo/usercode:0.1, "
                + "image demo/fgctl:1, a config release")
        #expect(
            failure.hint == "do these, then 'fgctl cf-create-stack 0.1' again: 'fgctl compose-build 0.1', "
                + "'fgctl compose-push 0.1', 'docker push r/demo/fgctl:1, the image that bin/image builds', "
                + "'fgctl config-push'")
    }

    @Test func onlyWhatIsMissingIsToBeDone() {
        let config = ServicesReadiness(
            images: Self.images([true, true, true]), sidecar: nil, sidecarReference: "", release: nil)
        #expect(config.steps(version: "") == ["fgctl config-push"])
        let images = ServicesReadiness(
            images: Self.images([true, true, false], version: nil), sidecar: nil, sidecarReference: "", release: "a")
        #expect(images.steps(version: "") == ["fgctl compose-build", "fgctl compose-push"])
        #expect(images.missing == ["image demo/usercode (any version)"])
    }
}
