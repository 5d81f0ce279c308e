import AWS
import AWSServices
import FoundationEssentials
import HTTP
import Synchronization
import TestSupport
import Testing

/// Complete requests of each service, compared with what botocore's serialiser makes of the same input.
struct WireFormTests {
    /// The one request that a call sends. The answer is an error, which the call may or may not mind.
    private static func sent(_ call: (AWSClient) async throws -> Void) async throws -> HTTPRequest {
        let transport = StubTransport { _, _ in .text(400, #"{"__type":"Stop","message":"seen"}"#) }
        let values = ["AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"]
        let layer = SettingLayer(name: "test", values: values.mapValues { .init(value: $0, origin: "test") })
        let client = AWSClient(
            settings: AWSSettings(layers: [layer], home: nil) { _ in nil }, transport: transport,
            effects: AWSClient.Effects(sleep: { _ in }))
        do { try await call(client) } catch is AWSError {}
        #expect(transport.requests.count == 1)
        return try #require(transport.requests.first)
    }

    /// JSON with sorted keys, so that texts can be compared.
    private static func sorted(_ json: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let value = try JSONDecoder().decode(AnyJSON.self, from: Data(json.utf8))
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func expectJSON(
        _ request: HTTPRequest, target: String, _ body: String, location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(request.method == "POST", sourceLocation: location)
        #expect(request.headers["X-Amz-Target"] == target, sourceLocation: location)
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.1", sourceLocation: location)
        #expect(try sorted(request.bodyText) == sorted(body), sourceLocation: location)
    }

    // MARK: Scheduler

    private static let schedule = """
        {"ActionAfterCompletion": "NONE", "ClientToken": "token-1", "Description": "d", "EndDate": 1798761600,
        "FlexibleTimeWindow": {"MaximumWindowInMinutes": 5, "Mode": "FLEXIBLE"}, "GroupName": "group",
        "KmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/k", "ScheduleExpression": "cron(0 0 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin", "StartDate": 1767225600, "State": "DISABLED",
        "Target": {"Arn": "arn:aws:ecs:us-east-1:111122223333:cluster/c",
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:111122223333:q"}, "EcsParameters": {
        "CapacityProviderStrategy": [{"base": 0, "capacityProvider": "FARGATE_SPOT", "weight": 1}],
        "EnableECSManagedTags": true, "EnableExecuteCommand": false, "Group": "g", "LaunchType": "FARGATE",
        "NetworkConfiguration": {"awsvpcConfiguration": {"AssignPublicIp": "ENABLED", "SecurityGroups": ["sg-1"],
        "Subnets": ["subnet-1", "subnet-2"]}}, "PlacementConstraints": [{"expression": "x", "type": "memberOf"}],
        "PlacementStrategy": [{"field": "az", "type": "spread"}], "PlatformVersion": "1.4.0",
        "PropagateTags": "TASK_DEFINITION", "ReferenceId": "ref", "Tags": [{"k": "v"}], "TaskCount": 1,
        "TaskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/nightly"},
        "Input": "{\\"containerOverrides\\":[]}",
        "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3},
        "RoleArn": "arn:aws:iam::111122223333:role/r"}}
        """

    /// The same as `schedule`, read from the answer of GetSchedule: names work in both directions.
    private static func scheduleRequest() async throws -> Scheduler.ScheduleRequest {
        let aws = StubAWS(["GET /schedules/nightly": [.init(schedule)]])
        let found = try #require(try await Scheduler(aws.client).getSchedule("nightly", group: "g/h"))
        #expect(aws.requests("GET /schedules/nightly").first?.url.hasSuffix("?groupName=g%2Fh") == true)
        var request = Scheduler.ScheduleRequest(
            name: "nightly", groupName: try #require(found.groupName),
            scheduleExpression: try #require(found.scheduleExpression), target: try #require(found.target))
        request.clientToken = "token-1"
        request.scheduleExpressionTimezone = found.scheduleExpressionTimezone
        request.startDate = found.startDate
        request.endDate = found.endDate
        request.description = found.description
        request.state = found.state
        request.kmsKeyArn = found.kmsKeyArn
        request.flexibleTimeWindow = try #require(found.flexibleTimeWindow)
        request.actionAfterCompletion = found.actionAfterCompletion
        return request
    }

    @Test func createSchedule() async throws {
        let input = try await Self.scheduleRequest()
        let request = try await Self.sent { _ = try await Scheduler($0).createSchedule(input) }
        #expect(request.method == "POST")
        #expect(request.url == "https://scheduler.us-east-1.amazonaws.com/schedules/nightly")
        #expect(request.headers["Content-Type"] == "application/json")
        #expect(try Self.sorted(request.bodyText) == Self.sorted(Self.schedule))
    }

    @Test func updateScheduleDiffersInTheMethodOnly() async throws {
        let input = try await Self.scheduleRequest()
        let request = try await Self.sent { _ = try await Scheduler($0).updateSchedule(input) }
        #expect(request.method == "PUT")
        #expect(try Self.sorted(request.bodyText) == Self.sorted(Self.schedule))
    }

    @Test func listSchedules() async throws {
        let request = try await Self.sent { _ = try await Scheduler($0).listSchedules(group: "a b") }
        #expect(request.method == "GET")
        #expect(request.url == "https://scheduler.us-east-1.amazonaws.com/schedules?ScheduleGroup=a%20b")
    }

    // MARK: CloudFormation and STS

    @Test func createChangeSet() async throws {
        var input = CloudFormation.CreateChangeSetRequest(
            stackName: "nightly", changeSetName: "set", changeSetType: "CREATE", clientToken: "token-1")
        input.templateBody = "Resources: {}\n"
        input.templateURL = "https://b.s3/x"
        input.usePreviousTemplate = false
        input.parameters = [
            .init(parameterKey: "Cpu", parameterValue: "256"),
            .init(parameterKey: "Old", parameterValue: nil, usePreviousValue: true),
        ]
        input.capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
        input.tags = [.init(key: "fgctl:stack", value: "nightly & co")]
        input.description = "d e"
        input.importExistingResources = true
        input.includeNestedStacks = false
        let complete = input
        let request = try await Self.sent { _ = try await CloudFormation($0).createChangeSet(complete) }
        #expect(request.url == "https://cloudformation.us-east-1.amazonaws.com/")
        #expect(request.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(
            request.bodyText.split(separator: "&").map(String.init).sorted() == [
                "Action=CreateChangeSet", "Capabilities.member.1=CAPABILITY_IAM",
                "Capabilities.member.2=CAPABILITY_NAMED_IAM", "ChangeSetName=set", "ChangeSetType=CREATE",
                "ClientToken=token-1", "Description=d%20e", "ImportExistingResources=true",
                "IncludeNestedStacks=false", "Parameters.member.1.ParameterKey=Cpu",
                "Parameters.member.1.ParameterValue=256", "Parameters.member.2.ParameterKey=Old",
                "Parameters.member.2.UsePreviousValue=true", "StackName=nightly",
                "Tags.member.1.Key=fgctl%3Astack", "Tags.member.1.Value=nightly%20%26%20co",
                "TemplateBody=Resources%3A%20%7B%7D%0A", "TemplateURL=https%3A%2F%2Fb.s3%2Fx",
                "UsePreviousTemplate=false", "Version=2010-05-15",
            ])
    }

    @Test func getCallerIdentity() async throws {
        let request = try await Self.sent { _ = try await STS($0).getCallerIdentity() }
        #expect(request.bodyText == "Action=GetCallerIdentity&Version=2011-06-15")
    }

    // MARK: JSON services

    @Test func runTask() async throws {
        var container = ECS.ContainerOverride(name: "main")
        container.command = ["sh", "-c", #"echo "hi""#]
        container.environment = [.init(name: "A", value: "1")]
        container.cpu = 128
        container.memory = 256
        var overrides = ECS.TaskOverride()
        overrides.containerOverrides = [container]
        overrides.cpu = "256"
        overrides.memory = "512"
        var input = ECS.RunTaskRequest(taskDefinition: "td:3", clientToken: "token-1")
        input.cluster = "c"
        input.count = 2
        input.launchType = "FARGATE"
        input.networkConfiguration = .init(
            awsvpcConfiguration: .init(subnets: ["s1"], securityGroups: ["sg"], assignPublicIp: "DISABLED"))
        input.overrides = overrides
        input.startedBy = "fgctl"
        input.group = "g"
        input.propagateTags = "TASK_DEFINITION"
        input.tags = [.init(key: "k", value: "v")]
        input.enableECSManagedTags = true
        let complete = input
        try Self.expectJSON(
            try await Self.sent { _ = try await ECS($0).runTask(complete) },
            target: "AmazonEC2ContainerServiceV20141113.RunTask",
            #"""
            {"clientToken": "token-1", "cluster": "c", "count": 2, "enableECSManagedTags": true, "group": "g",
            "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "DISABLED",
            "securityGroups": ["sg"], "subnets": ["s1"]}}, "overrides": {"containerOverrides": [{"command":
            ["sh", "-c", "echo \"hi\""], "cpu": 128, "environment": [{"name": "A", "value": "1"}], "memory": 256,
            "name": "main"}], "cpu": "256", "memory": "512"}, "propagateTags": "TASK_DEFINITION",
            "startedBy": "fgctl", "tags": [{"key": "k", "value": "v"}], "taskDefinition": "td:3"}
            """#)
    }

    @Test func describeImages() async throws {
        let request = try await Self.sent { _ = try await ECR($0).describeImages(repositoryName: "demo") }
        #expect(request.url == "https://api.ecr.us-east-1.amazonaws.com/")
        try Self.expectJSON(
            request, target: "AmazonEC2ContainerRegistry_V20150921.DescribeImages",
            #"{"filter": {"tagStatus": "TAGGED"}, "repositoryName": "demo"}"#)
    }

    @Test func createRepository() async throws {
        var input = ECR.CreateRepositoryRequest(repositoryName: "demo")
        input.imageTagMutability = "IMMUTABLE"
        input.tags = [.init(key: "k", value: "v")]
        let complete = input
        try Self.expectJSON(
            try await Self.sent { _ = try await ECR($0).createRepository(complete) },
            target: "AmazonEC2ContainerRegistry_V20150921.CreateRepository",
            #"""
            {"imageTagMutability": "IMMUTABLE", "repositoryName": "demo", "tags": [{"Key": "k", "Value": "v"}]}
            """#)
    }

    @Test func getLogEvents() async throws {
        var input = CloudWatchLogs.GetLogEventsRequest(
            logGroupName: "/ecs/nightly", logStreamName: "ecs/main/abc")
        input.startFromHead = true
        input.nextToken = "f/1"
        input.startTime = 1_767_225_600_000
        input.limit = 100
        let complete = input
        try Self.expectJSON(
            try await Self.sent { _ = try await CloudWatchLogs($0).getLogEvents(complete) },
            target: "Logs_20140328.GetLogEvents",
            #"""
            {"limit": 100, "logGroupName": "/ecs/nightly", "logStreamName": "ecs/main/abc", "nextToken": "f/1",
            "startFromHead": true, "startTime": 1767225600000}
            """#)
    }

    @Test func describeRule() async throws {
        try Self.expectJSON(
            try await Self.sent { _ = try await EventBridge($0).describeRule("nightly") },
            target: "AWSEvents.DescribeRule", #"{"Name": "nightly"}"#)
    }

    // MARK: S3

    @Test func headBucket() async throws {
        let request = try await Self.sent {
            _ = try await S3($0).headBucket("my-bucket", expectedOwner: "111122223333")
        }
        #expect(request.method == "HEAD")
        #expect(request.url == "https://my-bucket.s3.us-east-1.amazonaws.com/")
        #expect(request.headers["x-amz-expected-bucket-owner"] == "111122223333")
        #expect(request.bodyText.isEmpty)
    }

    @Test func putObject() async throws {
        let request = try await Self.sent {
            try await S3($0).putObject(
                .init(
                    bucket: "my-bucket", key: "a b/ü+c.yaml", contentType: "application/yaml",
                    expectedBucketOwner: "111122223333", body: Array("hello".utf8)))
        }
        #expect(request.method == "PUT")
        #expect(request.url == "https://my-bucket.s3.us-east-1.amazonaws.com/a%20b/%C3%BC%2Bc.yaml")
        #expect(request.headers["Content-Type"] == "application/yaml")
        #expect(request.headers["x-amz-expected-bucket-owner"] == "111122223333")
        #expect(request.bodyText == "hello")
    }
}

/// Any JSON value, only to compare texts with sorted keys.
private enum AnyJSON: Codable {
    case object([String: AnyJSON])
    case array([AnyJSON])
    case string(String)
    case bool(Bool)
    case number(Double)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([AnyJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: AnyJSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .object(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        }
    }
}
