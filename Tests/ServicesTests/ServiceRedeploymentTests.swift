import AWSServices
import FoundationEssentials
import Services
import Support
import Synchronization
import TestSupport
import Testing
import Watch

/// A service on a stub that has the API of service deployments, and on one that has not.
struct ServiceRedeploymentTests {
    static func service(
        primary: String = "ecs-svc/2", rollout: String? = "IN_PROGRESS", running: Int = 1, desired: Int = 1,
        reason: String = "", more: String = "", events: String = ""
    ) -> String {
        let state = rollout.map { #""rolloutState": "\#($0)", "rolloutStateReason": "\#(reason)","# } ?? ""
        return """
            {"serviceName": "web", "status": "ACTIVE", "desiredCount": \(desired), "runningCount": \(running),
             "pendingCount": 0, "taskDefinition": "arn:td:7", "deployments": [{"id": "\(primary)", "status": "PRIMARY", \(state)
             "desiredCount": \(desired), "runningCount": \(running), "pendingCount": 0, "createdAt": 1700000000}\(more)],
             "events": [\(events)]}
            """
    }

    private static func described(_ service: String) -> StubAWS.Answer { .init(#"{"services": [\#(service)]}"#) }
    private static func deployment(_ status: String, more: String = "") -> StubAWS.Answer {
        .init(#"{"serviceDeployments": [{"serviceDeploymentArn": "arn:sd:ours", "status": "\#(status)"\#(more)}]}"#)
    }
    private static let listed = StubAWS.Answer(
        #"{"serviceDeployments": [{"serviceDeploymentArn": "arn:sd:old", "createdAt": 1699999996},"#
            + #"{"serviceDeploymentArn": "arn:sd:ours", "createdAt": 1700000000.4}]}"#)
    private static let noSuchOperation = StubAWS.Answer(#"{"__type": "InvalidAction", "message": "?"}"#, status: 400)
    private static let updated = StubAWS.Answer(#"{"service": \#(service())}"#)

    private func redeploy(
        _ aws: StubAWS, deadline: Duration? = nil
    ) async throws -> (report: DeploymentReport, told: [String]) {
        var timing = DeploymentWatch.Timing()
        timing.sleep = { _ in }
        timing.deadline = deadline
        let redeployment = ServiceRedeployment(aws.client)
        let service = try await redeployment.find("web", cluster: "c")
        let (started, _) = try await redeployment.start(service, name: "web", cluster: "c")
        let told = Mutex<[String]>([])
        let report = try await redeployment.follow(started, timing: timing) { line in told.withLock { $0.append(line) }
        }
        return (report, told.withLock { $0 })
    }

    @Test func followsTheServiceDeploymentThatWasStarted() async throws {
        let event = #"{"id": "e1", "message": "has started 1 tasks"}"#
        let aws = StubAWS([
            "DescribeServices": [
                Self.described(Self.service()), Self.described(Self.service(running: 0, events: event)),
                Self.described(Self.service(rollout: "COMPLETED", events: event)),
            ],
            "UpdateService": [Self.updated], "ListServiceDeployments": [Self.listed],
            "DescribeServiceDeployments": [Self.deployment("IN_PROGRESS"), Self.deployment("SUCCESSFUL")],
        ])
        let (report, told) = try await redeploy(aws)
        #expect(report.outcome == .succeeded)
        #expect(report.serviceDeploymentArn == "arn:sd:ours")
        #expect(told.filter { $0 == "has started 1 tasks" }.count == 1)
        #expect(told.contains { $0.contains("running 0 of 1") })
        #expect(aws.bodies("DescribeServiceDeployments").allSatisfy { $0.contains("arn:sd:ours") })
        #expect(aws.bodies("UpdateService").first?.contains("\"forceNewDeployment\":true") == true)
        let list = try #require(aws.bodies("ListServiceDeployments").first)
        #expect(list.contains("1699999995"))
    }

    @Test func rollingBackIsAFailureThoughTheServiceIsStable() async throws {
        let rollback = #", "rollback": {"reason": "circuit breaker: tasks failed to start"}"#
        let aws = StubAWS([
            "DescribeServices": [
                Self.described(Self.service()),
                Self.described(Self.service(primary: "ecs-svc/1", rollout: "COMPLETED")),
            ],
            "UpdateService": [Self.updated], "ListServiceDeployments": [Self.listed],
            "DescribeServiceDeployments": [
                Self.deployment("ROLLBACK_IN_PROGRESS", more: rollback),
                Self.deployment("ROLLBACK_SUCCESSFUL", more: rollback),
            ],
            // None before the start that ECS tells of.
            "ListTasks": [.init(#"{"taskArns": []}"#), .init(#"{"taskArns": ["arn:0", "arn:1"]}"#)],
            "DescribeTasks": [
                .init(
                    #"{"tasks": [{"taskArn": "arn:1", "startedBy": "ecs-svc/2", "stoppedReason": "exited", "#
                        + #""containers": [{"name": "web", "exitCode": 3}]}, "#
                        + #"{"taskArn": "arn:0", "startedBy": "ecs-svc/1", "stoppedReason": "of the one before"}]}"#)
            ],
        ])
        let (report, _) = try await redeploy(aws)
        #expect(report.outcome == .failed)
        #expect(report.reason?.contains("circuit breaker") == true)
        #expect(report.stoppedTasks.map(\.reason) == ["exited; container web exit 3"])
    }

    @Test func fallsBackToTheRolloutState() async throws {
        let aws = StubAWS([
            "DescribeServices": [
                Self.described(Self.service()), Self.described(Self.service()),
                Self.described(Self.service(rollout: "COMPLETED")),
            ],
            "UpdateService": [Self.updated], "ListServiceDeployments": [Self.noSuchOperation],
        ])
        #expect(try await redeploy(aws).report.outcome == .succeeded)
        #expect(aws.operations.filter { $0 == "ListServiceDeployments" }.count == 1)
    }

    @Test func endsAtTheDeadlineWithTheDeploymentGoingOn() async throws {
        let aws = StubAWS([
            "DescribeServices": [Self.described(Self.service())], "UpdateService": [Self.updated],
            "ListServiceDeployments": [Self.noSuchOperation],
        ])
        let (report, _) = try await redeploy(aws, deadline: .zero)
        #expect(report.outcome == .timedOut)
        #expect(report.failureKind == .timedOut)
        #expect(report.goesOn)
    }

    /// Stopped tasks 1 to `count`, and what they were started from.
    private static func failedTasks(_ count: Int) -> [String: [StubAWS.Answer]] {
        let arns = (1...count).map { "arn:aws:ecs:us-east-1:1:task/c/\($0)" }
        let tasks = arns.map {
            #"""
            {"taskArn": "\#($0)", "taskDefinitionArn": "web:1", "lastStatus": "STOPPED", "stopCode": "EssentialContainerExited",
             "createdAt": 1700000001, "startedAt": 1700000002, "stoppedAt": 1700000003, "startedBy": "ecs-svc/2",
             "stoppedReason": "exited", "containers": [{"name": "web", "exitCode": 1}]}
            """#
        }
        let list = arns.map { "\"\($0)\"" }.joined(separator: ",")
        return [
            "UpdateService": [updated], "ListServiceDeployments": [noSuchOperation],
            // None before the start.
            "ListTasks": [.init(#"{"taskArns": []}"#), .init(#"{"taskArns": [\#(list)]}"#)],
            "DescribeTasks": [.init(#"{"tasks": [\#(tasks.joined(separator: ","))], "failures": []}"#)],
            "DescribeTaskDefinition": [
                .init(#"{"taskDefinition": {"containerDefinitions": [{"name": "web", "essential": true}]}}"#)
            ],
        ]
    }

    /// Without a circuit breaker ECS would try for ever.
    @Test func tasksThatKeepFailingAreAFailure() async throws {
        var answers = Self.failedTasks(3)
        answers["DescribeServices"] = [Self.described(Self.service(running: 0))]
        let (report, told) = try await redeploy(StubAWS(answers))
        #expect(report.outcome == .failed)
        #expect(report.goesOn)
        #expect(report.reason == "its tasks keep failing: container web ended with 1")
        #expect(told.filter { $0.contains("failed: container web ended with 1") }.count == 3)
    }

    @Test func aCircuitBreakerDecidesItself() async throws {
        var answers = Self.failedTasks(3)
        let breaker = #", "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true}}"#
        func service(_ rollout: String) -> String {
            String(Self.service(rollout: rollout, running: 0).dropLast()) + breaker + "}"
        }
        answers["DescribeServices"] =
            Array(repeating: Self.described(service("IN_PROGRESS")), count: 6) + [Self.described(service("FAILED"))]
        let (report, _) = try await redeploy(StubAWS(answers))
        #expect(report.outcome == .failed)
        #expect(!report.goesOn)
        #expect(report.reason == "its rollout FAILED; container web ended with 1")
    }

    /// ECS calls a rollout COMPLETED as soon as its tasks run, be it that they end a moment later.
    @Test func completedIsNotDoneWhileTasksFail() async throws {
        var answers = Self.failedTasks(1)
        let flickering = Self.described(Self.service(rollout: "COMPLETED", running: 0))
        let well = Self.described(Self.service(rollout: "COMPLETED"))
        answers["DescribeServices"] = [Self.described(Self.service(running: 0)), flickering, flickering, well, well]
        let aws = StubAWS(answers)
        let (report, _) = try await redeploy(aws)
        #expect(report.outcome == .succeeded)
        #expect(aws.operations.filter { $0 == "DescribeServices" }.count >= 5)
    }

    /// A rollout in which nothing happens: a minute of following costs at most thirty calls.
    @Test func asksSeldomEnough() async throws {
        let aws = StubAWS([
            "DescribeServices": [Self.described(Self.service(running: 0))], "UpdateService": [Self.updated],
            "ListServiceDeployments": [Self.listed], "ListTasks": [.init(#"{"taskArns": []}"#)],
        ])
        let redeployment = ServiceRedeployment(aws.client)
        let service = try await redeployment.find("web", cluster: "c")
        let (started, _) = try await redeployment.start(service, name: "web", cluster: "c")
        let before = aws.operations.count
        let clock = Mutex<(now: ContinuousClock.Instant, longest: Duration)>((ContinuousClock.now, .zero))
        var timing = DeploymentWatch.Timing()
        timing.deadline = .seconds(60)
        timing.now = { clock.withLock { $0.now } }
        timing.sleep = { pause in
            clock.withLock {
                $0.now += pause
                $0.longest = max($0.longest, pause)
            }
        }
        let chosen = timing
        let report = try await redeployment.follow(started, timing: chosen) { _ in }
        #expect(report.outcome == .timedOut)
        #expect(aws.operations.count - before <= 30)
        #expect(clock.withLock { $0.longest } < .seconds(5))
    }

    @Test func takesExactNamesOnly() async throws {
        let aws = StubAWS([
            "DescribeServices": [.init(#"{"services": [], "failures": [{"reason": "MISSING"}]}"#)],
            "ListServices": [
                .init(#"{"serviceArns": ["arn:aws:ecs:r:1:service/c/webhook"], "nextToken": "t"}"#),
                .init(#"{"serviceArns": ["arn:aws:ecs:r:1:service/c/my-web"]}"#),
            ],
        ])
        let failure = await #expect(throws: Failure.self) {
            try await ServiceRedeployment(aws.client).find("web", cluster: "c")
        }
        #expect(failure?.hint == "it has: my-web, webhook")
        #expect(!aws.operations.contains("UpdateService"))
    }
}

/// Appendix of verdicts: signal by signal.
struct DeploymentJudgementTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let service: String
        var deployment: String?
        let expected: String
        var testDescription: String { name }
    }

    private static func other(_ state: String) -> String {
        #", {"id": "ecs-svc/2", "status": "ACTIVE", "rolloutState": "\#(state)", "rolloutStateReason": "tasks failed"}"#
    }

    static let cases: [Case] = {
        let own = ServiceRedeploymentTests.service()
        let moved = ServiceRedeploymentTests.service(primary: "ecs-svc/3")
        return [
            Case(name: "successful", service: own, deployment: #"{"status": "SUCCESSFUL"}"#, expected: "succeeded"),
            Case(
                name: "rollback failed", service: own, deployment: #"{"status": "ROLLBACK_FAILED"}"#, expected: "failed"
            ),
            Case(name: "stopped", service: own, deployment: #"{"status": "STOPPED"}"#, expected: "failed"),
            Case(
                name: "stopped for another", service: moved, deployment: #"{"status": "STOPPED"}"#,
                expected: "superseded"),
            Case(
                name: "stopped by a rollback", service: moved,
                deployment: #"{"status": "STOPPED", "rollback": {"reason": "alarm"}}"#, expected: "failed"),
            Case(
                name: "rolling back goes on", service: moved, deployment: #"{"status": "ROLLBACK_IN_PROGRESS"}"#,
                expected: "goesOn"),
            Case(
                name: "stop requested", service: own, deployment: #"{"status": "STOP_REQUESTED"}"#, expected: "goesOn"),
            Case(
                name: "pending though the rollout looks completed",
                service: ServiceRedeploymentTests.service(rollout: "COMPLETED"), deployment: #"{"status": "PENDING"}"#,
                expected: "goesOn"),
            Case(name: "no status: rollout state", service: own, deployment: "{}", expected: "goesOn"),
            Case(
                name: "rollout failed", service: ServiceRedeploymentTests.service(rollout: "FAILED"), expected: "failed"
            ),
            Case(
                name: "rolled back, ours failed",
                service: ServiceRedeploymentTests.service(primary: "ecs-svc/3", more: other("FAILED")),
                expected: "failed"),
            Case(
                name: "rolled back, ours gone",
                service: ServiceRedeploymentTests.service(
                    primary: "ecs-svc/1", reason: "ECS deployment circuit breaker: rolling back to ecs-svc/1"),
                expected: "failed"),
            Case(
                name: "another took its place",
                service: ServiceRedeploymentTests.service(primary: "ecs-svc/3", more: other("IN_PROGRESS")),
                expected: "superseded"),
            Case(
                name: "no rollout state, counts reached", service: ServiceRedeploymentTests.service(rollout: nil),
                expected: "succeeded"),
            Case(
                name: "no rollout state, counts not reached",
                service: ServiceRedeploymentTests.service(rollout: nil, running: 0), expected: "goesOn"),
            Case(
                name: "scaled to zero",
                service: ServiceRedeploymentTests.service(rollout: "COMPLETED", running: 0, desired: 0),
                expected: "succeeded"),
        ]
    }()

    @Test(arguments: cases) func judges(_ item: Case) throws {
        let decoder = JSONDecoder()
        let service = try decoder.decode(ECS.Service.self, from: Data(item.service.utf8))
        let deployment = try item.deployment.map { try decoder.decode(ECS.ServiceDeployment.self, from: Data($0.utf8)) }
        let judgement = DeploymentJudgement.judge(service, primary: "ecs-svc/2", deployment: deployment)
        let name =
            switch judgement {
            case .goesOn: "goesOn"
            case .succeeded: "succeeded"
            case .failed: "failed"
            case .superseded: "superseded"
            }
        #expect(name == item.expected)
    }
}
