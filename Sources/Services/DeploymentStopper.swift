package import AWS
internal import AWSServices
internal import FoundationEssentials
internal import Support
package import Watch

/// Ends a deployment that is under way by bringing back what ran before.
///
/// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
package struct DeploymentStopper: Sendable {
    /// States of a service deployment that can be ended.
    package static let underWay: Set<String> = ["PENDING", "IN_PROGRESS"]

    private let ecs: ECS

    package init(_ client: AWSClient) { ecs = ECS(client) }

    /// Asks ECS to roll back; where it has no service deployment to end, what ran before is deployed again.
    ///
    /// - Parameter deploymentARN: of the service deployment, where it is known.
    package func rollBack(
        _ started: DeploymentWatch.Started, deploymentARN: String?
    ) async throws -> DeploymentWatch.GivenUp {
        var arn = deploymentARN
        if arn == nil { arn = try await deployment(of: started) }
        if let arn, try await stop(arn) { return .rollingBack }
        return try await redeploy(started)
    }

    /// The service deployment that is under way; `nil` where there is none, or ECS has none.
    private func deployment(of started: DeploymentWatch.Started) async throws -> String? {
        do {
            // A service has one at a time.
            return try await ecs.listServiceDeployments(
                started.service, cluster: started.cluster, createdAfter: started.createdAt?.addingTimeInterval(-5)
            ).first { Self.underWay.contains($0.status ?? "") }?.serviceDeploymentArn
        } catch let error as AWSError where error.lacksServiceDeployments {
            return nil
        }
    }

    /// - Returns: `false` where this deployment can't be rolled back by ECS.
    package func stop(_ arn: String) async throws -> Bool {
        do {
            try await ecs.rollBackServiceDeployment(arn)
            return true
        } catch let error as AWSError where Self.saysImpossible(error) {
            // An answer that was lost, or a circuit breaker that was faster, leaves a deployment that rolls back.
            let now = try? await ecs.describeServiceDeployments([arn]).first
            return now?.status?.hasPrefix("ROLLBACK") == true || now?.status == "STOP_REQUESTED"
        }
    }

    private static func saysImpossible(_ error: AWSError) -> Bool {
        [
            "ConflictException", "ServiceDeploymentNotFoundException", "UnsupportedFeatureException",
            "InvalidParameterException", "ClientException", "UnknownOperationException", "InvalidAction",
        ].contains(error.code)
    }

    private func redeploy(_ started: DeploymentWatch.Started) async throws -> DeploymentWatch.GivenUp {
        let now = try await ecs.describeService(started.service, cluster: started.cluster)
        guard let before = started.taskDefinitionBefore, let current = now?.taskDefinition, before != current else {
            return .nothing("nothing else ran before that could be deployed again")
        }
        var request = ECS.UpdateServiceRequest(cluster: started.cluster, service: started.service)
        request.taskDefinition = before
        let answer = try await ecs.updateService(request)
        guard let id = answer.deployments?.first(where: { $0.status == "PRIMARY" })?.id else {
            return .nothing("ECS took the request to deploy \(before) again and shows no deployment of it")
        }
        return .redeployed(primary: id, taskDefinition: before)
    }
}
