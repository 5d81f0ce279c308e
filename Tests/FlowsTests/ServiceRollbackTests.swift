import AWS
import AWSServices
import Flows
import FoundationEssentials
import Services
import Stacks
import Support
import Templates
import TestSupport
import Testing
import Watch

/// Going back as planned, on answers as AWS gives them.
struct ServiceRollbackTests {
    private func plan(_ json: String, changes: String = "") throws -> RollbackPlan {
        try JSONDecoder().decode(
            RollbackPlan.self,
            from: Data(
                #"{"service": "web", "cluster": "c", "parameters": [\#(changes)], "deploys": [], "restarts": [], "notes": [], "from": {"taskDefinition": "web:7", "images": []}, \#(json)}"#
                    .utf8))
    }

    private func apply(_ plan: RollbackPlan, _ aws: StubAWS, deadline: Duration? = nil) async throws -> RollbackReport {
        var timing = DeploymentWatch.Timing()
        timing.sleep = { _ in try Task.checkCancellation() }
        timing.deadline = deadline
        let client = aws.client
        return try await ServiceRollback(
            client, timing: timing,
            upload: { TemplateUpload(client: client, bucket: nil, owner: nil, prefix: $0) }, show: { _ in },
            confirm: { question in throw Failure(.usage, question) }
        ).apply(plan, waits: true)
    }

    private static func deployments(_ status: String) -> StubAWS.Answer {
        .init(#"{"serviceDeployments": [{"serviceDeploymentArn": "arn:sd", "status": "\#(status)"}]}"#)
    }
    private static func services(_ primary: String, _ rollout: String, _ definition: String) -> String {
        #"{"serviceName": "web", "status": "ACTIVE", "desiredCount": 1, "runningCount": 1, "taskDefinition": "\#(definition)", "deployments": [{"id": "\#(primary)", "status": "PRIMARY", "rolloutState": "\#(rollout)", "desiredCount": 1, "runningCount": 1, "createdAt": 1700000000}]}"#
    }

    private func stopping(_ end: String, _ more: [String: [StubAWS.Answer]] = [:]) -> StubAWS {
        StubAWS(
            [
                "StopServiceDeployment": [.init(#"{"serviceDeploymentArn": "arn:sd"}"#)],
                "DescribeServiceDeployments": [
                    Self.deployments("STOP_REQUESTED"), Self.deployments("ROLLBACK_IN_PROGRESS"), Self.deployments(end),
                ],
                "DescribeServices": [.init(#"{"services": [\#(Self.services("ecs-svc/2", "IN_PROGRESS", "web:6"))]}"#)],
            ].merging(more) { $1 })
    }

    @Test func aDeploymentUnderWayIsEndedAndFollowed() async throws {
        let aws = stopping("ROLLBACK_SUCCESSFUL")
        let plan = try plan(#""action": "stopDeployment", "serviceDeploymentArn": "arn:sd""#)
        #expect(try await apply(plan, aws).outcome == "rolledBack")
        #expect(aws.bodies("StopServiceDeployment").count == 1)
        #expect(aws.bodies("DescribeServiceDeployments").count == 3)
    }

    @Test(arguments: ["ROLLBACK_FAILED", "SUCCESSFUL", "STOPPED"]) func otherEndsAreFailures(_ end: String) async throws
    {
        let plan = try plan(#""action": "stopDeployment", "serviceDeploymentArn": "arn:sd""#)
        let failure = await #expect(throws: Failure.self) { try await apply(plan, stopping(end)) }
        #expect(failure?.message == "roll back service web: its deployment ended as \(end)")
    }

    @Test func whatCantBeEndedIsSaid() async throws {
        let refused = StubAWS.Answer(#"{"__type": "ConflictException", "message": "no"}"#, status: 400)
        let aws = stopping(
            "SUCCESSFUL",
            ["StopServiceDeployment": [refused], "DescribeServiceDeployments": [Self.deployments("SUCCESSFUL")]])
        let plan = try plan(#""action": "stopDeployment", "serviceDeploymentArn": "arn:sd""#)
        let failure = await #expect(throws: Failure.self) { try await apply(plan, aws) }
        #expect(failure?.message == "roll back service web: ECS can't end this deployment")
    }

    @Test func goingBackCanTakeTooLong() async throws {
        let plan = try plan(#""action": "stopDeployment", "serviceDeploymentArn": "arn:sd""#)
        let failure = await #expect(throws: Failure.self) {
            try await apply(plan, stopping("ROLLBACK_IN_PROGRESS"), deadline: .zero)
        }
        #expect(failure?.kind == .timedOut)
    }

    @Test func theRevisionBeforeIsDeployed() async throws {
        let answer = #"{"service": \#(Self.services("ecs-svc/9", "IN_PROGRESS", "web:6"))}"#
        let aws = StubAWS([
            "DescribeServices": [
                .init(#"{"services": [\#(Self.services("ecs-svc/8", "COMPLETED", "web:7"))]}"#),
                .init(#"{"services": [\#(Self.services("ecs-svc/9", "COMPLETED", "web:6"))]}"#),
            ],
            "UpdateService": [.init(answer)], "ListTasks": [.init(#"{"taskArns": []}"#)],
            "ListServiceDeployments": [.init(#"{"__type": "UnknownOperationException", "message": "?"}"#, status: 400)],
        ])
        let plan = try plan(#""action": "deployRevision", "to": {"taskDefinition": "web:6", "images": []}"#)
        let report = try await apply(plan, aws)
        #expect(report.outcome == "rolledBack")
        #expect(report.deployment?.outcome == .succeeded)
        #expect(aws.bodies("UpdateService").first?.contains("\"taskDefinition\":\"web:6\"") == true)
    }

    // MARK: The stack

    private static let body = """
        Parameters:
          WebserverVersion: {Type: String}
          Cpu: {Type: String, Default: "256"}
          Password: {Type: String, NoEcho: true}
        Resources:
          Topic: {Type: "AWS::SNS::Topic"}

        """

    private static func stack(_ status: String) -> StubAWS.Answer {
        func parameter(_ name: String, _ value: String) -> String {
            "<member><ParameterKey>\(name)</ParameterKey><ParameterValue>\(value)</ParameterValue></member>"
        }
        return .init(
            """
            <R><DescribeStacksResult><Stacks><member><StackName>nightly</StackName><StackId>arn:stack/nightly/1</StackId>
            <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>\(status)</StackStatus><Parameters>
            \(parameter("WebserverVersion", "0.2"))\(parameter("Cpu", "512"))\(parameter("Password", "****"))</Parameters>
            <Tags><member><Key>fgctl:env</Key><Value>default</Value></member>
            <member><Key>aws:x</Key><Value>y</Value></member></Tags></member></Stacks></DescribeStacksResult></R>
            """)
    }

    @Test func onlyWhatGoesBackIsSent() async throws {
        let aws = StubAWS([
            "DescribeStacks": [Self.stack("UPDATE_COMPLETE")],
            "GetTemplate": [
                .init("<R><GetTemplateResult><TemplateBody>\(Self.body)</TemplateBody></GetTemplateResult></R>")
            ],
        ])
        let client = aws.client
        let stack = try #require(try await CloudFormation(client).describeStack("nightly"))
        let update = StackParameterUpdate(
            client: client, upload: TemplateUpload(client: client, bucket: nil, owner: nil, prefix: "n"),
            show: { _ in },
            confirm: { _ in })
        let request = try await update.request(stack, setting: [("WebserverVersion", "0.1")])
        #expect(
            request.parameters == [
                .init(parameterKey: "WebserverVersion", parameterValue: "0.1"),
                .init(parameterKey: "Cpu", parameterValue: nil, usePreviousValue: true),
                .init(parameterKey: "Password", parameterValue: nil, usePreviousValue: true),
            ])
        #expect(request.tags == [.init(key: "fgctl:env", value: "default")])
        #expect(request.template.body == Self.body)
        let failure = await #expect(throws: Failure.self) {
            try await update.request(stack, setting: [("Version", "1")])
        }
        #expect(failure?.message.contains("no parameter Version") == true)
    }

    // MARK: What else it brings about

    private static let dagster = """
        Parameters:
          UsercodeVersion: {Type: String}
          ConfigRelease: {Type: String}
        Resources:
          DaemonTask: {Type: "AWS::ECS::TaskDefinition", Properties: {Family: !Ref ConfigRelease}}
          Daemon: {Type: "AWS::ECS::Service", Properties: {TaskDefinition: !Ref DaemonTask}}
          UsercodeTask: {Type: "AWS::ECS::TaskDefinition", Properties: {Family: !Sub "${UsercodeVersion}-${ConfigRelease}"}}
          Usercode: {Type: "AWS::ECS::Service", Properties: {TaskDefinition: !Ref UsercodeTask}}
        """
    private static let dagsterStack = StubAWS.Answer(
        """
        <R><DescribeStacksResult><Stacks><member><StackName>nightly</StackName><StackId>arn:stack/nightly/1</StackId>
        <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus>
        <Outputs><member><OutputKey>DaemonService</OutputKey><OutputValue>nightly-daemon</OutputValue></member></Outputs>
        </member></Stacks></DescribeStacksResult></R>
        """)
    private static let resources = StubAWS.Answer(
        "<R><ListStackResourcesResult><StackResourceSummaries>"
            + ["Daemon", "Usercode"].map {
                "<member><LogicalResourceId>\($0)</LogicalResourceId><ResourceType>AWS::ECS::Service</ResourceType>"
                    + "<PhysicalResourceId>arn:aws:ecs:r:1:service/c/nightly-\($0.lowercased())</PhysicalResourceId>"
                    + "<ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>"
            }.joined() + "</StackResourceSummaries></ListStackResourcesResult></R>")

    private func dagsterPlan(_ parameter: String) throws -> RollbackPlan {
        try plan(
            #""action": "updateStack", "stack": "nightly""#,
            changes: #"{"name": "\#(parameter)", "from": "b", "to": "a"}"#)
    }

    private static func dagsterAWS(_ template: StubAWS.Answer? = nil) -> StubAWS {
        let body = StubAWS.Answer(
            "<R><GetTemplateResult><TemplateBody>\(dagster)</TemplateBody></GetTemplateResult></R>")
        return StubAWS([
            "DescribeStacks": [dagsterStack], "GetTemplate": [template ?? body], "ListStackResources": [resources],
        ])
    }

    @Test func whatElseIsDeployedIsForeseen() async throws {
        let config = try await ServiceRollback.foreseen(try dagsterPlan("ConfigRelease"), Self.dagsterAWS().client)
        #expect(config.deploys == ["nightly-daemon", "nightly-usercode"] && config.restarts == [])
        #expect(config.lines.contains("  services that are deployed by it: nightly-daemon, nightly-usercode"))
        let code = try await ServiceRollback.foreseen(try dagsterPlan("UsercodeVersion"), Self.dagsterAWS().client)
        #expect(code.deploys == ["nightly-usercode"] && code.restarts == ["nightly-daemon"])
        #expect(code.lines.contains("  service nightly-daemon: restarted afterwards, so that it knows the code"))
    }

    @Test func whoMayNotReadTheTemplateIsTold() async throws {
        let denied = StubAWS.Answer(
            "<E><Error><Code>AccessDenied</Code><Message>not you</Message></Error></E>", status: 403)
        let aws = Self.dagsterAWS(denied)
        let code = try await ServiceRollback.foreseen(try dagsterPlan("UsercodeVersion"), aws.client)
        #expect(code.deploys == [] && code.restarts == ["nightly-daemon"])
        #expect(code.notes.count == 1 && code.notes[0].hasSuffix("is not known: not you"))
    }

    @Test func withoutAStackNothingElseIsLookedAt() async throws {
        let aws = StubAWS([:])
        let plan = try await ServiceRollback.foreseen(try plan(#""action": "deployRevision""#), aws.client)
        #expect(plan.deploys == [] && plan.restarts == [] && aws.operations == [])
    }
}
