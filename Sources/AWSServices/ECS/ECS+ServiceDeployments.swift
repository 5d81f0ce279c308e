internal import AWS
package import FoundationEssentials

/// Service deployments and service revisions: the history of a service.
///
/// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
extension ECS {
    private static let listServiceDeployments = Operation<
        ListServiceDeploymentsRequest, ListServiceDeploymentsResponse
    >("ListServiceDeployments", of: service, .reads)
    private static let describeServiceDeployments = Operation<
        DescribeServiceDeploymentsRequest, DescribeServiceDeploymentsResponse
    >("DescribeServiceDeployments", of: service, .reads)
    private static let describeServiceRevisions = Operation<
        DescribeServiceRevisionsRequest, DescribeServiceRevisionsResponse
    >("DescribeServiceRevisions", of: service, .reads)
    /// The deployment is named by its ARN: asked twice, the same one ends the same way.
    private static let stopServiceDeployment = Operation<
        StopServiceDeploymentRequest, StopServiceDeploymentResponse
    >("StopServiceDeployment", of: service, .mutates, idempotent: .byNature)

    /// The service deployments, newest first (one page: 20 at most).
    ///
    /// - Parameter createdAfter: leaves out those that are older.
    package func listServiceDeployments(
        _ name: String, cluster: String, createdAfter: Date? = nil
    ) async throws -> [ServiceDeploymentBrief] {
        var request = ListServiceDeploymentsRequest(service: name, cluster: cluster)
        request.createdAt = createdAfter.map { CreatedAt(after: $0) }
        return try await client.send(Self.listServiceDeployments, request, on: name).serviceDeployments ?? []
    }

    /// Service deployments by ARN, twenty a call.
    package func describeServiceDeployments(_ arns: [String]) async throws -> [ServiceDeployment] {
        var found: [ServiceDeployment] = []
        var rest = arns[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(20))
            rest = rest.dropFirst(batch.count)
            let request = DescribeServiceDeploymentsRequest(serviceDeploymentArns: batch)
            found +=
                try await client.send(Self.describeServiceDeployments, request, on: batch[0]).serviceDeployments ?? []
        }
        return found
    }

    /// Service revisions by ARN, twenty a call; those from before October 25, 2024 are not known.
    package func describeServiceRevisions(_ arns: [String]) async throws -> [ServiceRevision] {
        var found: [ServiceRevision] = []
        var rest = arns[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(20))
            rest = rest.dropFirst(batch.count)
            let request = DescribeServiceRevisionsRequest(serviceRevisionArns: batch)
            found += try await client.send(Self.describeServiceRevisions, request, on: batch[0]).serviceRevisions ?? []
        }
        return found
    }

    /// Ends a deployment that is under way by rolling back to what ran before: the one way of ending that AWS documents.
    package func rollBackServiceDeployment(_ arn: String) async throws {
        _ = try await client.send(
            Self.stopServiceDeployment,
            StopServiceDeploymentRequest(serviceDeploymentArn: arn, stopType: "ROLLBACK"), on: arn)
    }
}

extension ECS {
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
        package let finishedAt: Date?
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

    package struct StopServiceDeploymentRequest: Codable, Sendable {
        package var serviceDeploymentArn: String
        /// ROLLBACK; ABORT is in the model and not documented.
        package var stopType: String
    }

    package struct StopServiceDeploymentResponse: Codable, Sendable {
        package let serviceDeploymentArn: String?
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
        /// PENDING, IN_PROGRESS, SUCCESSFUL, STOPPED, STOP_REQUESTED, ROLLBACK_REQUESTED, ROLLBACK_IN_PROGRESS,
        /// ROLLBACK_SUCCESSFUL or ROLLBACK_FAILED.
        package let status: String?
        package let statusReason: String?
        package let lifecycleStage: String?
        package let sourceServiceRevisions: [ServiceRevisionSummary]?
        package let targetServiceRevision: ServiceRevisionSummary?
        package let rollback: Rollback?
        package let deploymentCircuitBreaker: DeploymentCircuitBreakerState?
    }

    package struct DescribeServiceRevisionsRequest: Codable, Sendable {
        package var serviceRevisionArns: [String]
    }

    package struct DescribeServiceRevisionsResponse: Codable, Sendable {
        package let serviceRevisions: [ServiceRevision]?
        package let failures: [Failure]?
    }

    package struct ContainerImage: Codable, Sendable, Hashable {
        package let containerName: String?
        /// The image as the task definition names it.
        package let image: String?
        /// What its tag meant at the time of the deployment.
        package let imageDigest: String?
    }

    /// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html
    package struct ServiceRevision: Codable, Sendable {
        package let serviceRevisionArn: String?
        package let taskDefinition: String?
        package let containerImages: [ContainerImage]?
        package let createdAt: Date?
    }
}
