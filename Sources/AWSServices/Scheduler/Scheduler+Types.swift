package import AWS
package import FoundationEssentials

extension Scheduler {
    package struct FlexibleTimeWindow: Codable, Sendable, Hashable {
        /// OFF or FLEXIBLE.
        package var mode: String
        package var maximumWindowInMinutes: Int?
        package init(mode: String) { self.mode = mode }
    }

    package struct RetryPolicy: Codable, Sendable, Hashable {
        /// 60 to 86,400 seconds.
        package var maximumEventAgeInSeconds: Int?
        /// 0 to 185.
        package var maximumRetryAttempts: Int?
        package init(maximumEventAgeInSeconds: Int?, maximumRetryAttempts: Int?) {
            self.maximumEventAgeInSeconds = maximumEventAgeInSeconds
            self.maximumRetryAttempts = maximumRetryAttempts
        }
    }

    package struct DeadLetterConfig: Codable, Sendable, Hashable {
        package var arn: String?
        package init(arn: String) { self.arn = arn }
    }

    package struct AwsVpcConfiguration: Codable, Sendable, Hashable {
        package var subnets: [String]
        package var securityGroups: [String]?
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

    package struct CapacityProviderStrategyItem: Codable, Sendable, Hashable {
        package var capacityProvider: String
        package var weight: Int?
        package var base: Int?
    }

    package struct PlacementConstraint: Codable, Sendable, Hashable {
        package var type: String?
        package var expression: String?
    }

    package struct PlacementStrategy: Codable, Sendable, Hashable {
        package var type: String?
        package var field: String?
    }

    package struct EcsParameters: Codable, Sendable, Hashable {
        package var taskDefinitionArn: String
        package var taskCount: Int?
        package var launchType: String?
        package var capacityProviderStrategy: [CapacityProviderStrategyItem]?
        package var placementConstraints: [PlacementConstraint]?
        package var placementStrategy: [PlacementStrategy]?
        package var tags: [[String: String]]?
        package var networkConfiguration: NetworkConfiguration?
        package var platformVersion: String?
        package var group: String?
        package var enableECSManagedTags: Bool?
        package var enableExecuteCommand: Bool?
        package var propagateTags: String?
        package var referenceId: String?
        package init(taskDefinitionArn: String) { self.taskDefinitionArn = taskDefinitionArn }
    }

    package struct Target: Codable, Sendable, Hashable {
        package var arn: String
        package var roleArn: String
        package var deadLetterConfig: DeadLetterConfig?
        package var retryPolicy: RetryPolicy?
        /// For ECS targets: the JSON text of a TaskOverride.
        package var input: String?
        package var ecsParameters: EcsParameters?
        package var eventBridgeParameters: EventBridgeParameters?
        package var kinesisParameters: KinesisParameters?
        package var sageMakerPipelineParameters: SageMakerPipelineParameters?
        package var sqsParameters: SqsParameters?
        package init(arn: String, roleArn: String) {
            self.arn = arn
            self.roleArn = roleArn
        }
    }

    package struct GetScheduleRequest: Codable, Sendable, RESTBound {
        package var name: String
        package var groupName: String
        package static let bindings: [String: RESTBinding] = ["name": .path, "groupName": .query("groupName")]
    }

    package struct GetScheduleResponse: Codable, Sendable {
        package let arn: String?
        package let groupName: String?
        package let name: String?
        package let scheduleExpression: String?
        package let scheduleExpressionTimezone: String?
        package let startDate: Date?
        package let endDate: Date?
        package let description: String?
        package let state: String?
        package let kmsKeyArn: String?
        package let target: Target?
        package let flexibleTimeWindow: FlexibleTimeWindow?
        package let actionAfterCompletion: String?
        package let creationDate: Date?
        package let lastModificationDate: Date?
    }

    /// What CreateSchedule and UpdateSchedule take; the two shapes are the same.
    package struct ScheduleRequest: Codable, Sendable, RESTBound {
        package var name: String
        package var groupName: String?
        package var scheduleExpression: String
        package var scheduleExpressionTimezone: String?
        package var startDate: Date?
        package var endDate: Date?
        package var description: String?
        /// ENABLED or DISABLED.
        package var state: String?
        package var kmsKeyArn: String?
        package var target: Target
        package var flexibleTimeWindow: FlexibleTimeWindow
        package var actionAfterCompletion: String?
        /// Given to each call anew; absent in a plan.
        package var clientToken: String?
        package init(name: String, groupName: String, scheduleExpression: String, target: Target) {
            self.name = name
            self.groupName = groupName
            self.scheduleExpression = scheduleExpression
            self.target = target
            flexibleTimeWindow = FlexibleTimeWindow(mode: "OFF")
        }

        package static let bindings: [String: RESTBinding] = ["name": .path]

        /// GROUP/NAME, for messages.
        var label: String { groupName.map { "\($0)/\(name)" } ?? name }
    }

    package struct ScheduleResponse: Codable, Sendable {
        package let scheduleArn: String?
    }

    package struct DeleteScheduleRequest: Codable, Sendable, RESTBound {
        package var name: String
        package var groupName: String
        package var clientToken: String
        package static let bindings: [String: RESTBinding] = [
            "name": .path, "groupName": .query("groupName"), "clientToken": .query("clientToken"),
        ]
    }

    package struct ListSchedulesRequest: Codable, Sendable, RESTBound {
        package var groupName: String
        package var nextToken: String?
        package init(groupName: String) { self.groupName = groupName }
        package static let bindings: [String: RESTBinding] = [
            "groupName": .query("ScheduleGroup"), "nextToken": .query("NextToken"),
        ]
    }

    package struct ScheduleSummary: Codable, Sendable {
        package let arn: String?
        package let name: String?
        package let groupName: String?
        package let state: String?
        package let target: TargetSummary?
    }

    package struct TargetSummary: Codable, Sendable {
        package let arn: String?
    }

    package struct ListSchedulesResponse: Codable, Sendable {
        package let nextToken: String?
        package let schedules: [ScheduleSummary]?
    }
}
