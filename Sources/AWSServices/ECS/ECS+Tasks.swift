package import FoundationEssentials

extension ECS {
    package struct KeyValuePair: Codable, Sendable, Hashable {
        package let name: String?
        package let value: String?
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What RunTask may change of one container. There is no `entryPoint` and no `secrets` here.
    package struct ContainerOverride: Codable, Sendable {
        package var name: String?
        package var command: [String]?
        package var environment: [KeyValuePair]?
        package var cpu: Int?
        package var memory: Int?
        package init(name: String) { self.name = name }
    }

    package struct TaskOverride: Codable, Sendable {
        package var containerOverrides: [ContainerOverride]?
        /// CPU units, as text.
        package var cpu: String?
        /// MiB, as text.
        package var memory: String?
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
        package var launchType: String?
        package var networkConfiguration: NetworkConfiguration?
        package var overrides: TaskOverride?
        package var startedBy: String?
        package var group: String?
        package var propagateTags: String?
        package var tags: [Tag]?
        package var enableECSManagedTags: Bool?
        /// At most 64 characters; the same token with other parameters is a ConflictException.
        package var clientToken: String
        package init(taskDefinition: String, clientToken: String) {
            self.taskDefinition = taskDefinition
            self.clientToken = clientToken
        }
    }

    package struct Failure: Codable, Sendable {
        package let arn: String?
        package let reason: String?
        package let detail: String?
    }

    package struct RunTaskResponse: Codable, Sendable {
        package let tasks: [Task]?
        package let failures: [Failure]?
    }

    package struct DescribeTasksRequest: Codable, Sendable {
        package var cluster: String?
        package var tasks: [String]
    }

    package struct DescribeTasksResponse: Codable, Sendable {
        package let tasks: [Task]?
        package let failures: [Failure]?
    }

    package struct StopTaskRequest: Codable, Sendable {
        package var cluster: String?
        package var task: String
        /// At most 255 characters, shown as `stoppedReason`.
        package var reason: String?
    }

    package struct StopTaskResponse: Codable, Sendable {
        package let task: Task?
    }

    package struct Container: Codable, Sendable {
        package let containerArn: String?
        package let name: String?
        package let image: String?
        package let imageDigest: String?
        package let runtimeId: String?
        package let lastStatus: String?
        /// Absent when the container never ran, or its host was lost.
        package let exitCode: Int?
        package let reason: String?
    }

    package struct Attachment: Codable, Sendable {
        package let type: String?
        package let details: [KeyValuePair]?
    }

    package struct Task: Codable, Sendable {
        package let taskArn: String
        package let clusterArn: String?
        package let taskDefinitionArn: String?
        package let lastStatus: String?
        package let desiredStatus: String?
        package let stopCode: String?
        package let stoppedReason: String?
        package let containers: [Container]?
        /// Network interfaces, for one.
        package let attachments: [Attachment]?
        package let startedBy: String?
        package let group: String?
        package let cpu: String?
        package let memory: String?
        package let createdAt: Date?
        package let pullStartedAt: Date?
        package let pullStoppedAt: Date?
        package let startedAt: Date?
        package let stoppingAt: Date?
        package let stoppedAt: Date?
    }
}
