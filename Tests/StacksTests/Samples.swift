import AWSServices
import FoundationEssentials
import Support
import Templates
import TestSupport

@testable import Stacks

/// Stacks, requests and answers that the tests of this target share.
enum Samples {
    static let body = """
        Parameters:
          Cpu: {Type: String, Default: "256"}
          Tags: {Type: CommaDelimitedList, Default: ""}
          Password: {Type: String, NoEcho: true}
        Resources:
          Topic: {Type: "AWS::SNS::Topic"}

        """

    static func template(_ body: String = body) throws -> Template { try Template(name: "task", body: body) }

    static func request(
        parameters: [String: String] = [:], tags: [(String, String)] = [], body: String = body
    ) throws -> StackRequest {
        StackRequest(
            name: "nightly", template: try template(body),
            parameters: parameters.sorted { $0.key < $1.key }.map { .init(parameterKey: $0, parameterValue: $1) },
            tags: tags.map { .init(key: $0, value: $1) })
    }

    static func stack(
        _ status: String, parameters: [String: String] = [:], tags: [String: String] = [:], isProtected: Bool = false
    ) throws -> CloudFormation.Stack {
        let parameters = parameters.map { #"{"parameterKey": "\#($0)", "parameterValue": "\#($1)"}"# }
        let tags = tags.map { #"{"key": "\#($0)", "value": "\#($1)"}"# }
        return try decode(
            """
            {"stackName": "nightly", "stackId": "arn:stack/nightly/1", "creationTime": 0, "stackStatus": "\(status)",
             "enableTerminationProtection": \(isProtected), "parameters": [\(parameters.joined(separator: ","))],
             "tags": [\(tags.joined(separator: ","))]}
            """)
    }

    static func resource(
        _ id: String, _ status: String, physical: String? = nil, reason: String? = nil, type: String = "AWS::S3::Bucket"
    ) throws -> CloudFormation.StackResourceSummary {
        func member(_ name: String, _ value: String?) -> String { value.map { #", "\#(name)": "\#($0)""# } ?? "" }
        return try decode(
            """
            {"logicalResourceId": "\(id)", "resourceType": "\(type)", "resourceStatus": "\(status)"
            \(member("physicalResourceId", physical))\(member("resourceStatusReason", reason))}
            """)
    }

    static func decode<T: Decodable>(_ json: String) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(json.utf8))
    }
}

extension StubAWS.Answer {
    /// DescribeStacks; `reason` is the stack's own.
    static func stack(_ status: String, reason: String = "", id: String = "arn:new") -> Self {
        .init(
            """
            <DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>nightly</StackName>
            <StackId>\(id)</StackId><CreationTime>2026-01-01T00:00:00Z</CreationTime>
            <StackStatus>\(status)</StackStatus><StackStatusReason>\(reason)</StackStatusReason></member></Stacks>
            </DescribeStacksResult></DescribeStacksResponse>
            """)
    }

    static func error(_ code: String, _ message: String) -> Self {
        .init(
            """
            <ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>
            <RequestId>r</RequestId></ErrorResponse>
            """, status: 400)
    }

    static let noStack = error("ValidationError", "Stack with id nightly does not exist")

    static func resources(_ items: [(id: String, status: String)]) -> Self {
        let members = items.map {
            """
            <member><LogicalResourceId>\($0.id)</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType>
            <ResourceStatus>\($0.status)</ResourceStatus></member>
            """
        }
        return .init(
            """
            <R><ListStackResourcesResult><StackResourceSummaries>\(members.joined())</StackResourceSummaries>
            </ListStackResourcesResult></R>
            """)
    }

    static let changeSet = Self(
        "<R><CreateChangeSetResult><Id>arn:set</Id><StackId>arn:new</StackId></CreateChangeSetResult></R>")

    static func changeSet(_ status: String, reason: String = "", changes: [String] = [], next: String? = nil) -> Self {
        let members = changes.map {
            """
            <member><Type>Resource</Type><ResourceChange><Action>Add</Action><LogicalResourceId>\($0)</LogicalResourceId>
            <ResourceType>AWS::SNS::Topic</ResourceType></ResourceChange></member>
            """
        }
        return .init(
            """
            <R><DescribeChangeSetResult><Status>\(status)</Status><StatusReason>\(reason)</StatusReason>
            <Changes>\(members.joined())</Changes>\(next.map { "<NextToken>\($0)</NextToken>" } ?? "")
            </DescribeChangeSetResult></R>
            """)
    }

    /// DescribeStackEvents, newest first. Ids that begin with `s` are the stack's own events.
    static func events(_ items: [(id: String, status: String, reason: String)], stack: String = "arn:new") -> Self {
        let members = items.map {
            let isOwn = $0.id.hasPrefix("s")
            return """
                <member><StackId>\(stack)</StackId><EventId>\($0.id)</EventId><StackName>nightly</StackName>
                <LogicalResourceId>\(isOwn ? "nightly" : "Topic")</LogicalResourceId>
                <PhysicalResourceId>\(isOwn ? stack : "")</PhysicalResourceId>
                <ResourceType>\(isOwn ? "AWS::CloudFormation::Stack" : "AWS::SNS::Topic")</ResourceType>
                <Timestamp>2026-01-01T07:50:31Z</Timestamp><ResourceStatus>\($0.status)</ResourceStatus>
                <ResourceStatusReason>\($0.reason)</ResourceStatusReason></member>
                """
        }
        return .init(
            """
            <R><DescribeStackEventsResult><StackEvents>\(members.joined())</StackEvents></DescribeStackEventsResult></R>
            """)
    }

    static let done = Self("<R><Nothing/></R>")
}
