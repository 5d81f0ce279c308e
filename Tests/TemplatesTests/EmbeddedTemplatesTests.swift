import FoundationEssentials
import Support
import Templates
import Testing

struct EmbeddedTemplatesTests {
    @Test func areAllThatThereAre() throws {
        #expect(Template.embeddedNames == ["dagster-base", "dagster-services", "deploy-role", "network", "task"])
        for name in Template.embeddedNames {
            let template = try Template.embedded(name)
            #expect(template.name == "templates/\(name).yaml")
            #expect(template.fitsInline)
        }
    }

    @Test func areTheFilesByteForByte() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for name in Template.embeddedNames {
            let file = try Data(contentsOf: root.appending(path: "templates/\(name).yaml"))
            #expect(try Data(Template.embedded(name).body.utf8) == file, "run bin/embed-templates")
        }
    }

    @Test func anUnknownNameIsAnErrorOfUsage() {
        let failure = #expect(throws: Failure.self) { try Template.embedded("netwrok") }
        #expect(failure?.kind == .usage)
        #expect(failure?.message == "there is no template netwrok; did you mean network?")
    }

    @Test func networkHasOutputsForAll() throws {
        let network = try Template.embedded("network")
        #expect(network.parameters.map(\.name) == ["VpcCidr", "BucketName", "CreateBucket"])
        #expect(network.parameters.allSatisfy { $0.defaultValue != nil })
        #expect(
            Set(network.outputs).isSuperset(of: [
                "VpcId", "SubnetIds", "SubnetOne", "SubnetTwo", "SecurityGroupId", "BucketName",
            ]))
    }

    @Test func taskHasOutputsForAll() throws {
        let task = try Template.embedded("task")
        #expect(task.parameters.filter { $0.defaultValue == nil }.map(\.name) == ["ImageUri"])
        #expect(
            Set(task.outputs).isSuperset(of: [
                "ClusterName", "ClusterArn", "TaskDefinitionArn", "TaskFamily", "ContainerName", "LogGroupName",
                "TaskRoleArn", "ExecutionRoleArn", "ScheduleGroupName", "ScheduleRoleArn", "ImageUri",
            ]))
    }

    /// What holds data survives the stack, but not a create that failed, so that it can be repeated.
    @Test func dataOutlivesTheStack() throws {
        let network = try Template.embedded("network")
        let task = try Template.embedded("task")
        for type in ["AWS::S3::Bucket", "AWS::Logs::LogGroup"] {
            let found = (network.resources + task.resources).filter { $0.type == type }
            #expect(found.map(\.deletionPolicy) == ["RetainExceptOnCreate"])
        }
    }

    @Test(arguments: FargateSize.table.map(\.cpu))
    func taskTakesEveryFargateSize(cpu: Int) throws {
        let row = try #require(FargateSize.table.first { $0.cpu == cpu })
        for memory in row.memory {
            _ = try resolve("task", [("ImageUri", "r/n:1"), ("Cpu", "\(cpu)"), ("Memory", "\(memory)")])
        }
    }

    @Test(arguments: [
        ("task", "ImageUri", "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/job:0.1", true),
        ("task", "ImageUri", "localhost:4566/job@sha256:00", true), ("task", "ImageUri", "job", false),
        ("task", "ImageUri", "jo b:1", false),
        ("task", "RepositoryName", "team/job-x_1", true), ("task", "RepositoryName", "Job", false),
        ("task", "EphemeralStorage", "0", true), ("task", "EphemeralStorage", "20", false),
        ("task", "EphemeralStorage", "21", true), ("task", "EphemeralStorage", "99", true),
        ("task", "EphemeralStorage", "200", true), ("task", "EphemeralStorage", "201", false),
        ("task", "LogRetentionDays", "365", true), ("task", "LogRetentionDays", "100", false),
        ("task", "Architecture", "ARM64", true), ("task", "Architecture", "arm64", false),
        ("task", "DeadLetterArn", "arn:aws:sqs:eu-west-1:012345678901:late-jobs", true),
        ("task", "DeadLetterArn", "late-jobs", false), ("task", "BucketName", "ab", false),
        ("network", "BucketName", "my-bucket.1", true), ("network", "BucketName", "My-Bucket", false),
        ("network", "CreateBucket", "false", true), ("network", "CreateBucket", "no", false),
        ("network", "VpcCidr", "172.31.0.0/16", true), ("network", "VpcCidr", "10.0.0.0/24", false),
        ("network", "VpcCidr", "10.0.0.0/8", false), ("network", "VpcCidr", "10.0.0.999/16", false),
    ])
    func checksValuesBeforeAnyCall(template: String, name: String, value: String, good: Bool) throws {
        let image = template == "task" && name != "ImageUri" ? [("ImageUri", "r/n:1")] : []
        if good {
            _ = try resolve(template, image + [(name, value)])
        } else {
            let failure = #expect(throws: Failure.self) { try resolve(template, image + [(name, value)]) }
            #expect(failure?.message.hasPrefix("parameter \(name) (test): '\(value)' ") == true)
        }
    }

    private func resolve(_ template: String, _ values: [(String, String)]) throws -> [ResolvedParameter] {
        try ParameterValues.resolve(
            template: Template.embedded(template),
            values: values.map { GivenValue(name: $0.0, value: $0.1, origin: "test") })
    }
}
