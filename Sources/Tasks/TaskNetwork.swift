package import AWSServices
internal import FoundationEssentials
internal import Support

/// Reads ECS_NETWORK_CONFIG: RunTask's `networkConfiguration` as JSON, in base64.
package enum TaskNetwork {
    /// - Throws: `Failure` of kind `badInput` that names the key's origin.
    package static func decode(_ text: String, origin: String) throws -> ECS.AwsVpcConfiguration {
        func wrong(_ why: String) -> Failure {
            Failure(
                .badInput, "\(origin): ECS_NETWORK_CONFIG \(why)",
                hint: "it is base64 of {\"awsvpcConfiguration\": {\"subnets\": […], \"securityGroups\": […]}}")
        }
        let bare = text.filter { !$0.isWhitespace }
        guard let data = Data(base64Encoded: bare) else { throw wrong("is not base64") }
        let decoder = JSONDecoder()
        let network: ECS.NetworkConfiguration
        do {
            network = try decoder.decode(ECS.NetworkConfiguration.self, from: data)
        } catch {
            throw wrong("holds no JSON of a network configuration")
        }
        guard let vpc = network.awsvpcConfiguration, !vpc.subnets.isEmpty else {
            throw wrong("names no subnets")
        }
        return vpc
    }
}

/// On what capacity a task is placed.
package struct TaskCapacity: Sendable {
    package var launchType: String? = "FARGATE"
    package var strategy: [ECS.CapacityProviderStrategyItem]?
    package var platformVersion: String?

    package init() {}

    /// The same as an existing service's.
    package init(like service: ECS.Service) {
        let hasStrategy = service.capacityProviderStrategy?.isEmpty == false
        strategy = hasStrategy ? service.capacityProviderStrategy : nil
        launchType = hasStrategy ? nil : service.launchType ?? "FARGATE"
        platformVersion = service.platformVersion
    }
}
