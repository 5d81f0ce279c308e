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

    /// A service by its exact name; `nil` when the cluster has none of that name.
    package func describeService(_ name: String, cluster: String) async throws -> Service? {
        let request = DescribeServicesRequest(cluster: cluster, services: [name])
        return try await client.send(Self.describeServices, request, on: name).services?.first
    }

    /// How many services one call describes.
    package static let servicesPerCall = 10

    /// Services by their exact names or ARNs, ten a call; those that are not there are left out.
    ///
    /// - Parameter withTags: CloudFormation's tags say which stack a service belongs to.
    package func describeServices(
        _ names: [String], cluster: String, withTags: Bool = false
    ) async throws -> [Service] {
        var found: [Service] = []
        var rest = names[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.servicesPerCall))
            rest = rest.dropFirst(batch.count)
            var request = DescribeServicesRequest(cluster: cluster, services: batch)
            if withTags { request.include = ["TAGS"] }
            found +=
                try await client.send(Self.describeServices, request, on: batch.joined(separator: ", ")).services ?? []
        }
        return found
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
}

extension ECS {
    package struct DescribeServicesRequest: Codable, Sendable {
        package var cluster: String?
        package var services: [String]
        package var include: [String]?
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
        package var taskDefinition: String?
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
        /// Only where they were asked for.
        package let tags: [Tag]?

        /// The value of a tag; `nil` when it has none of that name, or tags were not asked for.
        package func tag(_ key: String) -> String? { tags?.first { $0.key == key }?.value }
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
}
