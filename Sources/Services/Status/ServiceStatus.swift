package import AWSServices
package import FoundationEssentials
internal import Support

/// A service as it is now; its JSON form is stable.
package struct ServiceStatus: Codable, Sendable {
    package enum State: String, Codable, Sendable {
        /// It runs all it should, and no deployment is under way.
        case settled
        /// A deployment is under way.
        case deploying
        /// Its last deployment failed, or it does not run what it should.
        case failing
        /// It is scaled to zero.
        case scaledToZero
    }

    package struct Deployment: Codable, Sendable {
        package let id: String
        /// PRIMARY, ACTIVE or INACTIVE.
        package let status: String
        package let rolloutState: String?
        package let reason: String?
        package let taskDefinition: String?
        package let desiredCount: Int
        package let runningCount: Int
        package let pendingCount: Int
        package let failedTasks: Int
        package let createdAt: Date?
    }

    /// The newest service deployment, where ECS has such.
    package struct LastDeployment: Codable, Sendable {
        package let arn: String
        package let status: String
        package let reason: String?
        package let lifecycleStage: String?
        package let createdAt: Date?
    }

    package struct CircuitBreaker: Codable, Sendable {
        package let enabled: Bool
        package let rollback: Bool
        /// TRIGGERED, MONITORING, MONITORING_COMPLETE or DISABLED, of the newest service deployment.
        package let status: String?
        package let failureCount: Int?
        package let threshold: Int?
    }

    /// An image that running tasks have.
    package struct RunningImage: Codable, Sendable, Hashable {
        package let container: String
        package let image: String
        package let digest: String?
        package let tasks: Int

        package init(container: String, image: String, digest: String?, tasks: Int) {
            self.container = container
            self.image = image
            self.digest = digest
            self.tasks = tasks
        }
    }

    package struct Event: Codable, Sendable {
        package let at: Date?
        package let message: String
    }

    package let service: String
    package let cluster: String
    /// ACTIVE or DRAINING.
    package let status: String
    package let state: State
    /// Why it is failing.
    package let reason: String?
    package let desiredCount: Int
    package let runningCount: Int
    package let pendingCount: Int
    package let taskDefinition: String?
    package let deployments: [Deployment]
    package let lastDeployment: LastDeployment?
    package let circuitBreaker: CircuitBreaker
    package let images: [RunningImage]
    /// Of tasks of the task definition that the service is to run now; while it is deployed, others run too. Not in the
    /// JSON form.
    package private(set) var currentImages: [RunningImage] = []
    package let configRelease: String?
    /// At most ten, newest first.
    package let events: [Event]

    private enum CodingKeys: String, CodingKey {
        case service, cluster, status, state, reason, desiredCount, runningCount, pendingCount, taskDefinition,
            deployments, lastDeployment, circuitBreaker, images, configRelease, events
    }
}

extension ServiceStatus {
    /// What was found out about a service besides itself.
    package struct Details: Sendable {
        package var brief: ECS.ServiceDeploymentBrief?
        package var deployment: ECS.ServiceDeployment?
        package var tasks: [ECS.Task] = []
        package var generation: Generation?
        /// The parameter ConfigRelease of the project's stack.
        package var stackRelease: String?
        package init() {}
    }

    private static let shownEvents = 10

    package init(_ service: ECS.Service, cluster: String, _ details: Details) {
        self.service = service.serviceName ?? "?"
        self.cluster = cluster
        status = service.status ?? "ACTIVE"
        desiredCount = service.desiredCount ?? 0
        runningCount = service.runningCount ?? 0
        pendingCount = service.pendingCount ?? 0
        taskDefinition = service.taskDefinition
        deployments = (service.deployments ?? []).map { deployment in
            Deployment(
                id: deployment.id ?? "?", status: deployment.status ?? "?", rolloutState: deployment.rolloutState,
                reason: deployment.rolloutStateReason.flatMap { $0.isEmpty ? nil : $0 },
                taskDefinition: deployment.taskDefinition, desiredCount: deployment.desiredCount ?? 0,
                runningCount: deployment.runningCount ?? 0, pendingCount: deployment.pendingCount ?? 0,
                failedTasks: deployment.failedTasks ?? 0, createdAt: deployment.createdAt)
        }
        lastDeployment = details.brief.flatMap { brief in
            brief.serviceDeploymentArn.map {
                LastDeployment(
                    arn: $0, status: brief.status ?? "?",
                    reason: details.deployment?.rollback?.reason ?? brief.statusReason,
                    lifecycleStage: details.deployment?.lifecycleStage, createdAt: brief.createdAt)
            }
        }
        let configured = service.deploymentConfiguration?.deploymentCircuitBreaker
        let breaker = details.deployment?.deploymentCircuitBreaker
        circuitBreaker = CircuitBreaker(
            enabled: configured?.enable ?? false, rollback: configured?.rollback ?? false, status: breaker?.status,
            failureCount: breaker?.failureCount, threshold: breaker?.threshold)
        images = Self.images(details.tasks)
        currentImages = Self.images(details.tasks.filter { $0.taskDefinitionArn == service.taskDefinition })
        configRelease = details.generation?.configRelease ?? details.stackRelease
        events = (service.events ?? []).prefix(Self.shownEvents).map {
            Event(at: $0.createdAt, message: $0.message ?? "")
        }
        (state, reason) = Self.judge(service, last: lastDeployment)
    }

    /// What the running tasks' containers run, each image once.
    private static func images(_ tasks: [ECS.Task]) -> [RunningImage] {
        var found: [RunningImage] = []
        for container in tasks.flatMap({ $0.containers ?? [] }) {
            guard let name = container.name, let image = container.image else { continue }
            let index = found.firstIndex {
                $0.container == name && $0.image == image && $0.digest == container.imageDigest
            }
            let count = index.map { found.remove(at: $0).tasks } ?? 0
            found.append(
                RunningImage(container: name, image: image, digest: container.imageDigest, tasks: count + 1))
        }
        return found.sorted { ($0.container, $0.image, $0.digest ?? "") < ($1.container, $1.image, $1.digest ?? "") }
    }

    private static func judge(_ service: ECS.Service, last: LastDeployment?) -> (State, String?) {
        let primary = service.deployments?.first { $0.status == "PRIMARY" }
        let desired = service.desiredCount ?? 0
        let running = service.runningCount ?? 0
        let underWay: Set = [
            "PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS",
        ]
        if primary?.rolloutState == "FAILED" {
            return (.failing, "its deployment failed" + (primary?.rolloutStateReason.map { ": \($0)" } ?? ""))
        }
        if let last, last.status == "ROLLBACK_FAILED" {
            return (.failing, "rolling back failed" + (last.reason.map { ": \($0)" } ?? ""))
        }
        // One that failed is shown for a while after its last task has gone.
        let standing = (service.deployments ?? []).filter {
            $0.rolloutState != "FAILED" || ($0.runningCount ?? 0) + ($0.pendingCount ?? 0) > 0
        }
        if primary?.rolloutState == "IN_PROGRESS" || last.map({ underWay.contains($0.status) }) == true
            || standing.count > 1
        {
            let failed = primary?.failedTasks ?? 0
            return (.deploying, failed > 0 ? "\(failed) of its tasks failed" : nil)
        }
        if desired == 0 { return (.scaledToZero, nil) }
        if running < desired { return (.failing, "it runs \(running) of \(desired)") }
        return (.settled, nil)
    }
}
