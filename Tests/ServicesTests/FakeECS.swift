import AWS
import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport
import Watch

/// ECS with a memory and a clock of its own, as AWS documents service deployments:
/// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
final class FakeECS: Sendable {
    /// What a deployment of a service comes to.
    struct Course: Sendable {
        /// Seconds after its start at which its task runs, where that is before it settles.
        var runsAfter: Double?
        /// Seconds after its start at which ECS calls it COMPLETED.
        var settlesAfter: Double?
        /// Seconds after its start at which tasks of it fail.
        var failures: [Double] = []
        /// Whether ECS counts them, as it does tasks that never started.
        var countsFailures = false
        /// Seconds after its start at which ECS gives up and goes back.
        var rollsBackAfter: Double?
        /// Seconds after its start at which somebody else's deployment takes its place.
        var supersededAfter: Double?
    }

    private struct Deployment {
        let id: String
        let arn: String
        let taskDefinition: String
        let startedAt: Double
        let course: Course
        var stoppedAt: Double?
        /// The time at which it went back, by itself or since it was told to.
        var wentBackAt: Double? {
            stoppedAt ?? course.rollsBackAfter.map { startedAt + $0 }
        }
    }

    private struct State {
        var seconds = 0.0
        var services: [String: [Deployment]] = [:]
        var count = 0
        var calls: [Double] = []
        var longestSleep = 0.0
    }

    private static let epoch = 1_700_000_000.0
    /// How long going back takes.
    private static let rollback = 6.0

    private let state: Mutex<State>
    private let courses: [String: Course]
    private let hasDeployments: Bool
    /// The task definition of a new deployment.
    private let newDefinition: String
    private let origin = ContinuousClock.now

    init(_ courses: [String: Course], hasDeployments: Bool = true, newDefinition: String = "web:7") {
        self.courses = courses
        self.hasDeployments = hasDeployments
        self.newDefinition = newDefinition
        var state = State()
        for name in courses.keys {
            state.services[name] = [
                Deployment(
                    id: "ecs-svc/\(name)-old", arn: "arn:aws:ecs:r:1:service-deployment/c/\(name)/old",
                    taskDefinition: "web:6", startedAt: -1000, course: Course(settlesAfter: 0))
            ]
        }
        self.state = Mutex(state)
    }

    // MARK: Clock

    var seconds: Double { state.withLock { $0.seconds } }
    func pass(_ seconds: Double) { state.withLock { $0.seconds += seconds } }

    /// The watch's timing on this clock.
    func timing(deadline: Duration? = .seconds(600)) -> DeploymentWatch.Timing {
        var timing = DeploymentWatch.Timing()
        timing.deadline = deadline
        timing.now = { self.origin + .nanoseconds(Int(self.seconds * 1e9)) }
        timing.sleep = { pause in
            try Task.checkCancellation()
            let seconds = Double(pause.components.seconds) + Double(pause.components.attoseconds) / 1e18
            self.state.withLock {
                $0.seconds += seconds
                $0.longestSleep = max($0.longestSleep, seconds)
            }
        }
        return timing
    }

    /// The most calls in any minute.
    var mostCallsInAMinute: Int {
        let calls = state.withLock { $0.calls }
        return calls.map { start in calls.count { $0 >= start && $0 < start + 60 - 1e-6 } }.max() ?? 0
    }

    /// Calls before now don't count.
    func forgetCalls() { state.withLock { $0.calls = [] } }

    // MARK: Answers

    var stub: StubAWS { StubAWS { operation, request in try self.answer(operation, request) } }

    private struct Body: Decodable {
        var services: [String]?
        var service: String?
        var serviceName: String?
        var desiredStatus: String?
        var tasks: [String]?
        var taskDefinition: String?
        var serviceDeploymentArn: String?
        var serviceDeploymentArns: [String]?
        var serviceRevisionArns: [String]?
        var stopType: String?
    }

    func answer(_ operation: String, _ request: HTTPRequest) throws -> StubAWS.Answer {
        state.withLock { $0.calls.append($0.seconds) }
        let body = try JSONDecoder().decode(Body.self, from: Data(request.bodyText.utf8))
        switch operation {
        case "DescribeServices":
            guard (body.services ?? []).count <= 10 else { return Self.error("InvalidParameterException") }
            return .init(#"{"services": [\#((body.services ?? []).compactMap(described).joined(separator: ","))]}"#)
        case "UpdateService": return updated(body.service ?? "", body.taskDefinition)
        case "ListTasks":
            return .init(
                #"{"taskArns": [\#(stopped(of: body.serviceName).map { "\"\($0.arn)\"" }.joined(separator: ","))]}"#)
        case "DescribeTasks":
            let tasks = stopped(of: nil).filter { body.tasks?.contains($0.arn) == true }.map(\.json)
            return .init(#"{"tasks": [\#(tasks.joined(separator: ","))], "failures": []}"#)
        case "DescribeTaskDefinition":
            return .init(
                #"{"taskDefinition": {"taskDefinitionArn": "\#(body.taskDefinition ?? "")", "containerDefinitions": [{"name": "web", "essential": true}]}}"#
            )
        case "ListServiceDeployments", "DescribeServiceDeployments", "StopServiceDeployment":
            guard hasDeployments else { return Self.error("UnknownOperationException") }
            return deployments(operation, body)
        default: return Self.error("UnscriptedCall: \(operation)")
        }
    }

    private static func error(_ code: String) -> StubAWS.Answer {
        .init(#"{"__type": "\#(code)", "message": "no"}"#, status: 400)
    }

    private func described(_ name: String) -> String? {
        state.withLock { state in
            guard let all = state.services[name], let newest = all.last else { return nil }
            let now = state.seconds
            var shown = newest
            var isRunning = newest.course.runsAfter.map { newest.startedAt + $0 <= now } ?? false
            var runs = newest.course.settlesAfter.map { newest.startedAt + $0 <= now } ?? false
            var reason = ""
            var id = newest.id
            if let back = newest.wentBackAt, back <= now {
                // Going back makes another deployment PRIMARY, of what ran before.
                shown = all[max(0, all.count - 2)]
                id = "ecs-svc/\(name)-back"
                runs = back + Self.rollback <= now
                isRunning = false
                reason = "ECS deployment circuit breaker: rolling back to deploymentId \(shown.id)."
            } else if let other = newest.course.supersededAfter, newest.startedAt + other <= now {
                id = "ecs-svc/\(name)-other"
                runs = false
            }
            isRunning = isRunning || runs
            let failed =
                !newest.course.countsFailures ? 0 : newest.course.failures.count { newest.startedAt + $0 <= now }
            let rollout = runs ? "COMPLETED" : "IN_PROGRESS"
            return #"""
                {"serviceName": "\#(name)", "status": "ACTIVE", "desiredCount": 1, "runningCount": \#(isRunning ? 1 : 0),
                 "pendingCount": \#(isRunning ? 0 : 1), "taskDefinition": "\#(shown.taskDefinition)", "deployments": [
                 {"id": "\#(id)", "status": "PRIMARY", "rolloutState": "\#(rollout)", "rolloutStateReason": "\#(reason)",
                  "desiredCount": 1, "runningCount": \#(isRunning ? 1 : 0), "pendingCount": \#(isRunning ? 0 : 1),
                  "failedTasks": \#(id == newest.id ? failed : 0), "taskDefinition": "\#(shown.taskDefinition)",
                  "createdAt": \#(Self.epoch + newest.startedAt)}], "events": []}
                """#
        }
    }

    private func updated(_ name: String, _ definition: String?) -> StubAWS.Answer {
        state.withLock { state in
            guard let before = state.services[name]?.last else { return }
            state.count += 1
            let isBack = definition == "web:6"
            state.services[name]?.append(
                Deployment(
                    id: "ecs-svc/\(name)-\(state.count)",
                    arn: "arn:aws:ecs:r:1:service-deployment/c/\(name)/\(state.count)",
                    taskDefinition: definition
                        ?? (before.taskDefinition == "web:6" ? newDefinition : before.taskDefinition),
                    startedAt: state.seconds,
                    course: isBack ? Course(settlesAfter: 3) : courses[name] ?? Course(settlesAfter: 1)))
        }
        guard let service = described(name) else { return Self.error("ServiceNotFoundException") }
        return .init(#"{"service": \#(service)}"#)
    }

    /// Tasks that failed until now; a deployment that went back starts no more.
    private func stopped(of service: String?) -> [(arn: String, json: String)] {
        state.withLock { state in
            state.services.filter { service == nil || $0.key == service }.sorted { $0.key < $1.key }.flatMap {
                name, all in
                all.flatMap { deployment in
                    deployment.course.failures.filter {
                        let at = deployment.startedAt + $0
                        return at <= state.seconds && at <= deployment.wentBackAt ?? .infinity
                    }.map { after in
                        let arn = "arn:aws:ecs:r:1:task/c/\(name)-\(deployment.id.suffix(4))-\(Int(after * 10))"
                        let at = Self.epoch + deployment.startedAt + after
                        let json = #"""
                            {"taskArn": "\#(arn)", "group": "service:\#(name)", "taskDefinitionArn": "web:7", "lastStatus": "STOPPED",
                             "stopCode": "EssentialContainerExited", "stoppedReason": "exited", "createdAt": \#(at - 0.5),
                             "stoppedAt": \#(at), "startedBy": "\#(deployment.id)", "containers": [{"name": "web", "exitCode": 3}]}
                            """#
                        return (arn, json)
                    }
                }
            }
        }
    }

    private func deployments(_ operation: String, _ body: Body) -> StubAWS.Answer {
        state.withLock { state in
            let now = state.seconds
            func status(_ deployment: Deployment, isNewest: Bool) -> String {
                if let back = deployment.wentBackAt, back <= now {
                    return back + Self.rollback <= now ? "ROLLBACK_SUCCESSFUL" : "ROLLBACK_IN_PROGRESS"
                }
                if let other = deployment.course.supersededAfter, deployment.startedAt + other <= now {
                    return "STOPPED"
                }
                if let settles = deployment.course.settlesAfter, deployment.startedAt + settles <= now {
                    return "SUCCESSFUL"
                }
                return isNewest ? "IN_PROGRESS" : "STOPPED"
            }
            func shown(_ deployment: Deployment, _ isNewest: Bool) -> String {
                let status = status(deployment, isNewest: isNewest)
                let rollback =
                    status.hasPrefix("ROLLBACK")
                    ? #", "rollback": {"reason": "it was asked to, or its tasks failed"}"# : ""
                return
                    #"{"serviceDeploymentArn": "\#(deployment.arn)", "status": "\#(status)", "createdAt": \#(Self.epoch + deployment.startedAt + 0.4)\#(rollback)}"#
            }
            if operation == "StopServiceDeployment" {
                for (name, all) in state.services {
                    guard let index = all.firstIndex(where: { $0.arn == body.serviceDeploymentArn }) else { continue }
                    guard body.stopType == "ROLLBACK" else { return Self.error("InvalidParameterException") }
                    guard status(all[index], isNewest: index == all.count - 1) == "IN_PROGRESS" else {
                        return Self.error("ConflictException")
                    }
                    state.services[name]?[index].stoppedAt = now
                    return .init(#"{"serviceDeploymentArn": "\#(all[index].arn)"}"#)
                }
                return Self.error("ServiceDeploymentNotFoundException")
            }
            let all = state.services.filter { body.service == nil || $0.key == body.service }.values.flatMap { all in
                all.enumerated().reversed().map { ($1.arn, shown($1, $0 == all.count - 1)) }
            }
            let wanted = all.filter { body.serviceDeploymentArns?.contains($0.0) ?? true }.map(\.1)
            return .init(#"{"serviceDeployments": [\#(wanted.joined(separator: ","))]}"#)
        }
    }
}
