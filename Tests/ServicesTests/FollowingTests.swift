import AWSServices
import Services
import Support
import Synchronization
import TestSupport
import Testing
import Watch

/// Following deployments on a clock of the test's own, with every call counted.
struct FollowingTests {
    private struct Told: Sendable {
        let reports: [DeploymentReport]
        let lines: [(at: Double, text: String)]
        let aws: StubAWS
    }

    private func follow(
        _ ecs: FakeECS, _ names: [String] = ["web"], deadline: Duration? = .seconds(600), maxFailedTasks: Int? = nil
    ) async throws -> Told {
        let aws = ecs.stub
        let redeployment = ServiceRedeployment(aws.client)
        let found = try await ServiceDirectory(aws.client, cluster: "c", stack: nil).find(names)
        let started = await redeployment.start(found.map(\.service), cluster: "c").compactMap { start in
            if case .started(let one, _) = start { one } else { nil }
        }
        #expect(started.count == names.count)
        ecs.forgetCalls()
        let lines = Mutex<[(at: Double, text: String)]>([])
        let reports = try await redeployment.follow(
            started, timing: ecs.timing(deadline: deadline), maxFailedTasks: maxFailedTasks
        ) { line in lines.withLock { $0.append((ecs.seconds, line)) } }
        return Told(reports: reports, lines: lines.withLock { $0 }, aws: aws)
    }

    /// The beginning takes seven seconds; after that a pending task is looked at every 4.8 s.
    @Test(arguments: [0.5, 3, 6.5, 9, 19, 31, 47, 75, 140])
    func endsSoonAfterTheServiceIsStable(_ settles: Double) async throws {
        for hasDeployments in [true, false] {
            let ecs = FakeECS(["web": .init(settlesAfter: settles)], hasDeployments: hasDeployments)
            let told = try await follow(ecs)
            #expect(told.reports.map(\.outcome) == [.succeeded])
            #expect(ecs.seconds - settles <= (settles < 7 ? 2 : 5), "\(hasDeployments)")
            #expect(ecs.mostCallsInAMinute <= 30)
        }
    }

    /// On AWS tasks run for a while before the deployment is done.
    @Test(arguments: [12, 40, 75, 130, 300])
    func aServiceWhoseTasksRunIsLookedAtMoreOften(_ settles: Double) async throws {
        for hasDeployments in [true, false] {
            let ecs = FakeECS(
                ["web": .init(runsAfter: settles * 0.6, settlesAfter: settles)], hasDeployments: hasDeployments)
            let told = try await follow(ecs)
            #expect(told.reports.map(\.outcome) == [.succeeded])
            #expect(ecs.seconds - settles <= 2.8, "\(hasDeployments)")
            #expect(ecs.mostCallsInAMinute <= 30)
        }
    }

    /// A service is steady within seconds of its tasks' start, where no load balancer has to be waited for.
    @Test(arguments: Array(stride(from: 3.3, through: 30, by: 0.7)))
    func endsWithinTwoSecondsOfASteadyServiceWhoseTasksHaveJustStarted(_ settles: Double) async throws {
        for hasDeployments in [true, false] {
            let ecs = FakeECS(
                ["web": .init(runsAfter: settles - 3, settlesAfter: settles)], hasDeployments: hasDeployments)
            let told = try await follow(ecs)
            #expect(told.reports.map(\.outcome) == [.succeeded])
            #expect(ecs.seconds - settles <= 2, "\(hasDeployments)")
            #expect(ecs.mostCallsInAMinute <= 30)
        }
    }

    @Test(arguments: [1.0, 8, 21.7, 44, 63, 118])
    func aFailedTaskIsToldWithinFiveSeconds(_ fails: Double) async throws {
        let ecs = FakeECS(["web": .init(settlesAfter: fails + 40, failures: [fails])])
        let told = try await follow(ecs)
        let line = try #require(told.lines.first { $0.text.contains("container web ended with 3") })
        #expect(line.at - fails <= 5)
        #expect(ecs.mostCallsInAMinute <= 30)
        #expect(told.reports[0].outcome == .succeeded)
    }

    @Test func manyServicesShareOneBudget() async throws {
        let names = (1...12).map { "web\($0)" }
        var courses: [String: FakeECS.Course] = [:]
        for (index, name) in names.enumerated() { courses[name] = .init(settlesAfter: Double(10 + index * 9)) }
        courses["web3"] = .init(failures: [4, 30], rollsBackAfter: 50)
        courses["web5"] = .init(supersededAfter: 20)
        courses["web7"] = .init()
        let ecs = FakeECS(courses, hasDeployments: false)
        let told = try await follow(ecs, names, deadline: .seconds(200))
        #expect(ecs.mostCallsInAMinute <= 30)
        let outcomes = Dictionary(uniqueKeysWithValues: told.reports.map { ($0.service, $0.outcome) })
        #expect(told.reports.map(\.service) == names)
        #expect(outcomes["web3"] == .failed)
        #expect(outcomes["web5"] == .superseded)
        #expect(outcomes["web7"] == .timedOut)
        #expect(outcomes.values.count { $0 == .succeeded } == 9)
        #expect(DeploymentReport.worst(told.reports) == .failed)
        #expect(told.lines.contains { $0.text.hasPrefix("web3: ") && $0.text.contains("ended with 3") })
        #expect(!told.lines.contains { $0.text.hasPrefix("web1: ") && $0.text.contains("ended with 3") })
    }

    @Test func theWorstOfSeveralDecides() {
        func report(_ outcome: DeploymentReport.Outcome) -> DeploymentReport {
            DeploymentReport(nil, name: "web", cluster: "c", deployment: "1", outcome: outcome)
        }
        #expect(DeploymentReport.worst([report(.succeeded), report(.started)]) == nil)
        #expect(DeploymentReport.worst([report(.timedOut), report(.succeeded)]) == .timedOut)
        #expect(DeploymentReport.worst([report(.timedOut), report(.superseded)]) == .superseded)
        #expect(DeploymentReport.worst([report(.superseded), report(.failed), report(.timedOut)]) == .failed)
    }

    @Test func aRollbackIsAFailureThoughTheServiceIsStable() async throws {
        for hasDeployments in [true, false] {
            let ecs = FakeECS(["web": .init(failures: [3, 9, 15], rollsBackAfter: 20)], hasDeployments: hasDeployments)
            let told = try await follow(ecs)
            #expect(told.reports[0].outcome == .failed, "\(hasDeployments)")
            #expect(told.reports[0].reason?.contains("rolled back") == true || told.reports[0].goesOn)
        }
    }

    /// ECS has decided: nobody has to give up on it.
    @Test func aRollbackThatIsUnderWayIsWaitedFor() async throws {
        let ecs = FakeECS(["web": .init(failures: [3, 3.2, 3.4], rollsBackAfter: 3.5)])
        let report = try await follow(ecs).reports[0]
        #expect(report.outcome == .failed && report.goesOn == false)
        #expect(report.reason?.hasPrefix("it was rolled back to what ran before: ") == true)
        #expect(report.shortReason == "rolled back: container web ended with 3")
        // The tasks were told when they failed.
        #expect(report.closingLines == ["service web failed: running 1 of 1"] && report.stoppedTasks.count == 3)
        #expect(ecs.seconds > 9)
    }

    @Test func supersededIsNoFailureOfOurs() async throws {
        let told = try await follow(FakeECS(["web": .init(supersededAfter: 12)]))
        #expect(told.reports[0].outcome == .superseded)
    }

    @Test func atTheDeadlineTheDeploymentGoesOn() async throws {
        let told = try await follow(FakeECS(["web": .init()]), deadline: .seconds(30))
        #expect(told.reports[0].outcome == .timedOut)
        #expect(told.reports[0].goesOn)
        #expect(told.reports[0].reason?.hasPrefix("not deployed after 30 s") == true)
    }

    // MARK: --max-failed-tasks

    @Test func tooManyFailuresStopTheDeployment() async throws {
        let ecs = FakeECS(["web": .init(failures: [3, 9, 60, 90])])
        let told = try await follow(ecs, maxFailedTasks: 2)
        let stops = told.aws.bodies("StopServiceDeployment")
        #expect(stops.count == 1)
        #expect(stops.first?.contains("\"stopType\":\"ROLLBACK\"") == true)
        #expect(told.reports[0].outcome == .failed)
        #expect(told.reports[0].goesOn == false)
        #expect(
            told.reports[0].reason?.contains("after 2 failed tasks: container web ended with 3; it was rolled back")
                == true)
        #expect(ecs.seconds < 30)
        #expect(!told.aws.operations.dropFirst(3).contains("UpdateService"))
    }

    /// ECS counts failed tasks before the first look at them.
    @Test(arguments: [0.6, 2, 9]) func whatIsGivenUpOnIsToldWithItsReason(_ fails: Double) async throws {
        let ecs = FakeECS(["web": .init(failures: [fails, 60], countsFailures: true)])
        let told = try await follow(ecs, maxFailedTasks: 1)
        let lines = told.lines.map(\.text)
        let task = try #require(lines.firstIndex { $0.contains("container web ended with 3") })
        let end = try #require(lines.firstIndex(of: "giving up after 1 failed task"))
        #expect(task < end)
        #expect(told.reports[0].shortReason == "given up on after 1 failed task: container web ended with 3")
    }

    @Test func withoutServiceDeploymentsWhatRanBeforeIsDeployed() async throws {
        let ecs = FakeECS(["web": .init(failures: [3, 9])], hasDeployments: false)
        let told = try await follow(ecs, maxFailedTasks: 1)
        #expect(told.aws.bodies("UpdateService").count == 2)
        #expect(told.aws.bodies("UpdateService").last?.contains("\"taskDefinition\":\"web:6\"") == true)
        #expect(told.reports[0].outcome == .failed)
        #expect(told.reports[0].reason?.contains("it runs web:6 again") == true)
        #expect(told.lines.contains { $0.text.contains("deploying web:6 again") })
    }

    @Test func aRestartHasNothingElseToGoBackTo() async throws {
        let ecs = FakeECS(["web": .init(failures: [3, 9])], hasDeployments: false, newDefinition: "web:6")
        let told = try await follow(ecs, maxFailedTasks: 1)
        #expect(told.aws.bodies("UpdateService").count == 1)
        #expect(told.reports[0].outcome == .failed)
        #expect(told.reports[0].goesOn)
        #expect(told.reports[0].reason?.contains("nothing else ran before") == true)
    }

    @Test func fewerFailuresAreBorne() async throws {
        let ecs = FakeECS(["web": .init(settlesAfter: 30, failures: [3, 9])])
        let told = try await follow(ecs, maxFailedTasks: 3)
        #expect(told.reports[0].outcome == .succeeded)
        #expect(told.aws.bodies("StopServiceDeployment").isEmpty)
    }

    // MARK: The stopper alone

    @Test func whatGoesBackAlreadyIsTakenForDone() async throws {
        let ecs = FakeECS(["web": .init(rollsBackAfter: 1)])
        let client = ecs.stub.client
        let service = try await ServiceRedeployment(client).find("web", cluster: "c")
        let (started, _) = try await ServiceRedeployment(client).start(service, name: "web", cluster: "c")
        ecs.pass(2)
        let given = try await DeploymentStopper(client).rollBack(
            started, deploymentARN: "arn:aws:ecs:r:1:service-deployment/c/web/1")
        guard case .rollingBack = given else { Issue.record("\(given)"); return }
    }

    @Test func theDeploymentIsFoundWithoutItsARN() async throws {
        let ecs = FakeECS(["web": .init()])
        let aws = ecs.stub
        let service = try await ServiceRedeployment(aws.client).find("web", cluster: "c")
        let (started, _) = try await ServiceRedeployment(aws.client).start(service, name: "web", cluster: "c")
        let given = try await DeploymentStopper(aws.client).rollBack(started, deploymentARN: nil)
        guard case .rollingBack = given else { Issue.record("\(given)"); return }
        #expect(aws.bodies("StopServiceDeployment").first?.contains("service-deployment/c/web/1") == true)
    }

    @Test func aRefusedStartKeepsNobodyBack() async throws {
        let ecs = FakeECS(["web": .init(settlesAfter: 1), "gone": .init()])
        let aws = StubAWS { operation, request in
            if operation == "UpdateService", request.bodyText.contains("gone") {
                return .init(#"{"__type": "ServiceNotActiveException", "message": "no"}"#, status: 400)
            }
            return try ecs.answer(operation, request)
        }
        let found = try await ServiceDirectory(aws.client, cluster: "c", stack: nil).find(["gone", "web"])
        let starts = await ServiceRedeployment(aws.client).start(found.map(\.service), cluster: "c")
        guard case .refused(let report, _) = starts[0], case .started = starts[1] else {
            Issue.record("\(starts)")
            return
        }
        #expect(report.outcome == .failed)
        #expect(report.deployment == nil)
    }
}
