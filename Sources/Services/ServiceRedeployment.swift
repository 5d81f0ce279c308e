package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support
package import Watch

/// What became of a deployment; its JSON form is stable.
package struct DeploymentReport: Codable, Sendable {
    package enum Outcome: String, Codable, Sendable { case started, succeeded, failed, superseded }

    /// A task of the service that stopped during the deployment.
    package struct StoppedTask: Codable, Sendable {
        package let taskArn: String
        package let reason: String
    }

    package let service: String
    package let cluster: String
    package let outcome: Outcome
    /// Why, where it did not succeed.
    package let reason: String?
    /// The deployment's id, and the service deployment's ARN where ECS has such.
    package let deployment: String
    package let serviceDeploymentArn: String?
    package let taskDefinition: String?
    package let desiredCount: Int
    package let runningCount: Int
    /// Filled when it failed: at most three, the newest first.
    package let stoppedTasks: [StoppedTask]
    /// What is missing or refused, where that is known.
    package var findings: [Finding] = []
    /// Whether ECS goes on with a deployment that was given up on.
    package var goesOn = false
}

/// Starts a service's tasks anew and stays until that is done.
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
        let names = try await ecs.listServices(cluster: cluster)
            .map { String($0.split(separator: "/").last ?? Substring($0)) }.sorted()
        let listed = names.isEmpty ? "it has no services" : "it has: \(names.joined(separator: ", "))"
        throw Failure(.failed, "service \(name): cluster \(cluster) has no service of exactly this name", hint: listed)
    }

    /// Asks ECS for a new deployment of what the service runs already.
    ///
    /// - Returns: what to follow, and the report of a deployment that was merely started.
    package func start(
        _ service: ECS.Service, name: String, cluster: String
    ) async throws -> (started: DeploymentWatch.Started, report: DeploymentReport) {
        var request = ECS.UpdateServiceRequest(cluster: cluster, service: name)
        request.forceNewDeployment = true
        let oldTasks = await oldTasks(of: name, cluster: cluster)
        let answer = try await ecs.updateService(request)
        guard let primary = answer.deployments?.first(where: { $0.status == "PRIMARY" }), let id = primary.id else {
            throw Failure(.failed, "service \(name): ECS took the request but shows no PRIMARY deployment")
        }
        let started = DeploymentWatch.Started(
            cluster: cluster, service: name, primary: id, createdAt: primary.createdAt,
            oldEvents: Set((service.events ?? []).compactMap(\.id)), oldTasks: oldTasks)
        return (started, report(started, .started, answer))
    }

    /// The service's tasks that have stopped already; those that are not known are told apart by their times later.
    private func oldTasks(of name: String, cluster: String) async -> Set<String> {
        var request = ECS.ListTasksRequest(cluster: cluster)
        request.serviceName = name
        request.desiredStatus = "STOPPED"
        return Set((try? await ecs.listTasks(request)) ?? [])
    }

    /// Follows a deployment to its end.
    package func follow(
        _ started: DeploymentWatch.Started, timing: DeploymentWatch.Timing, tell: @Sendable (String) -> Void
    ) async throws -> DeploymentReport {
        let ending = try await DeploymentWatch(client, timing: timing).follow(started, tell: tell)
        switch ending.judgement {
        case .succeeded, .goesOn:
            return report(started, .succeeded, ending.service, arn: ending.deploymentARN)
        case .superseded(let reason):
            return report(started, .superseded, ending.service, reason: reason, arn: ending.deploymentARN)
        case .failed(var reason):
            if let own = ending.taskCause, !reason.contains(own) { reason += "; \(own)" }
            let stopped = await stoppedTasks(started)
            var failed = report(
                started, .failed, ending.service, reason: reason, arn: ending.deploymentARN, stopped: stopped)
            failed.findings = ending.findings
            failed.goesOn = ending.goesOn
            return failed
        }
    }

    private func report(
        _ started: DeploymentWatch.Started, _ outcome: DeploymentReport.Outcome, _ service: ECS.Service,
        reason: String? = nil, arn: String? = nil, stopped: [DeploymentReport.StoppedTask] = []
    ) -> DeploymentReport {
        DeploymentReport(
            service: started.service, cluster: started.cluster, outcome: outcome, reason: reason,
            deployment: started.primary, serviceDeploymentArn: arn, taskDefinition: service.taskDefinition,
            desiredCount: service.desiredCount ?? 0, runningCount: service.runningCount ?? 0, stoppedTasks: stopped)
    }

    /// Why tasks of the service ended; a failure to find out never hides that the deployment failed.
    private func stoppedTasks(_ started: DeploymentWatch.Started) async -> [DeploymentReport.StoppedTask] {
        var request = ECS.ListTasksRequest(cluster: started.cluster)
        request.serviceName = started.service
        request.desiredStatus = "STOPPED"
        guard let arns = try? await ecs.listTasks(request), !arns.isEmpty,
            let tasks = try? await ecs.describeTasks(cluster: started.cluster, tasks: Array(arns.prefix(100))).tasks
        else { return [] }
        // What ECS stopped itself, to make room, says nothing.
        let ended = tasks.filter { $0.stopCode != "ServiceSchedulerInitiated" }
        let own = ended.filter { $0.startedBy == started.primary }
        let newest = (own.isEmpty ? ended : own).sorted {
            ($0.stoppedAt ?? .distantPast) > ($1.stoppedAt ?? .distantPast)
        }
        return newest.prefix(Self.shownTasks).map { task in
            var parts = [task.stoppedReason ?? task.stopCode ?? "ECS gives no reason"]
            for container in task.containers ?? [] where container.reason != nil || (container.exitCode ?? 0) != 0 {
                let code = container.exitCode.map { "exit \($0)" }
                parts.append(
                    "container \(container.name ?? "?") "
                        + [code, container.reason].compactMap { $0 }.joined(separator: ": "))
            }
            return .init(taskArn: task.taskArn, reason: parts.joined(separator: "; "))
        }
    }
}
