package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support
package import Watch

/// Starts services' tasks anew and stays until that is done.
package struct ServiceRedeployment: Sendable {
    /// How many stopped tasks are looked at when a deployment failed.
    private static let shownTasks = 3

    private let ecs: ECS
    private let client: AWSClient

    package init(_ client: AWSClient) {
        self.client = client
        ecs = ECS(client)
    }

    /// The service of exactly this name.
    ///
    /// - Throws: `Failure` of kind `failed` that lists the services there are when there is none of this name.
    package func find(_ name: String, cluster: String) async throws -> ECS.Service {
        if let service = try await ecs.describeService(name, cluster: cluster), service.serviceName == name,
            service.status != "INACTIVE"
        {
            return service
        }
        let names = try await ecs.listServices(cluster: cluster).map { ServiceNames.name(ofARN: $0) }.sorted()
        throw Failure(
            .failed, "service \(name): cluster \(cluster) has no service of exactly this name",
            hint: ServiceNames.listed(names))
    }

    // MARK: Starting

    /// What came of asking for a deployment.
    package enum Start: Sendable {
        case started(DeploymentWatch.Started, report: DeploymentReport)
        /// ECS refused.
        case refused(DeploymentReport, any Error)
    }

    /// Asks ECS for a new deployment of what the service runs already.
    ///
    /// - Parameter taskDefinition: another revision to deploy instead.
    /// - Returns: what to follow, and the report of a deployment that was merely started.
    package func start(
        _ service: ECS.Service, name: String, cluster: String, taskDefinition: String? = nil
    ) async throws -> (started: DeploymentWatch.Started, report: DeploymentReport) {
        let oldTasks = await oldTasks(of: [name], cluster: cluster)
        return try await start(
            service, name: name, cluster: cluster, taskDefinition: taskDefinition, oldTasks: oldTasks)
    }

    /// Asks for a new deployment of each service; one that is refused does not keep back the others.
    package func start(_ services: [ECS.Service], cluster: String) async -> [Start] {
        let names = services.map { $0.serviceName ?? "" }
        let oldTasks = await oldTasks(of: names, cluster: cluster)
        var all: [Start] = []
        for (service, name) in zip(services, names) {
            do {
                let begun = try await start(
                    service, name: name, cluster: cluster, taskDefinition: nil, oldTasks: oldTasks)
                all.append(.started(begun.started, report: begun.report))
            } catch {
                let report = DeploymentReport(
                    service, name: name, cluster: cluster, deployment: nil, outcome: .failed, reason: "\(error)")
                all.append(.refused(report, error))
            }
        }
        return all
    }

    private func start(
        _ service: ECS.Service, name: String, cluster: String, taskDefinition: String?, oldTasks: Set<String>
    ) async throws -> (started: DeploymentWatch.Started, report: DeploymentReport) {
        var request = ECS.UpdateServiceRequest(cluster: cluster, service: name)
        request.forceNewDeployment = true
        request.taskDefinition = taskDefinition
        let answer = try await ecs.updateService(request)
        guard let primary = answer.deployments?.first(where: { $0.status == "PRIMARY" }), let id = primary.id else {
            throw Failure(.failed, "service \(name): ECS took the request but shows no PRIMARY deployment")
        }
        let started = DeploymentWatch.Started(
            cluster: cluster, service: name, primary: id, createdAt: primary.createdAt,
            oldEvents: Set((service.events ?? []).compactMap(\.id)), oldTasks: oldTasks,
            taskDefinitionBefore: service.taskDefinition)
        return (
            started, DeploymentReport(answer, name: name, cluster: cluster, deployment: id, outcome: .started)
        )
    }

    /// The services' tasks that have stopped already; those that are not known are told apart by their times later.
    package func oldTasks(of names: [String], cluster: String) async -> Set<String> {
        var request = ECS.ListTasksRequest(cluster: cluster)
        if names.count == 1 { request.serviceName = names[0] }
        request.desiredStatus = "STOPPED"
        return Set((try? await ecs.listTasks(request)) ?? [])
    }

    // MARK: Following

    /// Follows a deployment to its end, or to the deadline.
    package func follow(
        _ started: DeploymentWatch.Started, timing: DeploymentWatch.Timing, maxFailedTasks: Int? = nil,
        tell: @Sendable (String) -> Void
    ) async throws -> DeploymentReport {
        try await follow([started], timing: timing, maxFailedTasks: maxFailedTasks, tell: tell)[0]
    }

    /// Follows several at the same time, until the last one is decided or the deadline comes.
    ///
    /// - Parameters:
    ///   - all: in one cluster.
    ///   - maxFailedTasks: after how many failed tasks a deployment is rolled back.
    package func follow(
        _ all: [DeploymentWatch.Started], timing: DeploymentWatch.Timing, maxFailedTasks: Int? = nil,
        meter: CallMeter? = nil, tell: @Sendable (String) -> Void
    ) async throws -> [DeploymentReport] {
        let stopper = DeploymentStopper(client)
        let limit = maxFailedTasks.map { count in
            DeploymentWatch.FailureLimit(failedTasks: count) { started, arn in
                try await Shielded.run { try await stopper.rollBack(started, deploymentARN: arn) }
            }
        }
        return try await follow(all, timing: timing, limit: limit, meter: meter, tell: tell)
    }

    /// The same, where giving up and counting calls are the caller's.
    package func follow(
        _ all: [DeploymentWatch.Started], timing: DeploymentWatch.Timing, limit: DeploymentWatch.FailureLimit?,
        meter: CallMeter?, tell: @Sendable (String) -> Void
    ) async throws -> [DeploymentReport] {
        guard !all.isEmpty else { return [] }
        let endings = try await DeploymentWatch(client, timing: timing, meter: meter)
            .follow(all, limit: limit, tell: tell)
        var reports: [DeploymentReport] = []
        for (started, ending) in zip(all, endings) {
            reports.append(await report(started, ending, waited: timing.deadline))
        }
        return reports
    }

    private func report(
        _ started: DeploymentWatch.Started, _ ending: DeploymentWatch.Ending, waited: Duration?
    ) async -> DeploymentReport {
        var report = DeploymentReport(
            ending.service, name: started.service, cluster: started.cluster, deployment: started.primary,
            outcome: .succeeded)
        report.serviceDeploymentArn = ending.deploymentARN
        report.findings = ending.findings
        report.goesOn = ending.goesOn
        switch ending.judgement {
        case .succeeded: report.findings = []
        case .goesOn(let standing):
            report.outcome = .timedOut
            report.goesOn = true
            report.reason = "not deployed after \(Int(((waited ?? .zero) / .seconds(1)).rounded(.up))) s: \(standing)"
        case .superseded(let reason):
            report.outcome = .superseded
            report.reason = reason
        case .failed(var reason):
            if let own = ending.taskCause, !reason.contains(own) { reason += "; \(own)" }
            report.outcome = .failed
            report.reason = reason
            report.brief = ending.brief
            report.stoppedTasksWereTold = !ending.failedTasks.isEmpty
            report.stoppedTasks =
                ending.failedTasks.isEmpty ? await stoppedTasks(started) : ending.failedTasks.map(Self.stoppedTask)
        }
        return report
    }

    /// Why tasks of the service ended; a failure to find out never hides that the deployment failed.
    private func stoppedTasks(_ started: DeploymentWatch.Started) async -> [DeploymentReport.StoppedTask] {
        var request = ECS.ListTasksRequest(cluster: started.cluster)
        request.serviceName = started.service
        request.desiredStatus = "STOPPED"
        guard let arns = try? await ecs.listTasks(request), !arns.isEmpty,
            let tasks = try? await ecs.describeTasks(cluster: started.cluster, tasks: Array(arns.prefix(100))).tasks
        else { return [] }
        // What tasks of an earlier deployment did is not why this one failed.
        let own = tasks.filter { task in
            guard !task.madeRoom, !started.oldTasks.contains(task.taskArn) else { return false }
            guard let starter = task.startedBy, starter.hasPrefix("ecs-svc/") else {
                return task.wasMade(since: started.createdAt)
            }
            return starter == started.primary
        }
        let newest = own.sorted { ($0.stoppedAt ?? .distantPast) > ($1.stoppedAt ?? .distantPast) }
        return newest.prefix(Self.shownTasks).map { task in
            Self.stoppedTask(
                task.taskArn, task.stoppedReason ?? task.stopCode,
                (task.containers ?? []).map { ($0.name ?? "?", $0.exitCode, $0.reason) })
        }
    }

    /// A failed task as a report has it.
    package static func stoppedTask(_ task: FailedTask) -> DeploymentReport.StoppedTask {
        stoppedTask(
            task.verdict.taskArn, task.verdict.stoppedReason ?? task.verdict.stopCode,
            task.verdict.containers.map { ($0.name, $0.exitCode, $0.reason) })
    }

    private static func stoppedTask(
        _ arn: String, _ reason: String?, _ containers: [(name: String, exitCode: Int?, reason: String?)]
    ) -> DeploymentReport.StoppedTask {
        var parts = [reason ?? "ECS gives no reason"]
        for container in containers where container.reason != nil || (container.exitCode ?? 0) != 0 {
            let code = container.exitCode.map { "exit \($0)" }
            parts.append(
                "container \(container.name) " + [code, container.reason].compactMap { $0 }.joined(separator: ": "))
        }
        return .init(taskArn: arn, reason: parts.joined(separator: "; "))
    }
}
