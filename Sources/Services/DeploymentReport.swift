package import AWSServices
package import Support
package import Watch

/// What became of a deployment; its JSON form is stable.
package struct DeploymentReport: Codable, Sendable {
    package enum Outcome: String, Codable, Sendable { case started, succeeded, failed, superseded, timedOut }

    /// A task of the service that stopped during the deployment.
    package struct StoppedTask: Codable, Sendable {
        package let taskArn: String
        package let reason: String
    }

    package let service: String
    package let cluster: String
    package var outcome: Outcome
    /// Why, where it did not succeed.
    package var reason: String?
    /// The deployment's id, and the service deployment's ARN where ECS has such; `nil` when it could not be started.
    package let deployment: String?
    package var serviceDeploymentArn: String?
    package let taskDefinition: String?
    package let desiredCount: Int
    package let runningCount: Int
    /// Why, as short as it can be said: for the last line, after all was told. Not in the JSON form.
    package var brief: String?
    /// Filled when it failed: at most three, the newest first.
    package var stoppedTasks: [StoppedTask] = []
    /// Whether these were told when they failed. Not in the JSON form.
    package var stoppedTasksWereTold = false
    /// What is missing or refused, where that is known.
    package var findings: [Finding] = []
    /// Whether ECS goes on with a deployment that was given up on.
    package var goesOn = false

    private enum CodingKeys: String, CodingKey {
        case service, cluster, outcome, reason, deployment, serviceDeploymentArn, taskDefinition, desiredCount,
            runningCount, stoppedTasks, findings, goesOn
    }

    /// - Parameter deployment: its id; `nil` when it could not be started.
    package init(
        _ service: ECS.Service?, name: String, cluster: String, deployment: String?, outcome: Outcome,
        reason: String? = nil
    ) {
        self.service = name
        self.cluster = cluster
        self.outcome = outcome
        self.reason = reason
        self.deployment = deployment
        taskDefinition = service?.taskDefinition
        desiredCount = service?.desiredCount ?? 0
        // Tasks of the deployment before may still be stopping.
        let own = service?.deployments?.first { $0.id != nil && $0.id == deployment && $0.status == "PRIMARY" }
        runningCount = own?.runningCount ?? service?.runningCount ?? 0
    }
}

extension DeploymentReport {
    /// The class of failure that it is; `nil` for none.
    package var failureKind: Failure.Kind? {
        switch outcome {
        case .started, .succeeded: nil
        case .failed: .failed
        case .superseded: .superseded
        case .timedOut: .timedOut
        }
    }

    /// The worst of several: failed, then superseded, then timed out.
    package static func worst(_ reports: [DeploymentReport]) -> Failure.Kind? {
        let kinds = reports.compactMap(\.failureKind)
        return [.failed, .superseded, .timedOut].first { kinds.contains($0) }
    }

    /// Why it did not succeed, for a line that ends what was told.
    package var shortReason: String { brief ?? reason ?? outcome.rawValue }

    /// What there is to tell of it at the end: tasks that were not told yet, and how it went.
    package var closingLines: [String] {
        let tasks = stoppedTasksWereTold ? [] : stoppedTasks
        return tasks.map { "\(service): task \(TaskWatch.id($0.taskArn)) stopped: \($0.reason)" } + [line]
    }

    /// How it went, in one line.
    package var line: String {
        let verdict = outcome == .timedOut ? "not deployed yet" : outcome.rawValue
        return "service \(service) \(verdict): running \(runningCount) of \(desiredCount)"
    }
}
