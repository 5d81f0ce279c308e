import AWS
import AWSServices
import FoundationEssentials
import HTTP
import Services
import Stacks
import Support
import Synchronization
import TestSupport
import Testing
import Watch

@testable import Flows

/// An update of a stack that deploys services, as AWS tells of it, on a clock that only sleeping moves.
struct StackDeploymentTests {
    /// When things happen, in seconds from the start.
    private struct Course {
        var services = ["web"]
        /// CloudFormation begins with the services.
        var begins = 5.0
        /// Their new deployments are there.
        var deploys = 7.0
        /// They are stable; `nil`: never.
        var settles: Double? = 40
        /// A task fails.
        var fails: Double?
        /// A task of the deployment before fails.
        var earlierFails: Double?
        /// ECS rolls back, CloudFormation follows.
        var rollsBack: Double?
        /// CloudFormation needs so long after the services.
        var tail = 8.0
        /// An emulator: CloudFormation ends at once, services go on.
        var endsAtOnce = false
    }

    private final class World: Sendable {
        let course: Course
        let time = Mutex(0.0)
        let calls = Mutex<[(time: Double, operation: String)]>([])
        let told = Mutex<[(time: Double, line: String)]>([])
        let cancelled = Mutex<Double?>(nil)
        /// What it is told to have failed of.
        let failure = Mutex<(status: CloudFormation.StackStatus, reason: String)?>(nil)

        init(_ course: Course) { self.course = course }

        var now: Double { time.withLock { $0 } }

        var client: AWSClient {
            StubAWS { [self] operation, request in
                calls.withLock { $0.append((now, operation)) }
                switch operation {
                case "DescribeStackEvents": return .init(events)
                case "DescribeStacks": return .init(stack)
                case "DescribeServices": return .init(#"{"services": [\#(described(request.bodyText))]}"#)
                case "ListServiceDeployments":
                    return .init(#"{"__type": "InvalidAction", "message": "?"}"#, status: 400)
                case "ListTasks":
                    return .init(#"{"taskArns": [\#(stopped.map { "\"\($0)\"" }.joined(separator: ","))]}"#)
                case "DescribeTasks": return .init(tasks)
                case "DescribeTaskDefinition":
                    return .init(
                        #"{"taskDefinition": {"family": "web", "containerDefinitions": [{"name": "web", "essential": true}]}}"#
                    )
                case "CancelUpdateStack":
                    cancelled.withLock { $0 = now }
                    return .init("<CancelUpdateStackResponse/>")
                default: return .init(#"{"__type": "UnscriptedCall", "message": "\#(operation)"}"#, status: 400)
                }
            }.client
        }

        private let task = "arn:aws:ecs:us-east-1:1:task/c/1"
        private let earlier = "arn:aws:ecs:us-east-1:1:task/c/0"
        private var stopped: [String] {
            (course.earlierFails.map { now >= $0 } ?? false ? [earlier] : []) + (hasFailed ? [task] : [])
        }
        private var hasFailed: Bool { course.fails.map { now >= $0 } ?? false }
        /// When the rollback begins, by ECS or by a cancelled update.
        private var rollback: Double? { course.rollsBack ?? cancelled.withLock { $0 } }

        private var tasks: String {
            func described(_ arn: String, _ definition: String, _ deployment: String, _ code: Int) -> String {
                #"{"taskArn": "\#(arn)", "taskDefinitionArn": "\#(definition)", "startedBy": "ecs-svc/\#(deployment)","#
                    + #""group": "service:web", "lastStatus": "STOPPED", "stopCode": "EssentialContainerExited","#
                    + #""stoppedReason": "Essential container in task exited", "createdAt": 1700000010,"#
                    + #""stoppedAt": \#(1_700_000_020 + code), "containers": [{"name": "web", "exitCode": \#(code)}]}"#
            }
            let all = stopped.map { $0 == task ? described($0, "td:2", "web-2", 3) : described($0, "td:0", "web-1", 9) }
            return #"{"tasks": [\#(all.joined(separator: ","))]}"#
        }

        private var end: Double? {
            if course.endsAtOnce { return course.deploys }
            if let rollback { return now >= rollback ? rollback + course.tail : nil }
            return course.settles.map { $0 + course.tail }
        }

        private var status: String {
            let isOver = end.map { now >= $0 } ?? false
            if let rollback, now >= rollback {
                return isOver ? "UPDATE_ROLLBACK_COMPLETE" : "UPDATE_ROLLBACK_IN_PROGRESS"
            }
            return isOver ? "UPDATE_COMPLETE" : "UPDATE_IN_PROGRESS"
        }

        private var stack: String {
            """
            <DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><StackId>id</StackId>
            <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>\(status)</StackStatus></member></Stacks>
            </DescribeStacksResult></DescribeStacksResponse>
            """
        }

        private var events: String {
            var all: [(at: Double, id: String, type: String, physical: String, status: String)] = [
                (0, "s0", "AWS::CloudFormation::Stack", "id", "UPDATE_IN_PROGRESS")
            ]
            for name in course.services {
                let arn = "arn:aws:ecs:us-east-1:1:service/c/\(name)"
                all.append((course.begins, "b-\(name)", "AWS::ECS::Service", arn, "UPDATE_IN_PROGRESS"))
                if let settles = course.settles, course.rollsBack == nil {
                    all.append(
                        (
                            course.endsAtOnce ? course.deploys : settles, "e-\(name)", "AWS::ECS::Service", arn,
                            "UPDATE_COMPLETE"
                        ))
                }
            }
            if let rollback {
                for name in course.services {
                    let arn = "arn:aws:ecs:us-east-1:1:service/c/\(name)"
                    all.append((rollback, "r-\(name)", "AWS::ECS::Service", arn, "UPDATE_FAILED"))
                }
                all.append((rollback, "s1", "AWS::CloudFormation::Stack", "id", "UPDATE_ROLLBACK_IN_PROGRESS"))
            }
            if let end { all.append((end, "s2", "AWS::CloudFormation::Stack", "id", status)) }
            let members = all.filter { $0.at <= now }.sorted { $0.at > $1.at }.map {
                """
                <member><StackId>id</StackId><EventId>\($0.id)</EventId><StackName>s</StackName>
                <LogicalResourceId>\($0.id.hasPrefix("s") ? "s" : $0.id)</LogicalResourceId>
                <PhysicalResourceId>\($0.physical)</PhysicalResourceId><ResourceType>\($0.type)</ResourceType>
                <Timestamp>2026-01-01T00:00:00Z</Timestamp><ResourceStatus>\($0.status)</ResourceStatus></member>
                """
            }
            return """
                <DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>\(members.joined())</StackEvents>
                </DescribeStackEventsResult></DescribeStackEventsResponse>
                """
        }

        func described(_ body: String = "web webserver daemon usercode") -> String {
            course.services.filter { body.contains($0) }.map(service).joined(separator: ",")
        }

        private func service(_ name: String) -> String {
            let isNew = now >= course.deploys && now > 0
            let isBack = rollback.map { now >= $0 } ?? false
            let id = isBack ? "\(name)-3" : isNew ? "\(name)-2" : "\(name)-1"
            let isDone = !isNew || isBack || course.settles.map { now >= $0 } ?? false
            let count = isDone ? 1 : 0
            // A task that failed is followed by another, of which ECS tells.
            let event = hasFailed ? #"{"id": "v2", "message": "(service \#(name)) has started 1 tasks"}"# : ""
            let reason = isBack ? #", "rolloutStateReason": "rolling back to deployment ecs-svc/1""# : ""
            return """
                {"serviceName": "\(name)", "status": "ACTIVE", "desiredCount": 1, "runningCount": \(count), "pendingCount": 0,
                 "taskDefinition": "td:1", "events": [\(event)], "deployments": [{"id": "ecs-svc/\(id)", "status": "PRIMARY",
                 "rolloutState": "\(isDone ? "COMPLETED" : "IN_PROGRESS")"\(reason), "desiredCount": 1,
                 "runningCount": \(count), "pendingCount": \(1 - count), "createdAt": 1700000000,
                 "failedTasks": \(isNew && hasFailed ? 1 : 0)}],
                 "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}}
                """
        }

        /// The most calls in any minute.
        var mostPerMinute: Int {
            let times = calls.withLock { $0.map(\.time) }
            return times.map { start in times.count { $0 >= start && $0 < start + 60 } }.max() ?? 0
        }

        func firstLine(_ text: String) -> Double? {
            told.withLock { $0.first { $0.line.contains(text) }?.time }
        }
    }

    private func follow(
        _ world: World, maxFailedTasks: Int? = nil, deadline: Duration? = nil
    ) async throws -> (outcome: StackEvents.Outcome, reports: [DeploymentReport]) {
        let begin = ContinuousClock.now
        var timing = DeploymentWatch.Timing()
        timing.deadline = deadline
        timing.now = { begin + .milliseconds(Int64(world.now * 1000)) }
        timing.sleep = { pause in
            let seconds = max(pause / .seconds(1), 0.001)
            world.time.withLock { $0 += seconds }
            guard world.now < 3600 else { throw Failure(.failed, "the test runs for an hour") }
        }
        struct Services: Decodable { let services: [ECS.Service] }
        let before = try JSONDecoder().decode(
            Services.self, from: Data(#"{"services": [\#(world.described())]}"#.utf8))
        let deployment = StackDeployment(
            world.client, cluster: "c", services: before.services, timing: timing, maxFailedTasks: maxFailedTasks
        ) { line in world.told.withLock { $0.append((world.now, line)) } }
        do {
            let outcome = try await deployment.follow(.init(name: "s", id: "id", mark: nil, changes: []))
            world.failure.withLock { $0 = deployment.failure }
            return (outcome, deployment.reports)
        } catch {
            #expect(world.mostPerMinute <= CallMeter.mostPerMinute)
            throw error
        }
    }

    @Test(arguments: [12.0, 40, 100, 400]) func followsServiceAndStackToTheEnd(_ settles: Double) async throws {
        var course = Course()
        course.settles = settles
        let world = World(course)
        let (outcome, reports) = try await follow(world)
        #expect(outcome.status == .updateComplete)
        #expect(reports.map(\.outcome) == [.succeeded] && reports.map(\.deployment) == ["ecs-svc/web-2"])
        #expect(outcome.events.map(\.eventId) == ["s0", "b-web", "e-web", "s2"])
        #expect(world.mostPerMinute <= 30)
        #expect(world.now <= settles + course.tail + 2.6)
    }

    @Test func severalServicesAreFollowedTogether() async throws {
        var course = Course()
        course.services = ["webserver", "daemon", "usercode"]
        let world = World(course)
        let (outcome, reports) = try await follow(world)
        #expect(outcome.status == .updateComplete)
        #expect(Set(reports.map(\.service)) == ["webserver", "daemon", "usercode"])
        #expect(reports.allSatisfy { $0.outcome == .succeeded } && world.mostPerMinute <= 30)
    }

    @Test func whereCloudFormationDoesNotWaitTheServicesDecide() async throws {
        var course = Course()
        course.endsAtOnce = true
        course.settles = 30
        let world = World(course)
        let (outcome, reports) = try await follow(world)
        #expect(outcome.status == .updateComplete && reports.map(\.outcome) == [.succeeded])
        #expect(world.now >= 30 && world.now <= 36)
    }

    @Test(arguments: [7.5, 9, 14, 31, 70, 200])
    func aFailingTaskIsToldInFiveSecondsAndTheRollbackIsWaitedFor(_ fails: Double) async throws {
        var course = Course()
        course.settles = nil
        course.fails = fails
        course.rollsBack = fails + 30
        let world = World(course)
        let (outcome, reports) = try await follow(world)
        #expect(outcome.status == .updateRollbackComplete)
        #expect(reports.first?.outcome == .failed && reports.first?.goesOn == false)
        let told = try #require(world.firstLine("ended with 3"))
        #expect(told >= fails && told <= fails + 5, "\(world.told.withLock { $0 })")
        #expect(world.mostPerMinute <= 30 && world.now <= fails + 30 + course.tail + 5)
    }

    /// A task that fails at its start fails three times before the deployment is seen.
    @Test(arguments: [nil, 7.3]) func aDeploymentThatIsOverBeforeItIsSeenIsToldAllTheSame(_ earlier: Double?)
        async throws
    {
        var course = Course()
        course.settles = nil
        course.deploys = 7.1
        course.fails = 7.2
        course.earlierFails = earlier
        course.rollsBack = 7.4
        let world = World(course)
        let (outcome, reports) = try await follow(world)
        #expect(outcome.status == .updateRollbackComplete)
        #expect(reports.map(\.outcome) == [.failed] && reports.first?.deployment == "ecs-svc/web-2")
        #expect(reports.first?.closingLines.last?.hasPrefix("service web failed: running ") == true)
        let deployment = try #require(world.failure.withLock { $0 })
        #expect(deployment.status == .updateRollbackComplete)
        #expect(deployment.reason == "service web: container web ended with 3")
        #expect(world.firstLine("ended with 3") != nil && world.firstLine("ended with 9") == nil)
    }

    @Test func tooManyFailedTasksCancelTheUpdate() async throws {
        var course = Course()
        course.settles = nil
        course.fails = 20
        let world = World(course)
        let (outcome, reports) = try await follow(world, maxFailedTasks: 1)
        #expect(outcome.status == .updateRollbackComplete)
        let cancelled = try #require(world.cancelled.withLock { $0 })
        #expect(cancelled >= 20 && cancelled <= 26)
        #expect(reports.first?.reason?.contains("the update of stack s is cancelled") == true)
        let told = try #require(world.failure.withLock { $0 })
        #expect(told.reason == "service web: given up on after 1 failed task: container web ended with 3")
        let lines = world.told.withLock { $0.map(\.line) }
        #expect(lines.count { $0.contains("ended with 3") } == 1)
        #expect(world.calls.withLock { $0.count { $0.operation == "CancelUpdateStack" } } == 1)
    }

    @Test func theDeadlineIsThatOfTheWhole() async throws {
        var course = Course()
        course.settles = nil
        let world = World(course)
        let failure = await #expect(throws: Failure.self) { try await follow(world, deadline: .seconds(60)) }
        #expect(failure?.kind == .timedOut)
        #expect(failure?.hint?.hasSuffix(", roll it back with 'fgctl service-rollback web'") == true)
        #expect(world.now >= 59 && world.now <= 66)
    }
}
