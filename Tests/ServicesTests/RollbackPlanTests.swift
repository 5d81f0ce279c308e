import AWSServices
import FoundationEssentials
import Services
import Support
import TestSupport
import Testing

private func generation(
    _ revision: Int, _ tags: [String: String] = [:], release: String? = nil, digests: [String: String] = [:]
) -> Generation {
    Generation(
        taskDefinition: "arn:aws:ecs:r:1:task-definition/nightly:\(revision)",
        images: tags.sorted { $0.key < $1.key }.map {
            .init(container: $0.key, image: "r.example/app/\($0.key):\($0.value)", digest: digests[$0.key])
        }, configRelease: release)
}

private func parameter(_ name: String, _ value: String) -> CloudFormation.Parameter {
    CloudFormation.Parameter(parameterKey: name, parameterValue: value)
}

struct RollbackPlanTests {
    private func situation(
        _ current: Generation, _ earlier: [Generation], proven: Bool = true, stack: [CloudFormation.Parameter]? = nil
    ) -> RollbackPlan.Situation {
        var situation = RollbackPlan.Situation(service: "web", cluster: "c", current: current)
        situation.earlier = earlier
        situation.isProven = proven
        situation.stack = stack.map { ("nightly", $0) }
        return situation
    }

    @Test func theStacksParametersGoBack() throws {
        let plan = try RollbackPlan.make(
            situation(
                generation(9, ["webserver": "0.2", "config": "1"], release: "bb"),
                [generation(8, ["webserver": "0.1", "config": "1"], release: "aa")],
                stack: [
                    parameter("WebserverVersion", "0.2"), parameter("DaemonVersion", "0.2"),
                    parameter("ConfigRelease", "bb"), parameter("Cpu", "256"),
                ]))
        #expect(plan.action == .updateStack)
        #expect(
            plan.parameters == [
                .init(name: "WebserverVersion", from: "0.2", to: "0.1"),
                .init(name: "ConfigRelease", from: "bb", to: "aa"),
            ])
        #expect(plan.lines.contains("  parameter WebserverVersion: 0.2 -> 0.1"))
        #expect(plan.lines.contains("  task definition nightly:9 -> as nightly:8"))
        #expect(plan.lines.contains("  parameter ConfigRelease: bb -> aa"))
    }

    @Test func twiceGoesFurtherBackAndNeverForthAgain() throws {
        let one = generation(1, ["web": "0.1"])
        let two = generation(2, ["web": "0.2"])
        let three = generation(3, ["web": "0.3"])
        let parameters = [parameter("Version", "0.2")]
        // From 0.3 back to 0.2, which a stack makes revision 4.
        let plan = try RollbackPlan.make(
            situation(generation(4, ["web": "0.2"]), [three, two, one], stack: parameters))
        #expect(plan.parameters == [.init(name: "Version", from: "0.2", to: "0.1")])
        let failure = #expect(throws: Failure.self) {
            try RollbackPlan.make(
                situation(generation(4, ["web": "0.2"]), [three, two], stack: parameters))
        }
        #expect(failure?.message.contains("has gone back to nightly:4 already") == true)
        #expect(failure?.hint?.contains("nightly:3") == true)
        #expect(try RollbackPlan.make(situation(two, [three, two, one])).to == one)
    }

    @Test func whatOneServiceTookBackAnotherDoesNotBringForth() throws {
        // 0.1 with a, 0.2 with a, 0.2 with b, and by the rollback of another service 0.2 with a.
        let plan = try RollbackPlan.make(
            situation(
                generation(4, ["web": "0.2"], release: "a"),
                [
                    generation(3, ["web": "0.2"], release: "b"), generation(2, ["web": "0.2"], release: "a"),
                    generation(1, ["web": "0.1"], release: "a"),
                ], stack: [parameter("Version", "0.2"), parameter("ConfigRelease", "a")]))
        #expect(plan.parameters == [.init(name: "Version", from: "0.2", to: "0.1")])
    }

    @Test func restartsInBetweenAreSkipped() throws {
        let plan = try RollbackPlan.make(
            situation(
                generation(9, ["web": "0.3"]),
                [generation(8, ["web": "0.3"]), generation(7, ["web": "0.2"]), generation(6, ["web": "0.1"])],
                stack: [parameter("Version", "0.3")]))
        #expect(plan.parameters == [.init(name: "Version", from: "0.3", to: "0.2")])
    }

    @Test func aWholeImageIsAParameterToo() throws {
        let plan = try RollbackPlan.make(
            situation(
                generation(2, ["web": "0.2"]), [generation(1, ["web": "0.1"])],
                stack: [parameter("ImageUri", "r.example/app/web:0.2")]))
        #expect(
            plan.parameters == [.init(name: "ImageUri", from: "r.example/app/web:0.2", to: "r.example/app/web:0.1")])
    }

    @Test func whatNoParameterSaysIsRefused() {
        for parameters in [
            [parameter("Cpu", "256")],
            // Two have that tag, and neither is called as the container is.
            [parameter("OneVersion", "0.2"), parameter("TwoVersion", "0.2")],
        ] {
            let failure = #expect(throws: Failure.self) {
                try RollbackPlan.make(
                    situation(generation(2, ["web": "0.2"]), [generation(1, ["web": "0.1"])], stack: parameters))
            }
            #expect(failure?.kind == .failed)
            #expect(failure?.message.contains("container web runs r.example/app/web:0.2") == true)
            #expect(failure?.hint?.contains("cf-update-stack --parameter") == true)
        }
    }

    @Test func aTagThatMovedCantBePutBack() {
        let failure = #expect(throws: Failure.self) {
            try RollbackPlan.make(
                situation(
                    generation(2, ["web": "1"], digests: ["web": "sha256:b"]),
                    [generation(2, ["web": "1"], digests: ["web": "sha256:a"])], stack: [parameter("Version", "1")]))
        }
        #expect(failure?.message.contains("web sha256:a") == true)
    }

    @Test func whatRanBeforeIsNotKnown() {
        for stack in [nil, [parameter("Version", "1")]] {
            let failure = #expect(throws: Failure.self) {
                try RollbackPlan.make(situation(generation(1, ["web": "1"]), [], stack: stack))
            }
            #expect(failure?.message == "roll back service web: what it ran before nightly:1 is not known")
            #expect(failure?.hint?.contains("--to") == true)
        }
    }

    @Test func aDeploymentUnderWayIsEnded() throws {
        var situation = situation(generation(9), [generation(8)], stack: [parameter("Version", "0.2")])
        situation.underWay = ("arn:sd", generation(8))
        let plan = try RollbackPlan.make(situation)
        #expect(plan.action == .stopDeployment)
        #expect(plan.serviceDeploymentArn == "arn:sd")
        #expect(plan.to == generation(8))
        #expect(plan.notes.first?.contains("stack nightly") == true)
        // Whoever names a revision gets that.
        situation.wanted = generation(3, ["web": "0.1"])
        situation.stack = nil
        #expect(try RollbackPlan.make(situation).to?.taskDefinition.hasSuffix(":3") == true)
    }

    @Test func whatIsRolledBackAlreadyIsLeftAlone() {
        var situation = situation(generation(8), [generation(7, ["web": "0"])])
        situation.rolledBack = "tasks failed"
        let failure = #expect(throws: Failure.self) { try RollbackPlan.make(situation) }
        #expect(failure?.message.contains("rolled back already (tasks failed): it runs nightly:8") == true)
    }

    @Test func withoutAStackTheRevisionBeforeIsDeployed() throws {
        let plan = try RollbackPlan.make(situation(generation(9), [generation(9), generation(7)], proven: false))
        #expect(plan.action == .deployRevision)
        #expect(plan.to == generation(7))
        #expect(plan.notes.first?.contains("whether nightly:7 ran well is not known") == true)
    }

    // MARK: Reading

    private static let update = #"""
        {"services": [{"serviceName": "web", "status": "ACTIVE", "taskDefinition": "nightly:9",
          "tags": [{"key": "aws:cloudformation:stack-name", "value": "nightly"}]}]}
        """#
    private static let stack = """
        <DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>nightly</StackName>
        <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus><Parameters><member>
        <ParameterKey>Version</ParameterKey><ParameterValue>0.9</ParameterValue></member><member>
        <ParameterKey>ConfigRelease</ParameterKey><ParameterValue>r9</ParameterValue></member></Parameters></member></Stacks>
        </DescribeStacksResult></DescribeStacksResponse>
        """
    private static func definitions(_ request: String) -> StubAWS.Answer {
        let revision = request.split(separator: ":").last?.prefix { $0.isNumber } ?? "0"
        return .init(
            #"{"taskDefinition": {"taskDefinitionArn": "nightly:\#(revision)", "containerDefinitions": [{"name": "web", "image": "app:0.\#(revision)", "command": ["sh", "-c", "fgctl config-pull /config --release r\#(revision)"]}]}}"#
        )
    }

    /// 9 runs, 8 failed, 7 ran before.
    @Test func historyTellsWhatRan() async throws {
        let aws = StubAWS { operation, request in
            switch operation {
            case "DescribeServices": .init(Self.update)
            case "DescribeStacks": .init(Self.stack)
            case "DescribeTaskDefinition": Self.definitions(request.bodyText)
            case "ListServiceDeployments":
                .init(
                    #"""
                    {"serviceDeployments": [
                     {"serviceDeploymentArn": "d3", "targetServiceRevisionArn": "r9", "status": "SUCCESSFUL"},
                     {"serviceDeploymentArn": "d2", "targetServiceRevisionArn": "r8", "status": "ROLLBACK_SUCCESSFUL"},
                     {"serviceDeploymentArn": "d1", "targetServiceRevisionArn": "r7", "status": "SUCCESSFUL"}]}
                    """#)
            case "DescribeServiceRevisions":
                .init(
                    #"""
                    {"serviceRevisions": [
                     {"serviceRevisionArn": "r9", "taskDefinition": "nightly:9", "containerImages": [{"containerName": "web", "imageDigest": "sha256:9"}]},
                     {"serviceRevisionArn": "r7", "taskDefinition": "nightly:7", "containerImages": [{"containerName": "web", "imageDigest": "sha256:7"}]}]}
                    """#)
            default: .init("{}", status: 400)
            }
        }
        let situation = try await RollbackReader(aws.client, cluster: "c", stack: nil).situation("web", revision: nil)
        #expect(situation.isProven)
        #expect(situation.current.images.first?.digest == "sha256:9")
        #expect(situation.current.configRelease == "r9")
        let plan = try RollbackPlan.make(situation)
        #expect(
            plan.parameters == [
                .init(name: "Version", from: "0.9", to: "0.7"), .init(name: "ConfigRelease", from: "r9", to: "r7"),
            ])
        #expect(plan.to?.taskDefinition == "nightly:7")
        #expect(aws.bodies("DescribeServiceRevisions").first?.contains("r8") == false)
    }

    @Test func whatGoesBackAlreadyIsSaid() async {
        let aws = StubAWS { operation, request in
            switch operation {
            case "DescribeServices": .init(Self.update)
            case "DescribeStacks": .init(Self.stack)
            case "DescribeTaskDefinition": Self.definitions(request.bodyText)
            case "ListServiceDeployments":
                .init(#"{"serviceDeployments": [{"serviceDeploymentArn": "d3", "status": "ROLLBACK_IN_PROGRESS"}]}"#)
            default: .init("{}", status: 400)
            }
        }
        let failure = await #expect(throws: Failure.self) {
            try await RollbackReader(aws.client, cluster: "c", stack: nil).situation("web", revision: nil)
        }
        #expect(failure?.message.contains("it is going back already") == true)
    }
}
