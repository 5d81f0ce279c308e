import Support
import Testing

struct ARNTests {
    @Test(arguments: [
        "arn:aws:ecs:eu-central-1:123456789012:task/nightly/7f00",
        "arn:aws:s3:::bucket/key:with:colons",
        "arn:aws-cn:iam::123456789012:role/path/name",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ])
    func readsWhatItWrites(_ text: String) throws {
        #expect(try #require(ARN(text)).description == text)
    }

    @Test(arguments: [
        "", "arn", "nightly", "arn:aws:ecs:eu-central-1:123456789012", "arn:aws:ecs:eu-central-1:123456789012:",
        "arn:azure:ecs:eu-central-1:123456789012:task/x", "arn:aws::eu-central-1:123456789012:task/x",
        "arn:aws:ecs:eu-central-1:12345:task/x", "arn:aws:ecs:eu-central-1:12345678901x:task/x",
        "arn:aws:ecs:eu-central-1:123456789012:task/a b", "ARN:aws:ecs:eu-central-1:123456789012:task/x",
    ])
    func refuses(_ text: String) {
        #expect(ARN(text) == nil)
    }

    @Test func knowsItsParts() throws {
        let arn = try #require(ARN("arn:aws:ecs:eu-central-1:123456789012:task-definition/nightly:3"))
        #expect(arn.partition == "aws")
        #expect(arn.service == "ecs")
        #expect(arn.region == "eu-central-1")
        #expect(arn.account == "123456789012")
        #expect(arn.resourceParts == ["task-definition", "nightly", "3"])
        #expect(arn.ecsTask == nil)
    }

    @Test(arguments: [
        ("arn:aws:ecs:eu-central-1:123456789012:task/nightly/7f00", "nightly", "7f00"),
        ("arn:aws:ecs:eu-central-1:123456789012:task/7f00", nil, "7f00"),
        ("arn:aws:ecs:eu-central-1:123456789012:task/a/b/c", nil, nil),
        ("arn:aws:ecs:eu-central-1:123456789012:task/nightly/", nil, nil),
        ("arn:aws:ecs:eu-central-1:123456789012:cluster/nightly", nil, nil),
        ("arn:aws:sqs:eu-central-1:123456789012:task/nightly/7f00", nil, nil),
    ])
    func findsClusterAndTask(_ text: String, _ cluster: String?, _ id: String?) throws {
        let task = try #require(ARN(text)).ecsTask
        #expect(task?.cluster == cluster)
        #expect(task?.id == id)
    }
}
