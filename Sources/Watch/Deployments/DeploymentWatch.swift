package import AWS
package import AWSServices
package import FoundationEssentials
internal import Support

/// Follows deployments of services to their verdicts; all of them together cost at most thirty calls a minute.
package struct DeploymentWatch: Sendable {
    /// A deployment that was started.
    package struct Started: Sendable {
        package let cluster: String
        package let service: String
        /// The id of the deployment that became PRIMARY by it: `ecs-svc/…`.
        package let primary: String
        /// By ECS's clock.
        package let createdAt: Date?
        /// Events that were there before; they are not told.
        package let oldEvents: Set<String>
        /// ARNs of tasks that had stopped before.
        package let oldTasks: Set<String>
        /// What ran before, by the name of its task definition's revision.
        package let taskDefinitionBefore: String?

        package init(
            cluster: String, service: String, primary: String, createdAt: Date?, oldEvents: Set<String>,
            oldTasks: Set<String> = [], taskDefinitionBefore: String? = nil
        ) {
            self.cluster = cluster
            self.service = service
            self.primary = primary
            self.createdAt = createdAt
            self.oldEvents = oldEvents
            self.oldTasks = oldTasks
            self.taskDefinitionBefore = taskDefinitionBefore
        }
    }

    /// How it ended, and the service as it was then.
    package struct Ending: Sendable {
        /// `goesOn` when the deadline came first.
        package internal(set) var judgement: DeploymentJudgement
        /// `nil` when it was never seen, or is gone.
        package let service: ECS.Service?
        /// Of the service deployment, where ECS has such.
        package let deploymentARN: String?
        /// What its failed tasks lack.
        package internal(set) var findings: [Finding] = []
        /// Why the task that failed last did.
        package internal(set) var taskCause: String?
        /// Why it failed, as short as it can be said.
        package internal(set) var brief: String?
        /// The last three of its tasks that failed, newest first.
        package internal(set) var failedTasks: [FailedTask] = []
        /// Whether ECS goes on with a deployment that was given up here.
        package internal(set) var goesOn = false
    }

    /// What was done about a deployment of which too many tasks failed.
    package enum GivenUp: Sendable {
        /// ECS was asked to roll back; its service deployment tells how that goes.
        case rollingBack
        /// What ran before is deployed again, as this PRIMARY deployment.
        case redeployed(primary: String, taskDefinition: String)
        /// Nothing could be done; the text says why.
        case nothing(String)
    }

    /// After how many failed tasks a deployment is given up on, and how that is done.
    package struct FailureLimit: Sendable {
        package let failedTasks: Int
        package let giveUp: @Sendable (_ started: Started, _ deploymentARN: String?) async throws -> GivenUp

        package init(
            failedTasks: Int,
            giveUp: @escaping @Sendable (_ started: Started, _ deploymentARN: String?) async throws -> GivenUp
        ) {
            self.failedTasks = failedTasks
            self.giveUp = giveUp
        }
    }

    package struct Timing: Sendable {
        /// From one look to the next, start to start, at the beginning, and at deployments that may be done any moment while calls last.
        package var quick: Duration = .milliseconds(1900)
        /// How long the beginning is.
        package var beginning: Duration = .seconds(7)
        /// The same when they don't.
        package var nearEnd: Duration = .milliseconds(2500)
        /// Between the first looks at a deployment whose tasks all run, so that only ECS's word is missing.
        package var atTheEnd: Duration = .seconds(1)
        /// How long looks follow that quickly: most deployments are steady within seconds, or not for minutes.
        package var ending: Duration = .seconds(8)
        /// Between looks at others: a failed task is told within 5 s of its end.
        package var slow: Duration = .milliseconds(4800)
        /// How long ECS may take to list a service deployment that was just started; then it is judged without.
        package var listing: Duration = .seconds(30)
        /// Of the whole wait; `nil` waits as long as the deployments take.
        package var deadline: Duration?
        /// How long looking may fail in a row by throttling, server errors or a network that is away.
        package var outage: Duration = .seconds(300)
        /// Whether stopped tasks are looked at only when the service shows a change, where calls get scarce: for those who have
        /// more to ask for in the same minute.
        package var isFrugal = false
        package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        package var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
        package init() {}
    }

    /// Two clocks inside ECS stamp a deployment and its service deployment.
    private static let stampSlack: TimeInterval = 5
    /// Calls that stay free for what may come up: the evidence of failed tasks.
    private static let spare = (forLogs: 4, forFindings: 6, forALook: 2)

    /// Calls of a minute of looks at services alone, and some for the unforeseen.
    private static let frugalFrom = 18
    /// Calls that must be left for looks at the end to follow quickly.
    private static let quickEndFrom = 12

    private let ecs: ECS
    private let investigator: TaskInvestigator
    private let inspector: FindingInspector
    private let timing: Timing
    private let meter: CallMeter

    /// - Parameter meter: counts the calls, where others share the limit.
    package init(_ client: AWSClient, timing: Timing = Timing(), meter: CallMeter? = nil) {
        let meter = meter ?? CallMeter(now: timing.now)
        let metered = client.noting { meter.note() }
        ecs = ECS(metered)
        investigator = TaskInvestigator(client: metered)
        inspector = FindingInspector(client: metered)
        self.timing = timing
        self.meter = meter
    }

    /// Tells events and counts as they change, and returns when the deployment is decided.
    ///
    /// - Throws: `AWSError` when looking fails.
    package func follow(
        _ started: Started, limit: FailureLimit? = nil, tell: @Sendable (String) -> Void
    ) async throws -> Ending {
        try await follow([started], limit: limit, tell: tell)[0]
    }

    /// Follows several, at the same time, until the last one is decided or the deadline comes.
    ///
    /// - Parameter all: in one cluster, and no service twice.
    /// - Returns: an ending for each, in the same order.
    /// - Throws: `AWSError` when looking fails.
    package func follow(
        _ all: [Started], limit: FailureLimit? = nil, tell: @Sendable (String) -> Void
    ) async throws -> [Ending] {
        let start = timing.now()
        var courses = all.map { DeploymentCourse($0, namesItself: all.count > 1) }
        var outage = Outage(limit: timing.outage, now: timing.now)
        var lastLook: ContinuousClock.Instant?
        var nearEnd: (count: Int, since: ContinuousClock.Instant) = (0, start)
        while true {
            try Task.checkCancellation()
            let began = timing.now()
            var spent = Duration.zero
            do {
                try await look(&courses, elapsed: began - start, limit, &lastLook, tell)
                outage.end()
                // What a failing look takes is no part of the pause.
                spent = timing.now() - began
            } catch {
                let names = courses.filter { !$0.isOver }.map(\.started.service).joined(separator: ", ")
                if let line = try outage.bear(error, lookingAt: "service \(names)") { tell(line) }
            }
            if courses.allSatisfy(\.isOver) { break }
            let near = courses.count { !$0.isOver && $0.mayEndAnyMoment }
            if near != nearEnd.count { nearEnd = (near, timing.now()) }
            var pause = pause(courses, elapsed: timing.now() - start, nearEnd: timing.now() - nearEnd.since)
            // From start to start: else what a look takes would come on top of what a failure may take to be told.
            pause = max(.zero, pause - spent)
            if let deadline = timing.deadline {
                let left = deadline - (timing.now() - start)
                guard left > .zero else { break }
                pause = min(pause, left)
            }
            try await timing.sleep(pause)
        }
        return courses.map(\.outcome)
    }

    /// - Parameter nearEnd: since when as many deployments as now may be done any moment.
    private func pause(_ courses: [DeploymentCourse], elapsed: Duration, nearEnd: Duration) -> Duration {
        let active = courses.filter { !$0.isOver }
        let calls = Self.calls(for: active.count)
        let mayEnd = active.contains(where: \.mayEndAnyMoment)
        // While tasks are missing a look at those that stopped comes with each look at the service.
        let each = mayEnd || timing.isFrugal && meter.left < Self.frugalFrom ? calls : calls + 1
        let lasting = Duration.seconds(Double(each) / max(meter.sustainableRate, 0.1))
        if mayEnd, nearEnd < timing.ending, meter.left >= Self.quickEndFrom { return timing.atTheEnd }
        if mayEnd { return min(max(lasting, timing.quick), timing.nearEnd) }
        return elapsed < timing.beginning ? timing.quick : max(lasting, timing.slow)
    }

    /// What describing so many services costs.
    private static func calls(for services: Int) -> Int {
        (services + ECS.servicesPerCall - 1) / ECS.servicesPerCall
    }

    /// Waits until so many calls may be sent.
    private func afford(_ calls: Int) async throws {
        let pause = meter.pause(for: calls)
        if pause > .zero { try await timing.sleep(pause) }
    }

    // MARK: One look

    private func look(
        _ courses: inout [DeploymentCourse], elapsed: Duration, _ limit: FailureLimit?,
        _ lastLook: inout ContinuousClock.Instant?, _ tell: @Sendable (String) -> Void
    ) async throws {
        let active = courses.indices.filter { !courses[$0].isOver }
        guard let first = active.first else { return }
        let cluster = courses[first].started.cluster
        for index in active where courses[index].isSearching {
            try await afford(1)
            try await find(&courses[index], elapsed: elapsed, tell)
        }
        try await afford(Self.calls(for: active.count))
        let services = try await ecs.describeServices(active.map { courses[$0].started.service }, cluster: cluster)
        for index in active {
            courses[index].see(services.first { $0.serviceName == courses[index].started.service }, tell)
        }
        let watched = active.filter { courses[$0].isWorthALookAtItsDeployment }
        let arns = watched.compactMap { courses[$0].deploymentARN }
        if !arns.isEmpty { try await afford(1) }
        let deployments = arns.isEmpty ? [] : try await ecs.describeServiceDeployments(arns)
        for index in active {
            courses[index].judge(deployments.first { $0.serviceDeploymentArn == courses[index].deploymentARN }, tell)
        }
        // An end is not believed without a look at what stopped meanwhile.
        func isAtLimit(_ index: Int) -> Bool { limit.map { courses[index].exceeds($0.failedTasks) } ?? false }
        let wanting = active.filter { courses[$0].wantsFailures || isAtLimit($0) }
        let isUrgent = wanting.contains {
            courses[$0].looksOver || courses[$0].failures.sawChange || isAtLimit($0)
        }
        let isDue = lastLook.map { timing.now() - $0 > timing.slow - timing.quick } ?? true
        let enough = timing.isFrugal ? Self.frugalFrom : Self.spare.forALook
        if !wanting.isEmpty, isUrgent || isDue, isUrgent || meter.left >= enough {
            lastLook = timing.now()
            try await afford(Self.spare.forALook)
            try await tellFailures(&courses, wanting, cluster: cluster, tell)
        }
        for index in active { try await decide(&courses[index], limit, tell) }
    }

    private func decide(
        _ course: inout DeploymentCourse, _ limit: FailureLimit?, _ tell: @Sendable (String) -> Void
    ) async throws {
        if let limit, course.exceeds(limit.failedTasks), !course.awaitsEvidence() {
            course.tell("giving up after \(course.failedTasksText)", tell)
            do {
                let given = try await limit.giveUp(course.started, course.deploymentARN)
                course.giveUp(given, tell)
            } catch let error where !(error is CancellationError) {
                course.giveUp(.nothing("rolling back failed: \(error)"), tell)
            }
        }
        course.conclude(tell)
    }

    /// Tells of tasks that failed since the start; a look that fails is made up for by the next one.
    private func tellFailures(
        _ courses: inout [DeploymentCourse], _ wanting: [Int], cluster: String, _ tell: @Sendable (String) -> Void
    ) async throws {
        let names = wanting.map { courses[$0].started.service }
        // One service may know of tasks that are news to another.
        let known = wanting.dropFirst().map { courses[$0].failures.known }
            .reduce(courses[wanting[0]].failures.known) { $0.intersection($1) }
        guard let stopped = try? await investigator.stoppedTasks(ofServices: names, cluster: cluster, knowing: known)
        else { return }
        for index in wanting {
            var news: [ECS.Task] = []
            for task in stopped {
                // Those of others are noted too, so that they are not asked for again.
                let isNews = courses[index].failures.isNews(task)
                let isOwn = names.count == 1 || task.group == "service:\(courses[index].started.service)"
                if isNews, isOwn, !task.madeRoom { news.append(task) }
            }
            for (age, task) in news.enumerated().reversed() {
                try await afford(1)
                let withLogs = age < TaskInvestigator.mostTasks && meter.left >= Self.spare.forLogs
                guard let failed = try? await investigator.examine(task, withLogs: withLogs) else { continue }
                courses[index].note(failed, tell)
                guard meter.left >= Self.spare.forFindings else { continue }
                courses[index].note(await inspector.findings(of: [failed]), tell)
            }
        }
    }

    // MARK: The service deployment

    private func find(
        _ course: inout DeploymentCourse, elapsed: Duration, _ tell: (String) -> Void
    ) async throws {
        guard let created = course.started.createdAt else { return course.stopSearching() }
        do {
            let found = try await ecs.listServiceDeployments(
                course.started.service, cluster: course.started.cluster,
                createdAfter: created.addingTimeInterval(-Self.stampSlack))
            func distance(_ brief: ECS.ServiceDeploymentBrief) -> TimeInterval {
                abs((brief.createdAt ?? .distantPast).timeIntervalSince(created))
            }
            course.deploymentARN = found.min { distance($0) < distance($1) }?.serviceDeploymentArn
            if elapsed >= timing.listing { course.stopSearching() }
        } catch let error as AWSError where error.lacksServiceDeployments {
            if error.isAccessDenied { tell("may not list service deployments: judging by the service's own state") }
            course.stopSearching()
        }
    }
}

extension AWSError {
    /// Whether this ECS has no service deployments, or not for us: the service's own state is judged then.
    package var lacksServiceDeployments: Bool {
        isAccessDenied || ["UnknownOperationException", "InvalidAction", "UnsupportedFeatureException"].contains(code)
    }
}
