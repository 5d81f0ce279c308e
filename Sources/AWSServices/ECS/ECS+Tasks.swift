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
        /// As RunTask was given them.
        package let overrides: TaskOverride?
        package let cpu: String?
        package let memory: String?
        package let createdAt: Date?
        package let pullStartedAt: Date?
        package let pullStoppedAt: Date?
        package let startedAt: Date?
        /// When its containers had ended.
        package let executionStoppedAt: Date?
        package let stoppingAt: Date?
        package let stoppedAt: Date?
    }
}
