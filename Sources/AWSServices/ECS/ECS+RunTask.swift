/// The input of RunTask, complete.
///
/// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
extension ECS {
    /// What RunTask may change of one container. There is no `entryPoint` and no `secrets` here.
    package struct ContainerOverride: Codable, Sendable {
        package var name: String?
        package var command: [String]?
        package var environment: [KeyValuePair]?
        package var cpu: Int?
        package var memory: Int?
        package var memoryReservation: Int?
        package var environmentFiles: [EnvironmentFile]?
        package var resourceRequirements: [ResourceRequirement]?
        package init(name: String) { self.name = name }
    }

    package struct TaskOverride: Codable, Sendable {
        package var containerOverrides: [ContainerOverride]?
        /// CPU units, as text.
        package var cpu: String?
        /// MiB, as text.
        package var memory: String?
        package var taskRoleArn: String?
        package var executionRoleArn: String?
        package var ephemeralStorage: EphemeralStorage?
        package var inferenceAcceleratorOverrides: [InferenceAcceleratorOverride]?
        package init() {}
    }

    package struct AwsVpcConfiguration: Codable, Sendable, Hashable {
        package var subnets: [String]
        package var securityGroups: [String]?
        /// ENABLED or DISABLED.
        package var assignPublicIp: String?
        package init(subnets: [String], securityGroups: [String]?, assignPublicIp: String?) {
            self.subnets = subnets
            self.securityGroups = securityGroups
            self.assignPublicIp = assignPublicIp
        }
    }

    package struct NetworkConfiguration: Codable, Sendable, Hashable {
        package var awsvpcConfiguration: AwsVpcConfiguration?
        package init(awsvpcConfiguration: AwsVpcConfiguration?) { self.awsvpcConfiguration = awsvpcConfiguration }
    }

    package struct Tag: Codable, Sendable, Hashable {
        package let key: String?
        package let value: String?
        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    package struct RunTaskRequest: Codable, Sendable {
        package var cluster: String?
        package var taskDefinition: String
        /// 1 to 10.
        package var count: Int?
        /// Excludes `launchType`.
        package var capacityProviderStrategy: [CapacityProviderStrategyItem]?
        package var launchType: String?
        package var platformVersion: String?
        package var networkConfiguration: NetworkConfiguration?
        package var overrides: TaskOverride?
        package var startedBy: String?
        package var group: String?
        package var propagateTags: String?
        package var tags: [Tag]?
        package var enableECSManagedTags: Bool?
        package var enableExecuteCommand: Bool?
        package var placementConstraints: [PlacementConstraint]?
        package var placementStrategy: [PlacementStrategy]?
        package var referenceId: String?
        package var volumeConfigurations: [TaskVolumeConfiguration]?
        /// At most 64 characters; the same token with other parameters is a ConflictException.
        package var clientToken: String
        package init(taskDefinition: String, clientToken: String) {
            self.taskDefinition = taskDefinition
            self.clientToken = clientToken
        }
    }
}
