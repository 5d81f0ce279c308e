import AWSServices
import FoundationEssentials
import Support
import TestSupport
import Testing

@testable import Stacks

struct RenderingTests {
    @Test(arguments: [
        (#"{"action": "Add", "logicalResourceId": "A", "resourceType": "T"}"#, "+ A (T)"),
        (#"{"action": "Remove", "logicalResourceId": "A", "resourceType": "T"}"#, "- A (T)"),
        (#"{"action": "Import", "logicalResourceId": "A", "resourceType": "T"}"#, "← A (T)"),
        (#"{"action": "Modify", "logicalResourceId": "A", "resourceType": "T", "replacement": "False"}"#, "~ A (T)"),
        (
            #"{"action": "Modify", "logicalResourceId": "A", "resourceType": "T", "replacement": "True"}"#,
            "~ A (T, replaced)"
        ),
        (
            #"{"action": "Modify", "logicalResourceId": "A", "resourceType": "T", "replacement": "Conditional"}"#,
            "~ A (T, perhaps replaced)"
        ),
        ("{}", "~ ? (?)"),
    ])
    func oneLineForAChange(json: String, line: String) throws {
        let change: CloudFormation.ResourceChange = try Samples.decode(json)
        #expect(StackChange(change).line == line)
    }

    @Test func oneLineForAnEvent() async throws {
        let aws = StubAWS([
            "DescribeStackEvents": [.events([("2", "CREATE_FAILED", "no"), ("1", "CREATE_COMPLETE", "")])]
        ])
        let answer = try await CloudFormation(aws.client).describeStackEvents(.init(stackName: "nightly"))
        #expect(
            answer.stackEvents.map(EventLine.text) == [
                "07:50:31 CREATE_FAILED AWS::SNS::Topic Topic: no", "07:50:31 CREATE_COMPLETE AWS::SNS::Topic Topic",
            ])
    }

    @Test func aReportLeavesEmptyReasonsOut() async throws {
        let aws = StubAWS([
            "DescribeStacks": [.stack("CREATE_COMPLETE")],
            "ListStackResources": [.resources([("Bucket", "CREATE_COMPLETE")])],
        ])
        let report = try await StackReport.read("nightly", CloudFormation(aws.client))
        #expect(report.reason == nil)
        #expect(
            report.lines == [
                "nightly  CREATE_COMPLETE", "  created  2026-01-01T00:00:00Z", "  drift  unknown",
                "  resource  Bucket  AWS::S3::Bucket  CREATE_COMPLETE",
            ])
    }

    @Test func aReportTellsReasons() throws {
        let report = StackReport(
            name: "nightly", stack: try Samples.stack("CREATE_COMPLETE", parameters: ["B": "2", "A": "1"]),
            resources: [try Samples.resource("Bucket", "CREATE_FAILED", physical: "", reason: "it exists")])
        #expect(
            report.lines.suffix(3) == [
                "  parameter  A = 1", "  parameter  B = 2",
                "  resource  Bucket  AWS::S3::Bucket  CREATE_FAILED  it exists",
            ])
        #expect(report.resources.first?.physicalID == nil)
    }

    @Test func aReportOfNothing() async throws {
        let aws = StubAWS(["DescribeStacks": [.noStack]])
        let report = try await StackReport.read("nightly", CloudFormation(aws.client))
        #expect(report.lines == ["nightly  NOT_CREATED"])
        #expect(aws.operations == ["DescribeStacks"])
    }

    @Test func aPlanHidesSecrets() throws {
        let request = try Samples.request(parameters: ["Password": "hunter2", "Cpu": "512"], tags: [("a", "b")])
        let plan = StackPlan(
            request, decision: .deleteThenCreate(found: "ROLLBACK_COMPLETE, holding nothing", held: []))
        #expect(
            plan.lines.dropLast() == [
                "# stack nightly: deleteThenCreate", "#   ROLLBACK_COMPLETE, holding nothing",
                "# parameter Cpu = 512", "# parameter Password = ****", "# tag a = b",
            ])
        #expect(plan.lines.last == Samples.body)
        #expect(!String(decoding: try JSONEncoder().encode(plan), as: UTF8.self).contains("hunter2"))
    }
}
