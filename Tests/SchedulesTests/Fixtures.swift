import AWSServices
import FoundationEssentials
import Schedules
import Testing

/// A stack and its schedules as the tests know them.
enum Fixtures {
    static let outputs = [
        "ScheduleGroupName": "nightly", "ScheduleRoleArn": "arn:aws:iam::123456789012:role/nightly-ScheduleRole-1",
        "ClusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/nightly",
        "TaskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/nightly:7", "ContainerName": "nightly",
    ]

    static func stack() throws -> StackFacts {
        try StackFacts(
            stack: "nightly", outputs: outputs, subnets: ["subnet-1", "subnet-2"], securityGroups: ["sg-1"])
    }

    static func desired(_ expression: String = "0 0 * * ? *") throws -> ScheduleDesired {
        ScheduleDesired(name: "job", expression: try ScheduleExpression(expression))
    }

    /// Input as fgctl writes it without command and variables of the user.
    static let input =
        #"{"containerOverrides":[{"environment":[{"name":"SCHEDULE_EXECUTION_ID","value":"<aws.scheduler.execution-id>"},"#
        + #"{"name":"TASK_TRIGGERED_AT","value":"<aws.scheduler.scheduled-time>"}],"name":"nightly"}]}"#

    /// A schedule as GetSchedule gives it, with fields that fgctl never sets.
    static func stored(
        expression: String = "cron(0 0 * * ? *)", state: String = "ENABLED", input: String = input
    ) throws -> String {
        let quoted = String(decoding: try JSONEncoder().encode(input), as: UTF8.self)
        return """
            {"Arn":"arn:aws:scheduler:us-east-1:123456789012:schedule/nightly/job","GroupName":"nightly","Name":"job",
            "ScheduleExpression":"\(expression)","ScheduleExpressionTimezone":"Europe/Berlin","State":"\(state)",
            "StartDate":1790000000,"EndDate":1890000000,"Description":"by hand",
            "KmsKeyArn":"arn:aws:kms:us-east-1:123456789012:key/1","ActionAfterCompletion":"DELETE",
            "CreationDate":1700000000.5,"LastModificationDate":1700000001,
            "FlexibleTimeWindow":{"Mode":"FLEXIBLE","MaximumWindowInMinutes":15},
            "Target":{"Arn":"arn:aws:ecs:us-east-1:123456789012:cluster/nightly",
            "RoleArn":"arn:aws:iam::123456789012:role/nightly-ScheduleRole-1",
            "DeadLetterConfig":{"Arn":"arn:aws:sqs:us-east-1:123456789012:old"},
            "RetryPolicy":{"MaximumEventAgeInSeconds":600,"MaximumRetryAttempts":4},
            "Input":\(quoted),
            "EcsParameters":{"TaskDefinitionArn":"arn:aws:ecs:us-east-1:123456789012:task-definition/nightly",
            "TaskCount":2,"PlatformVersion":"1.4.0","Group":"g","EnableECSManagedTags":true,"EnableExecuteCommand":true,
            "PropagateTags":"TASK_DEFINITION","ReferenceId":"r","Tags":[{"key":"Team","value":"data"}],
            "CapacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1,"base":0}],
            "PlacementConstraints":[{"type":"memberOf","expression":"x"}],"PlacementStrategy":[{"type":"spread","field":"f"}],
            "NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-2","subnet-1"],"SecurityGroups":["sg-1"],
            "AssignPublicIp":"DISABLED"}}}}}
            """
    }
}

/// The text as JSON, for comparisons that don't mind the order of members.
func json(_ text: String) throws -> JSON { try JSONDecoder().decode(JSON.self, from: Data(text.utf8)) }

/// Any JSON.
enum JSON: Hashable, Decodable {
    case text(String)
    case number(Double)
    case flag(Bool)
    case list([JSON])
    case members([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([JSON].self) {
            self = .list(list)
        } else {
            self = .members(try container.decode([String: JSON].self))
        }
    }

    subscript(_ name: String) -> JSON? {
        get { if case .members(let members) = self { members[name] } else { nil } }
        set {
            guard case .members(var members) = self else { return }
            members[name] = newValue
            self = .members(members)
        }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
}
