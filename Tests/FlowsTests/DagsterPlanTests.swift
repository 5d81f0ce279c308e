import AWSServices
import FoundationEssentials
import Services
import Support
import TestSupport
import Testing

@testable import Flows

/// What an update of a Dagster service does, for each thing that can be wished and that can be there.
struct DagsterPlanTests {
    static let release = String(repeating: "a", count: 64)

    static func stack(
        outputs: [String] = ["WebserverService", "DaemonService", "UsercodeService"],
        parameters: [String: String] = [
            "UsercodeVersion": "aaa1111", "DaemonVersion": "aaa1111", "WebserverVersion": "aaa1111",
            "ConfigRelease": release, "RepositoryPrefix": "dagster",
        ]
    ) throws -> CloudFormation.Stack {
        let outputs = outputs.map {
            #"{"outputKey": "\#($0)", "outputValue": "d-\#($0.dropLast("Service".count).lowercased())"}"#
        }
        let parameters = parameters.map { #"{"parameterKey": "\#($0)", "parameterValue": "\#($1)"}"# }
        let json = """
            {"stackName": "d", "stackId": "arn:stack/d/1", "creationTime": 0, "stackStatus": "CREATE_COMPLETE",
             "outputs": [\((outputs + [#"{"outputKey": "ClusterName", "outputValue": "c"}"#]).joined(separator: ","))],
             "parameters": [\(parameters.joined(separator: ","))]}
            """
        return try JSONDecoder().decode(CloudFormation.Stack.self, from: Data(json.utf8))
    }

    private static let images = RepositoryImages(
        repository: "dagster/usercode",
        images: [
            .init(digest: "sha256:old", tags: ["aaa1111"], pushedAt: Date(timeIntervalSince1970: 1)),
            .init(digest: "sha256:new", tags: ["bbb2222", "latest"], pushedAt: Date(timeIntervalSince1970: 2)),
            .init(digest: "sha256:mid", tags: ["ccc3333"], pushedAt: Date(timeIntervalSince1970: 1.5)),
        ])

    private static func situation(
        _ role: DagsterRole = .usercode, version: String? = nil, release: String? = nil, onlyIfChanged: Bool = false,
        running: Set<String> = ["sha256:old"], isSettled: Bool = true, images: RepositoryImages? = images
    ) throws -> DagsterPlan.Situation {
        var situation = DagsterPlan.Situation(
            stack: try DagsterStack(try stack(), cluster: "other", wanting: role), role: role)
        situation.version = version
        situation.release = release
        situation.onlyIfChanged = onlyIfChanged
        situation.runningDigests = running
        situation.isSettled = isSettled
        situation.images = images
        return situation
    }

    @Test func aVersionChangesOneParameterThenRestartsTheDaemon() throws {
        let plan = try DagsterPlan.make(try Self.situation(version: "bbb2222"))
        #expect(plan.action == .update && plan.cluster == "c")
        #expect(plan.parameters == [.init(name: "UsercodeVersion", from: "aaa1111", to: "bbb2222")])
        #expect(plan.restarts == ["d-daemon"] && plan.warnings.isEmpty)
        #expect(plan.notes.first == "UsercodeVersion: aaa1111 -> bbb2222")
    }

    @Test func nobodyWhoDoesNotWaitRestartsTheDaemon() throws {
        var situation = try Self.situation(version: "bbb2222")
        situation.waits = false
        let plan = try DagsterPlan.make(situation)
        #expect(plan.action == .update && plan.restarts.isEmpty)
        #expect(plan.notes.filter { $0.contains("d-daemon") }.count == 1)
        #expect(plan.notes.last?.contains("not restarted, since nobody waits: 'fgctl update-daemon' does it") == true)
        // A restart can be asked for at once.
        situation.version = nil
        #expect(try DagsterPlan.make(situation).restarts == ["d-usercode", "d-daemon"])
    }

    @Test func whatFailedIsNotRecommended() throws {
        var situation = try Self.situation()
        let at = Date(timeIntervalSince1970: 60)
        situation.failed = [.init(image: "r/dagster/usercode:bbb2222", digest: nil, at: at)]
        #expect(
            try DagsterPlan.make(situation).warnings == [
                "the newest image of dagster/usercode is bbb2222, pushed 1970-01-01T00:00:02Z, not aaa1111; its deployment "
                    + "of 1970-01-01T00:01:00Z was rolled back: mend it and push it as another version"
            ])
        situation.failed = [
            .init(image: "r/dagster/usercode:old", digest: "sha256:new", at: at, wasRolledBack: false)
        ]
        #expect(try DagsterPlan.make(situation).warnings.first?.contains("00:01:00Z failed: mend it") == true)
        // Pushed anew since, and another image.
        for failed in [
            FailedImages.Image(image: "u:bbb2222", digest: "sha256:x", at: Date(timeIntervalSince1970: 1)),
            .init(image: "u:ccc3333", digest: nil, at: at),
        ] {
            situation.failed = [failed]
            #expect(try DagsterPlan.make(situation).warnings.first?.contains("'fgctl update-usercode bbb2222'") == true)
        }
    }

    @Test func withoutAVersionItRestartsAndSaysWhatIsNewer() throws {
        let plan = try DagsterPlan.make(try Self.situation())
        #expect(plan.action == .restart && plan.parameters.isEmpty)
        #expect(plan.restarts == ["d-usercode", "d-daemon"])
        #expect(plan.notes.first == "service d-usercode: restart only, image sha256:old (aaa1111) unchanged")
        #expect(
            plan.warnings == [
                "the newest image of dagster/usercode is bbb2222, pushed 1970-01-01T00:00:02Z, not aaa1111: "
                    + "'fgctl update-usercode bbb2222' deploys it"
            ])
    }

    @Test func nothingIsNewerThanTheNewest() throws {
        var situation = try Self.situation(
            images: RepositoryImages(
                repository: "dagster/usercode",
                images: [.init(digest: "sha256:old", tags: ["aaa1111"], pushedAt: nil)]))
        #expect(try DagsterPlan.make(situation).warnings.isEmpty)
        // The same image under another name.
        situation.images = RepositoryImages(
            repository: "dagster/usercode",
            images: [.init(digest: "sha256:old", tags: ["v2", "aaa1111"], pushedAt: nil)])
        #expect(try DagsterPlan.make(situation).warnings.isEmpty)
        situation.images = nil
        let blind = try DagsterPlan.make(situation)
        #expect(blind.warnings.isEmpty)
        #expect(blind.notes.first == "service d-usercode: restart only, image sha256:old (aaa1111) unchanged")
    }

    @Test func aTagThatMovedIsNoMereRestart() throws {
        let plan = try DagsterPlan.make(try Self.situation(running: ["sha256:before"]))
        #expect(
            plan.notes.first
                == "service d-usercode: restart: tag aaa1111 is another image by now: sha256:before -> sha256:old")
    }

    @Test func theVersionThatIsThereIsARestart() throws {
        let plan = try DagsterPlan.make(try Self.situation(version: "aaa1111"))
        #expect(plan.action == .restart && plan.restarts == ["d-usercode", "d-daemon"])
    }

    @Test func aVersionThatIsNotThereNamesTheNewest() throws {
        let failure = try #require(
            #expect(throws: Failure.self) { try DagsterPlan.make(try Self.situation(version: "0.9")) })
        #expect(
            failure.message
                == "update-usercode: ECR has no image dagster/usercode:0.9; newest there: bbb2222, ccc3333, aaa1111")
        #expect(failure.hint == "push it with 'fgctl compose-push 0.9', or name a version that is there")
        let none = #expect(throws: Failure.self) {
            try DagsterPlan.make(
                try Self.situation(
                    version: "0.9", images: RepositoryImages(repository: "dagster/usercode", images: [])))
        }
        #expect(none?.message == "update-usercode: ECR has no image dagster/usercode:0.9, nor any other")
    }

    /// version, release, what runs, whether it is settled; what is done with --if-changed.
    static let ifChanged: [(String?, String?, Set<String>, Bool, DagsterPlan.Action)] = [
        (nil, nil, ["sha256:old"], true, .nothing), ("aaa1111", nil, ["sha256:old"], true, .nothing),
        (nil, nil, ["sha256:old"], false, .restart), (nil, nil, ["sha256:x"], true, .restart),
        (nil, nil, [], true, .restart), (nil, nil, ["sha256:old", "sha256:x"], true, .restart),
        ("bbb2222", nil, ["sha256:old"], true, .update), ("bbb2222", nil, ["sha256:new"], true, .nothing),
        (nil, release, ["sha256:old"], true, .nothing), (nil, "b", ["sha256:old"], true, .update),
    ]

    @Test(arguments: ifChanged.indices) func onlyIfChanged(_ index: Int) throws {
        let (version, release, running, isSettled, wanted) = Self.ifChanged[index]
        let plan = try DagsterPlan.make(
            try Self.situation(
                version: version, release: release, onlyIfChanged: true, running: running, isSettled: isSettled))
        #expect(plan.action == wanted)
        #expect(wanted != .nothing || plan.restarts.isEmpty && plan.parameters.isEmpty)
    }

    @Test func aReleaseIsDeployedByAllServices() throws {
        let plan = try DagsterPlan.make(try Self.situation(.webserver, release: "b"))
        #expect(plan.parameters == [.init(name: "ConfigRelease", from: Self.release, to: "b")])
        #expect(plan.restarts.isEmpty)
        #expect(
            plan.notes.last
                == "all services read the config: d-webserver, d-daemon, d-usercode are deployed")
        let same = try DagsterPlan.make(try Self.situation(.webserver, release: Self.release))
        #expect(same.action == .restart && same.restarts == ["d-webserver"])
    }

    @Test func theDaemonRestartsAlone() throws {
        let plan = try DagsterPlan.make(try Self.situation(.daemon))
        #expect(plan.action == .restart && plan.restarts == ["d-daemon"] && plan.warnings.isEmpty)
    }

    @Test func whatStaysIsNamedAsImagesAre() throws {
        let json = """
            {"stackName": "d-base", "creationTime": 0, "stackStatus": "CREATE_COMPLETE", "outputs": [
             {"outputKey": "UsercodeRepositoryUri", "outputValue": "1.dkr.ecr.us-east-1.amazonaws.com/d/usercode"}]}
            """
        let base = try JSONDecoder().decode(CloudFormation.Stack.self, from: Data(json.utf8))
        #expect(
            try StackRemoval.Base(base, registry: nil).kept == [
                "repository 1.dkr.ecr.us-east-1.amazonaws.com/d/usercode"
            ])
        #expect(
            try StackRemoval.Base(base, registry: "localhost:4566").kept == ["repository localhost:4566/d/usercode"])
    }

    @Test func otherStacksAreNoDagster() throws {
        let failure = #expect(throws: Failure.self) {
            try DagsterStack(try Self.stack(outputs: ["DaemonService"]), cluster: "c", wanting: .usercode)
        }
        #expect(
            failure?.message == "update-usercode: stack d has no output UsercodeService, as the stack of a Dagster "
                + "deployment has (TEMPLATE=dagster)")
        let bare = DagsterPlan.Situation(
            stack: try DagsterStack(try Self.stack(parameters: [:]), cluster: "c", wanting: .usercode), role: .usercode)
        var asked = bare
        asked.version = "0.1"
        #expect(throws: Failure.self) { try DagsterPlan.make(asked) }
        #expect(try DagsterPlan.make(bare).action == .restart)
    }
}
