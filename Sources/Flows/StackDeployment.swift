package import AWS
package import AWSServices
internal import FoundationEssentials
package import Services
package import Stacks
internal import Support
internal import Synchronization
package import Watch

/// Stays with the update of a stack and with the deployments of services that it starts, to the verdict of both; all of it
/// costs at most thirty calls a minute.
package final class StackDeployment: Sendable {
    /// How long deployments of other services are waited for once one has begun: they are told together then.
    private static let gathering: Duration = .milliseconds(1500)
    /// Between looks at the stack at the least.
    private static let quick: Duration = .seconds(1)
    /// How long looks follow that quickly; later ones follow as calls last.
    private static let beginning: Duration = .seconds(3)
    private static let slower: Duration = .seconds(2)

    private let client: AWSClient
    private let cluster: String
    /// The services as they were before.
    private let services: [ECS.Service]
    private let timing: DeploymentWatch.Timing
    private let begin: ContinuousClock.Instant
    private let until: ContinuousClock.Instant?
    private let maxFailedTasks: Int?
    private let show: @Sendable (String) -> Void
    private let meter: CallMeter
    private let ecs: ECS
    private let state = Mutex(State())

    private struct State {
        var events: [CloudFormation.StackEvent] = []
        /// Names of services that CloudFormation is updating.
        var underWay: Set<String> = []
        var everUnderWay: Set<String> = []
        var followed: Set<String> = []
        /// What ended it, once it has failed.
        var end: (status: CloudFormation.StackStatus, isByServices: Bool)?
        /// When the first of those that are not followed yet was seen to begin.
        var firstSeen: ContinuousClock.Instant?
        /// Whether the last event of the stack itself was its end.
        var sawEnd = false
        var isRollingBack = false
        /// Whether it was cancelled here, since services fail.
        var isCancelled = false
        var reports: [DeploymentReport] = []
    }

    /// Leaves the stack's events for the deployments that have begun.
    private struct DeploymentsBegan: Error {
        let started: [DeploymentWatch.Started]
    }

    /// - Parameters:
    ///   - services: those that the update may deploy, as they are before it.
    ///   - timing: its deadline is that of all of the wait.
    ///   - maxFailedTasks: after how many failed tasks of a service the update is cancelled.
    ///   - meter: counts the calls, where others share the limit.
    package init(
        _ client: AWSClient, cluster: String, services: [ECS.Service], timing: DeploymentWatch.Timing,
        maxFailedTasks: Int?, meter: CallMeter? = nil, show: @escaping @Sendable (String) -> Void
    ) {
        var timing = timing
        timing.isFrugal = true
        timing.beginning = .zero
        self.client = client
        self.cluster = cluster
        self.services = services
        self.timing = timing
        let begin = timing.now()
        self.begin = begin
        until = timing.deadline.map { begin + $0 }
        self.maxFailedTasks = maxFailedTasks
        self.show = show
        let meter = meter ?? CallMeter(now: timing.now)
        self.meter = meter
        ecs = ECS(client.noting { meter.note() })
    }

    /// What became of the deployments, in the order in which they began.
    package var reports: [DeploymentReport] { state.withLock { $0.reports } }

    /// Follows the update to its end.
    ///
    /// - Throws: `Failure` of kind `timedOut` at the deadline, of kind `failed` when tasks keep failing and nobody rolls back;
    ///   CloudFormation goes on in both cases.
    package func follow(_ update: StackUpdater.Begun) async throws -> StackEvents.Outcome {
        let old = await ServiceRedeployment(client.noting { [meter] in meter.note() }).oldTasks(
            of: names, cluster: cluster)
        var mark = update.mark
        while true {
            do {
                let outcome = try await events().follow(
                    update.id, after: mark, warn: show, meanwhile: { try await self.seek(old) }
                ) { event in
                    self.show("  " + EventLine.text(event))
                    self.note(event)
                }
                // Where CloudFormation waits for services these are done; where it does not, the verdict is still ECS's.
                if outcome.status == .updateComplete {
                    try await deployments(try await begun(names, old), of: update)
                }
                let events = state.withLock { $0.events }
                if outcome.status != .updateComplete {
                    await explain(old)
                    let isByServices = StackCause.first(in: events)?.resourceType == Self.serviceType
                    state.withLock { $0.end = (outcome.status, isByServices || $0.isCancelled) }
                }
                return StackEvents.Outcome(stack: outcome.stack, status: outcome.status, events: events)
            } catch let found as DeploymentsBegan {
                mark = state.withLock { $0.events.last?.eventId } ?? mark
                try await deployments(found.started, of: update)
            }
        }
    }

    /// How the update ended and which service is why, in CloudFormation's place, which does not know the tasks' reasons; `nil`
    /// where it did not fail by a service, or nothing is known of that.
    package var failure: (status: CloudFormation.StackStatus, reason: String)? {
        state.withLock { state in
            guard let end = state.end, end.isByServices,
                let report = state.reports.first(where: { $0.outcome == .failed })
            else { return nil }
            return (end.status, "service \(report.service): \(report.shortReason)")
        }
    }

    /// Looks at services that were over before they were followed: a task that fails at its start, fails three times in seconds.
    private func explain(_ old: Set<String>) async {
        let (isKnown, wanted) = state.withLock { state in
            (state.reports.contains { $0.outcome == .failed }, state.everUnderWay.subtracting(state.followed))
        }
        guard !isKnown else { return }
        for before in services {
            guard let name = before.serviceName, wanted.contains(name) else { continue }
            let earlier = Set((before.deployments ?? []).compactMap(\.id))
            // What can't be looked at leaves CloudFormation's own words.
            let tasks = try? await TaskInvestigator(client: client).failedTasks(ofService: "service/\(cluster)/\(name)")
            {
                // Neither those of deployments before, nor of the one that brings back what ran before.
                !old.contains($0.taskArn) && !earlier.contains($0.startedBy ?? "")
                    && $0.taskDefinitionArn != before.taskDefinition
            }
            guard let newest = tasks?.first else { continue }
            for line in newest.lines { show(line) }
            let findings = await FindingInspector(client: client).findings(of: [newest])
            for line in findings.flatMap(\.lines) { show("  \(line)") }
            let now = try? await ecs.describeService(name, cluster: cluster)
            var report = DeploymentReport(
                now, name: name, cluster: cluster, deployment: newest.startedBy, outcome: .failed,
                reason: newest.verdict.cause ?? "its tasks fail")
            report.findings = findings
            report.stoppedTasks = [ServiceRedeployment.stoppedTask(newest)]
            report.stoppedTasksWereTold = true
            state.withLock { $0.reports.append(report) }
        }
    }

    private static let serviceType = "AWS::ECS::Service"

    private var names: [String] { services.compactMap(\.serviceName) }

    // MARK: The stack

    private func events() throws -> StackEvents {
        var left: Duration?
        if let until { left = max(.zero, until - timing.now()) }
        let meter = meter
        let sleep = timing.sleep
        let now = timing.now
        let begin = begin
        return StackEvents(
            CloudFormation(client.noting { meter.note() }), interval: Self.quick, deadline: left, outage: timing.outage
        ) { pause in
            let lasting = Duration.seconds(1 / max(meter.sustainableRate, 0.1))
            let pace = now() - begin < Self.beginning ? pause : max(pause, Self.slower, lasting)
            // While services are about to begin, a look at them comes with each look at the stack.
            try await sleep(max(pace, meter.pause(for: 2)))
        }
    }

    private func note(_ event: CloudFormation.StackEvent) {
        state.withLock { state in
            state.events.append(event)
            if event.isOfStackItself {
                state.sawEnd = event.endsOperation
                state.isRollingBack = event.resourceStatus?.hasPrefix("UPDATE_ROLLBACK") == true
            }
            guard event.resourceType == Self.serviceType else { return }
            let name = event.physicalResourceId.map { ServiceNames.name(ofARN: $0) } ?? ""
            // An event that does not say which service it is of may be any one's.
            let meant = names.contains(name) ? [name] : names
            if event.resourceStatus == "UPDATE_IN_PROGRESS" {
                state.underWay.formUnion(meant)
                state.everUnderWay.formUnion(meant)
            } else {
                state.underWay.subtract([name])
            }
        }
    }

    /// Looks whether services that CloudFormation is updating have begun a deployment.
    private func seek(_ old: Set<String>) async throws {
        let (wanted, leaves) = state.withLock { state in
            (state.underWay.subtracting(state.followed), !state.sawEnd && !state.isRollingBack)
        }
        guard leaves, !wanted.isEmpty else { return }
        let started = try await begun(names.filter { wanted.contains($0) }, old)
        guard !started.isEmpty else { return }
        let now = timing.now()
        let first = state.withLock { state in
            state.firstSeen = state.firstSeen ?? now
            return state.firstSeen ?? now
        }
        guard started.count == wanted.count || now - first >= Self.gathering else { return }
        throw DeploymentsBegan(started: started)
    }

    // MARK: The services

    /// The deployments of these services that became PRIMARY since, and are not followed yet.
    private func begun(_ names: [String], _ old: Set<String>) async throws -> [DeploymentWatch.Started] {
        let followed = state.withLock { $0.followed }
        let open = names.filter { !followed.contains($0) }
        guard !open.isEmpty else { return [] }
        return try await ecs.describeServices(open, cluster: cluster).compactMap { now in
            guard let before = services.first(where: { $0.serviceName == now.serviceName }),
                let name = now.serviceName, let new = Self.new(now, before), let id = new.id
            else { return nil }
            return DeploymentWatch.Started(
                cluster: cluster, service: name, primary: id, createdAt: new.createdAt,
                oldEvents: Set((before.events ?? []).compactMap(\.id)), oldTasks: old,
                taskDefinitionBefore: before.taskDefinition)
        }
    }

    /// The deployment that the update has begun: the PRIMARY one, or, where ECS is rolling back already, the one that failed.
    private static func new(_ now: ECS.Service, _ before: ECS.Service) -> ECS.Deployment? {
        let earlier = Set((before.deployments ?? []).compactMap(\.id))
        let new = (now.deployments ?? []).filter { $0.id.map { !earlier.contains($0) } ?? false }
        guard let primary = new.first(where: { $0.status == "PRIMARY" }) else { return nil }
        let goesBack =
            primary.taskDefinition != nil && primary.taskDefinition == before.taskDefinition
            && primary.rolloutStateReason?.lowercased().contains("rolling back") == true
        return goesBack ? new.first { $0.status != "PRIMARY" } : primary
    }

    private func deployments(_ started: [DeploymentWatch.Started], of update: StackUpdater.Begun) async throws {
        guard !started.isEmpty else { return }
        state.withLock { state in
            state.followed.formUnion(started.map(\.service))
            state.firstSeen = nil
        }
        for one in started { show("service \(one.service): deployment \(one.primary) started") }
        var timing = timing
        if let until { timing.deadline = max(.zero, until - timing.now()) }
        let limit = maxFailedTasks.map { count in
            DeploymentWatch.FailureLimit(failedTasks: count) { [self] _, _ in
                // Several services may fail; the update is one.
                if !isCancelled { try await cancel(update) }
                return .nothing("the update of stack \(update.name) is cancelled, which rolls all of it back")
            }
        }
        let reports = try await ServiceRedeployment(client).follow(
            started, timing: timing, limit: limit, meter: meter, tell: show)
        state.withLock { $0.reports += reports }
        try await check(reports, of: update)
    }

    private var isCancelled: Bool { state.withLock { $0.isCancelled } }

    private func cancel(_ update: StackUpdater.Begun) async throws {
        try await Self.cancel(update.id, client)
        state.withLock { $0.isCancelled = true }
    }

    /// Ends the wait where nothing good is to come of it; what ECS rolls back, CloudFormation does too.
    private func check(_ reports: [DeploymentReport], of update: StackUpdater.Begun) async throws {
        let hint = Self.whatNext(update.name, services: reports.filter(\.goesOn).map(\.service))
        if let late = reports.first(where: { $0.outcome == .timedOut }) {
            throw Failure(.timedOut, "service \(late.service): \(late.reason ?? "not deployed")", hint: hint)
        }
        guard !isCancelled, let bad = reports.first(where: { $0.outcome == .failed && $0.goesOn }) else { return }
        do {
            // Neither ECS nor CloudFormation would end it, for hours.
            try await cancel(update)
            return show(
                "service \(bad.service) fails: the update of stack \(update.name) is cancelled, which rolls all of it back"
            )
        } catch let error as AWSError where error.code == "ValidationError" {
            show("stack \(update.name): its update can't be cancelled any more: \(error.message)")
        }
        throw Failure(
            .failed, "service \(bad.service): \(bad.shortReason)",
            hint: (bad.findings.first.map { "\($0.advice); " } ?? "") + hint)
    }

    /// How to go on with an update that nobody follows any more.
    ///
    /// - Parameter services: those that it is deploying; ending such a deployment ends the update.
    package static func whatNext(_ stack: String, services: [String]) -> String {
        "CloudFormation goes on: watch it with 'fgctl cf-events --follow --stack \(stack)'"
            + (services.first.map { ", roll it back with 'fgctl service-rollback \($0)'" } ?? "")
    }

    /// The services whose deployments were under way when following ended.
    package var underWay: [String] { state.withLock { $0.underWay.sorted() } }

    /// Rolls an update back that is under way.
    package static func cancel(_ stack: String, _ client: AWSClient) async throws {
        let request = CloudFormation.RollbackStackRequest(stackName: stack, clientRequestToken: RequestToken.make())
        try await Shielded.run { try await CloudFormation(client).cancelUpdateStack(request) }
    }
}
