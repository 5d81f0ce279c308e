internal import AWS
internal import AWSServices
internal import Environment
internal import Flows
internal import Services
internal import Stacks
internal import Support
internal import Watch

/// What the commands share that update a Dagster service: look, plan, change the stack, restart, tell.
struct DagsterUpdate: Sendable {
    let session: Session
    let role: DagsterRole
    let options: DagsterOptions
    let stack: DagsterStack
    /// All services of the stack as they are before.
    let services: [ECS.Service]
    private let timing: DeploymentWatch.Timing
    private let until: ContinuousClock.Instant?
    /// Of all that is waited for.
    private let meter = CallMeter()

    /// Looks at the project's stack.
    /// - Throws: `Failure.failed` when there is none, or it is not Dagster's.
    static func open(_ session: Session, _ role: DagsterRole, _ options: DagsterOptions) async throws -> DagsterUpdate {
        let timing = try options.following.timing()
        let names = Names(session.settings)
        let name = try names.stack
        guard let found = try await CloudFormation(session.client).describeStack(name) else {
            throw Failure(
                .failed, "\(role.command): stack \(name) does not exist",
                hint: "create it with 'fgctl cf-create-stack VERSION'")
        }
        let stack = try DagsterStack(found, cluster: try names.cluster, wanting: role)
        let services = try await ECS(session.client).describeServices(stack.serviceNames, cluster: stack.cluster)
            .filter { $0.status != "INACTIVE" }
        guard let wanted = stack.services[role], services.contains(where: { $0.serviceName == wanted }) else {
            throw Failure(
                .failed, "\(role.command): cluster \(stack.cluster) has no service \(stack.services[role] ?? "?")",
                hint: "'fgctl cf-drift' or 'fgctl cf-status' show what became of stack \(name)")
        }
        return DagsterUpdate(
            session: session, role: role, options: options, stack: stack, services: services, timing: timing,
            until: timing.deadline.map { ContinuousClock.now + $0 })
    }

    /// What is known of the service and its images.
    func situation(version: String?) async throws -> DagsterPlan.Situation {
        var situation = DagsterPlan.Situation(stack: stack, role: role)
        situation.version = version
        situation.onlyIfChanged = options.ifChanged
        let imageName = session.settings[.imageName] == nil ? nil : try Names(session.settings).repository
        if let repository = stack.repository(role, imageName: imageName) {
            situation.images = try await RepositoryImages.read(repository, client: session.client)
            if situation.images == nil, version != nil {
                session.say("repository \(repository) can't be looked at: whether the image is there is not known")
            }
        }
        let own = services.filter { $0.serviceName == stack.services[role] }
        let reader = ServiceStatusReader(session.client, cluster: stack.cluster, stack: nil)
        if let status = try await reader.read(own).first {
            situation.runningDigests = Set(
                status.currentImages.filter { $0.container == role.rawValue }.compactMap(\.digest))
            situation.isSettled = status.state == .settled
        }
        situation.waits = !options.following.noWait
        if DagsterPlan.newer(situation) != nil, let name = stack.services[role] {
            situation.failed = try await FailedImages.read(
                name, cluster: stack.cluster, container: role.rawValue, client: session.client)
        }
        return situation
    }

    /// Does what is planned, and ends the command with the verdict.
    /// - Parameter afterwards: done once everything runs; it may add to the report.
    func carryOut(
        _ plan: DagsterPlan, account: String, afterwards: (inout DagsterReport) async throws -> Void = { _ in }
    ) async throws {
        for line in plan.notes { session.say(line) }
        for line in plan.warnings { session.warn(line) }
        if session.options.dryRun { return try session.result(plan, lines: []) }
        var report = DagsterReport(plan)
        do {
            if plan.action == .update { try await updateStack(plan, account: account, &report) }
            if plan.action != .nothing, report.failure == nil { try await restart(plan, &report) }
            if report.failure == nil, !options.following.noWait { try await afterwards(&report) }
        } catch let failure as Failure where ![.interrupted, .terminated].contains(failure.kind) {
            report.failure = failure
        }
        report.takeUnfinished()
        try report.conclude(session, what: role.command)
    }

    private var left: DeploymentWatch.Timing {
        var timing = timing
        timing.isFrugal = true
        if let until { timing.deadline = max(.zero, until - ContinuousClock.now) }
        return timing
    }

    // MARK: The stack

    private struct NotWaited: Error {}

    private func updateStack(_ plan: DagsterPlan, account: String, _ report: inout DagsterReport) async throws {
        let deployment = StackDeployment(
            session.client, cluster: stack.cluster, services: services, timing: left,
            maxFailedTasks: options.following.maxFailedTasks, meter: meter, show: { session.say($0) })
        let bucket = session.settings[.bucket] == nil ? nil : try Names(session.settings).bucket
        let waits = !options.following.noWait
        let update = StackParameterUpdate(
            client: session.client,
            upload: TemplateUpload(client: session.client, bucket: bucket, owner: account, prefix: stack.name),
            follower: { begun in
                guard waits else { throw NotWaited() }
                return try await deployment.follow(begun)
            }, show: { session.say($0) }, confirm: { try await session.confirm($0) })
        do {
            let values = plan.parameters.map { (name: $0.name, value: $0.to) }
            switch try await update.update(stack.stack, setting: values) {
            case .updated(let after), .alreadyAsAsked(let after): report.stackStatus = after.stackStatus.rawValue
            }
            report.deployments = deployment.reports
            report.take(DeploymentReport.worst(deployment.reports), of: deployment.reports, role.command)
        } catch is NotWaited {
            report.stackStatus = "UPDATE_IN_PROGRESS"
        } catch is CancellationError {
            for name in plan.restarts { session.say(DagsterReport.notRestarted(name)) }
            throw await interrupted(deployment.underWay)
        } catch let failure as Failure {
            report.deployments = deployment.reports
            report.failure = explained(failure, plan, deployment)
        }
    }

    /// With why the tasks failed, which CloudFormation does not know; its own words were told with its events.
    private func explained(_ failure: Failure, _ plan: DagsterPlan, _ deployment: StackDeployment) -> Failure {
        guard failure.kind == .failed, let end = deployment.failure else { return failure }
        let advice = deployment.reports.flatMap(\.findings).first?.advice
        let mend =
            plan.parameters.contains { $0.name.hasSuffix("Version") }
            ? "mend the image and push it as another version" : "mend the config and run the command again"
        let isBack = end.status == .updateRollbackComplete
        return Failure(
            .failed, "update stack \(stack.name): \(end.status): \(end.reason)",
            hint: advice ?? (isBack ? "what ran before runs again; \(mend)" : failure.hint), cause: failure.cause)
    }

    /// What Ctrl-C comes to while the stack is updated: cancelled if that is wished, else how to go on.
    /// - Parameter services: those that it is deploying.
    private func interrupted(_ services: [String]) async -> Failure {
        let kind: Failure.Kind = session.context.interruption.signal == 15 ? .terminated : .interrupted
        let hint = StackDeployment.whatNext(stack.name, services: services)
        let name = stack.name
        do {
            var wishes = options.following.rollbackOnInterrupt
            if !wishes { wishes = await session.wishes("Update of stack \(name): roll back?") }
            guard wishes else { return Failure(kind, "interrupted: only the watching has ended", hint: hint) }
            try await StackDeployment.cancel(name, session.client)
        } catch {
            return Failure(kind, "interrupted: not rolled back: \(error)", hint: hint, cause: error)
        }
        return Failure(
            kind, "interrupted: rolling back",
            hint: "watch it with 'fgctl cf-events --follow --stack \(name)'")
    }

    // MARK: Restarts

    private func restart(_ plan: DagsterPlan, _ report: inout DagsterReport) async throws {
        let redeployment = ServiceRedeployment(session.client)
        for name in plan.restarts {
            guard let service = services.first(where: { $0.serviceName == name }) else { continue }
            if service.desiredCount == 0 { session.say("service \(name) is scaled to zero: no task will start") }
            let (started, begun) = try await Shielded.run {
                try await redeployment.start(service, name: name, cluster: stack.cluster)
            }
            session.say("service \(name): deployment \(started.primary) started")
            guard !options.following.noWait else {
                report.deployments.append(begun)
                continue
            }
            let ended = try await session.follow(
                [started], options.following, timing: left,
                rollbackCommand: ProjectServices.rollbackCommand([name]), meter: meter)
            report.deployments += ended
            report.take(DeploymentReport.worst(ended), of: ended, role.command)
            if report.failure != nil { return }
        }
    }
}
