internal import AWS
package import FoundationEssentials

/// Services and their deployments.
extension ECS {
    private static let describeServices = Operation<DescribeServicesRequest, DescribeServicesResponse>(
        "DescribeServices", of: service, .reads)
    private static let listServices = Operation<ListServicesRequest, ListServicesResponse>(
        "ListServices", of: service, .reads)
    /// A second forced deployment takes the first one's place; the answer names the one that counts.
    private static let updateService = Operation<UpdateServiceRequest, UpdateServiceResponse>(
        "UpdateService", of: service, .mutates, idempotent: .byNature)
    private static let listServiceDeployments = Operation<
        ListServiceDeploymentsRequest, ListServiceDeploymentsResponse
    >("ListServiceDeployments", of: service, .reads)
    private static let describeServiceDeployments = Operation<
        DescribeServiceDeploymentsRequest, DescribeServiceDeploymentsResponse
    >("DescribeServiceDeployments", of: service, .reads)

    /// A service by its exact name; `nil` when the cluster has none of that name.
    package func describeService(_ name: String, cluster: String) async throws -> Service? {
        let request = DescribeServicesRequest(cluster: cluster, services: [name])
        return try await client.send(Self.describeServices, request, on: name).services?.first
    }

    /// The ARNs of all services of a cluster, all pages.
    package func listServices(cluster: String) async throws -> [String] {
        var arns: [String] = []
        let pages = client.pages(
            Self.listServices, ListServicesRequest(cluster: cluster), on: cluster, output: { $0.nextToken },
            input: { $0.nextToken = $1 })
        for try await page in pages { arns += page.serviceArns ?? [] }
        return arns
    }

    /// Changes a service, or starts a deployment of what it runs already; gives it as it is from then on.
    package func updateService(_ request: UpdateServiceRequest) async throws -> Service {
        try await client.send(Self.updateService, request, on: request.service).service
    }

    /// The service deployments created since a moment, newest first (one page: 20 at most).
    package func listServiceDeployments(
        _ name: String, cluster: String, createdAfter: Date
    ) async throws -> [ServiceDeploymentBrief] {
        var request = ListServiceDeploymentsRequest(service: name, cluster: cluster)
        request.createdAt = CreatedAt(after: createdAfter)
        return try await client.send(Self.listServiceDeployments, request, on: name).serviceDeployments ?? []
    }

    package func describeServiceDeployment(_ arn: String) async throws -> ServiceDeployment? {
        let request = DescribeServiceDeploymentsRequest(serviceDeploymentArns: [arn])
        return try await client.send(Self.describeServiceDeployments, request, on: arn).serviceDeployments?.first
    }
}

extension ECS {
    package struct DescribeServicesRequest: Codable, Sendable {
        package var cluster: String?
        package var services: [String]
    }

    package struct DescribeServicesResponse: Codable, Sendable {
        package let services: [Service]?
        package let failures: [Failure]?
    }

    package struct ListServicesRequest: Codable, Sendable {
        package var cluster: String?
        package var maxResults: Int? = 100
        package var nextToken: String?
        package init(cluster: String) { self.cluster = cluster }
    }

    package struct ListServicesResponse: Codable, Sendable {
        package let serviceArns: [String]?
        package let nextToken: String?
    }

    package struct UpdateServiceRequest: Codable, Sendable {
        package var cluster: String?
        package var service: String
        package var forceNewDeployment: Bool?
        package init(cluster: String, service: String) {
            self.cluster = cluster
            self.service = service
        }
    }

    package struct UpdateServiceResponse: Codable, Sendable {
        package let service: Service
    }

    package struct Service: Codable, Sendable {
        package let serviceArn: String?
        package let serviceName: String?
        package let clusterArn: String?
        /// ACTIVE, DRAINING or INACTIVE.
        package let status: String?
        package let desiredCount: Int?
        package let runningCount: Int?
        package let pendingCount: Int?
        package let launchType: String?
        package let capacityProviderStrategy: [CapacityProviderStrategyItem]?
        package let platformVersion: String?
        package let taskDefinition: String?
        package let networkConfiguration: NetworkConfiguration?
        package let deploymentController: DeploymentController?
        package let deploymentConfiguration: DeploymentConfiguration?
        package let deployments: [Deployment]?
        package let events: [ServiceEvent]?
    }

    package struct DeploymentController: Codable, Sendable {
        /// ECS, CODE_DEPLOY or EXTERNAL.
        package let type: String?
    }

    package struct DeploymentConfiguration: Codable, Sendable {
        package let deploymentCircuitBreaker: DeploymentCircuitBreaker?
    }

    package struct DeploymentCircuitBreaker: Codable, Sendable {
        package let enable: Bool?
        package let rollback: Bool?
    }

    package struct Deployment: Codable, Sendable {
        package let id: String?
        /// PRIMARY, ACTIVE or INACTIVE.
        package let status: String?
        package let taskDefinition: String?
        package let desiredCount: Int?
        package let pendingCount: Int?
        package let runningCount: Int?
        package let failedTasks: Int?
        /// COMPLETED, FAILED or IN_PROGRESS; absent with controllers other than ECS.
        package let rolloutState: String?
        package let rolloutStateReason: String?
        package let createdAt: Date?
    }

    package struct ServiceEvent: Codable, Sendable {
        package let id: String?
        package let createdAt: Date?
        package let message: String?
    }

    package struct CreatedAt: Codable, Sendable {
        package var after: Date?
    }

    package struct ListServiceDeploymentsRequest: Codable, Sendable {
        package var service: String
        package var cluster: String?
        package var createdAt: CreatedAt?
    }

    package struct ListServiceDeploymentsResponse: Codable, Sendable {
        package let serviceDeployments: [ServiceDeploymentBrief]?
        package let nextToken: String?
    }

    package struct ServiceDeploymentBrief: Codable, Sendable {
        package let serviceDeploymentArn: String?
        package let targetServiceRevisionArn: String?
        package let createdAt: Date?
        package let status: String?
        package let statusReason: String?
    }

    package struct DescribeServiceDeploymentsRequest: Codable, Sendable {
        package var serviceDeploymentArns: [String]
    }

    package struct DescribeServiceDeploymentsResponse: Codable, Sendable {
        package let serviceDeployments: [ServiceDeployment]?
        package let failures: [Failure]?
    }

    package struct ServiceRevisionSummary: Codable, Sendable {
        package let arn: String?
        package let requestedTaskCount: Int?
        package let runningTaskCount: Int?
        package let pendingTaskCount: Int?
    }

    package struct Rollback: Codable, Sendable {
        package let reason: String?
        package let serviceRevisionArn: String?
    }

    package struct DeploymentCircuitBreakerState: Codable, Sendable {
        /// TRIGGERED, MONITORING, MONITORING_COMPLETE or DISABLED.
        package let status: String?
        package let failureCount: Int?
        package let threshold: Int?
    }

    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
    package struct ServiceDeployment: Codable, Sendable {
        package let serviceDeploymentArn: String?
        package let status: String?
        package let statusReason: String?
        package let lifecycleStage: String?
        package let targetServiceRevision: ServiceRevisionSummary?
        package let rollback: Rollback?
        package let deploymentCircuitBreaker: DeploymentCircuitBreakerState?
    }
}
