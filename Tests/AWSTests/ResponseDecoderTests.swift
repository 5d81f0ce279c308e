import FoundationEssentials
import HTTP
import Testing

@testable import AWS

/// What answers decode to; botocore 1.43.11 reads the same values from the same bodies.
struct ResponseDecoderTests {
    private func decode<O: Decodable & Sendable>(
        _ type: O.Type, _ service: Service, _ operation: String, _ body: String, status: Int = 200,
        headers: HTTPHeaders = [:]
    ) throws -> O {
        let operation = Operation<Nothing, O>(operation, of: service, .reads)
        return try ResponseDecoder.decode(operation, status: status, headers: headers, body: Array(body.utf8))
    }

    private struct Identity: Decodable, Equatable { var Arn: String, UserId: String, Account: String }

    @Test func queryResultIsUnwrapped() throws {
        let body = """
            <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
            <Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDA</UserId><Account>012345678901</Account>
            </GetCallerIdentityResult><ResponseMetadata><RequestId>01234567-89ab</RequestId></ResponseMetadata>
            </GetCallerIdentityResponse>
            """
        #expect(
            try decode(Identity.self, Samples.sts, "GetCallerIdentity", body)
                == Identity(Arn: "arn:aws:iam::123456789012:user/Alice", UserId: "AIDA", Account: "012345678901"))
    }

    private struct Stacks: Decodable, Equatable {
        struct Status: RawRepresentable, Decodable, Equatable { var rawValue: String }
        struct Output: Decodable, Equatable { var OutputKey: String, OutputValue: String }
        struct Stack: Decodable, Equatable {
            var StackName: String
            var CreationTime: Date
            var StackStatus: Status
            var DisableRollback: Bool
            var Outputs: [Output]
            var Tags: [String]
            var Capabilities: [String]
            var NotificationARNs: [String]?
            var Attributes: [String: String]
        }
        var Stacks: [Stack]
        var NextToken: String?
    }

    @Test func queryListsMapsTimestampsAndUnknownMembers() throws {
        let body = """
            <DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>nächtlich</StackName>
            <CreationTime>2026-01-31T12:00:00.123Z</CreationTime><StackStatus>BRAND_NEW</StackStatus>
            <DisableRollback>false</DisableRollback><Outputs><member><OutputKey>A</OutputKey><OutputValue>1</OutputValue></member>
            <member><OutputKey>B</OutputKey><OutputValue></OutputValue></member></Outputs><Tags/><New><x/></New>
            <Attributes><entry><key>k</key><value>v</value></entry><entry><key>l</key><value/></entry></Attributes>
            </member></Stacks></DescribeStacksResult></DescribeStacksResponse>
            """
        let answer = try decode(Stacks.self, Samples.cloudFormation, "DescribeStacks", body)
        let stack = try #require(answer.Stacks.first)
        #expect(answer.NextToken == nil)
        #expect(stack.StackName == "nächtlich")
        #expect(abs(stack.CreationTime.timeIntervalSince1970 - 1_769_860_800.123) < 0.0001)
        #expect(stack.StackStatus.rawValue == "BRAND_NEW")
        #expect(stack.Outputs == [.init(OutputKey: "A", OutputValue: "1"), .init(OutputKey: "B", OutputValue: "")])
        #expect(stack.Tags == [])
        #expect(stack.Capabilities == [])
        #expect(stack.NotificationARNs == nil)
        #expect(stack.Attributes == ["k": "v", "l": ""])
    }

    private struct Subnets: Decodable, Equatable {
        struct Tag: Decodable, Equatable { var key: String, value: String }
        struct Subnet: Decodable, Equatable {
            var subnetId: String
            var mapPublicIpOnLaunch: Bool
            var availableIpAddressCount: Int
            var tagSet: [Tag]
        }
        var subnetSet: [Subnet]
    }

    @Test func ec2HasNoResultElement() throws {
        let body = """
            <DescribeSubnetsResponse><requestId>r-1</requestId><subnetSet><item><subnetId>subnet-1</subnetId>
            <mapPublicIpOnLaunch>true</mapPublicIpOnLaunch><availableIpAddressCount>251</availableIpAddressCount>
            <tagSet><item><key>Name</key><value>a</value></item></tagSet></item></subnetSet></DescribeSubnetsResponse>
            """
        let subnet = Subnets.Subnet(
            subnetId: "subnet-1", mapPublicIpOnLaunch: true, availableIpAddressCount: 251,
            tagSet: [.init(key: "Name", value: "a")])
        #expect(try decode(Subnets.self, Samples.ec2, "DescribeSubnets", body) == Subnets(subnetSet: [subnet]))
    }

    private struct Tasks: Decodable {
        struct Container: Decodable { var name: String, exitCode: Int? }
        struct Task: Decodable {
            var taskArn: String
            var createdAt: Date
            var stoppedAt: Date?
            var containers: [Container]
            var attachments: [String]?
            var environment: [String: String]
            var digest: [UInt8]?
        }
        var tasks: [Task]
        var failures: [String]
        var big: UInt64?
        var ratio: Double?
    }

    @Test func json() throws {
        let body = #"""
            {"tasks":[{"taskArn":"arn:t","createdAt":1769860800.123,"stoppedAt":"2026-01-31T12:00:01+00:00",
            "containers":[{"name":"m\u00e4in \ud83d\ude00","exitCode":0},{"name":"x","exitCode":null,"new":[{}]}],
            "attachments":null,"environment":{"A":"1"},"digest":"AQL/"}],
            "big":18446744073709551615,"ratio":1e-2}
            """#
        let answer = try decode(Tasks.self, Samples.ecs, "DescribeTasks", body)
        let task = try #require(answer.tasks.first)
        #expect(abs(task.createdAt.timeIntervalSince1970 - 1_769_860_800.123) < 0.0001)
        #expect(task.stoppedAt == Samples.date.addingTimeInterval(1))
        #expect(task.containers.map(\.name) == ["mäin 😀", "x"])
        #expect(task.containers.map(\.exitCode) == [0, nil])
        #expect(task.attachments == nil)
        #expect(task.environment == ["A": "1"])
        #expect(task.digest == [1, 2, 255])
        #expect(answer.failures == [])
        #expect(answer.big == .max)
        #expect(answer.ratio == 0.01)
    }

    private struct Objects: Decodable, Equatable, WireShaped {
        static let wireMembers: [String: MemberShape] = ["Contents": .flattened, "CommonPrefixes": .flattened]
        struct Object: Decodable, Equatable { var Key: String, LastModified: Date, ETag: String, Size: Int64 }
        struct Prefix: Decodable, Equatable { var Prefix: String }
        var KeyCount: Int
        var IsTruncated: Bool
        var Contents: [Object]
        var CommonPrefixes: [Prefix]
    }

    private func listing(_ contents: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>1</KeyCount>
        <IsTruncated>false</IsTruncated>\(contents)</ListBucketResult>
        """
    }

    @Test(arguments: [0, 1, 2])
    func flattenedLists(count: Int) throws {
        let object = """
            <Contents><Key>a &amp; b</Key><LastModified>2026-01-31T12:00:00.000Z</LastModified>
            <ETag>&quot;abc&quot;</ETag><Size>5</Size></Contents>
            """
        let body = listing(
            String(repeating: object, count: count) + "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>")
        let answer = try decode(Objects.self, Samples.s3, "ListObjectsV2", body)
        let expected = Objects.Object(Key: "a & b", LastModified: Samples.date, ETag: "\"abc\"", Size: 5)
        #expect(answer.Contents == Array(repeating: expected, count: count))
        #expect(answer.CommonPrefixes == [.init(Prefix: "p/")])
    }

    private struct Head: Decodable, RESTBound {
        static let bindings: [String: RESTBinding] = [
            "length": .header("Content-Length"), "modified": .header("Last-Modified"),
            "marked": .header("x-amz-delete-marker"),
            "Metadata": .headerPrefix("x-amz-meta-"), "status": .status, "Body": .payload,
        ]
        var length: Int64
        var modified: Date
        var marked: Bool?
        var Metadata: [String: String]
        var status: Int
        var Body: [UInt8]?
    }

    @Test func restHeadersStatusAndBlobPayload() throws {
        let answer = try decode(
            Head.self, Samples.s3, "GetObject", "raw <bytes>", status: 206,
            headers: [
                "content-length": "11", "Last-Modified": "Sat, 31 Jan 2026 12:00:00 GMT", "X-Amz-Meta-Owner": "me",
            ])
        #expect(answer.length == 11)
        #expect(answer.modified == Samples.date)
        #expect(answer.marked == nil)
        #expect(answer.Metadata == ["owner": "me"])
        #expect(answer.status == 206)
        #expect(answer.Body == Array("raw <bytes>".utf8))
    }

    private struct Policy: Decodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["Location": .payload]
        struct Location: Decodable { var Name: String }
        var Location: Location
    }

    @Test func restStructurePayload() throws {
        #expect(try decode(Policy.self, Samples.s3, "X", "<Any><Name>n</Name></Any>").Location.Name == "n")
        #expect(try decode(Policy.self, Samples.scheduler, "X", #"{"Name":"n"}"#).Location.Name == "n")
    }

    @Test func emptyBodiesDecodeToWhatNeedsNothing() throws {
        struct Optional: Decodable { var a: String? }
        #expect(try decode(Optional.self, Samples.scheduler, "X", "").a == nil)
        #expect(try decode(Optional.self, Samples.ecs, "X", "").a == nil)
        #expect(try decode(Nothing.self, Samples.ecs, "X", "not read") == Nothing())
    }

    @Test func listsAndMapsThatAreLeftOutAreEmpty() throws {
        struct Required: Decodable { var list: [Int], map: [String: Int], optional: [Int]? }
        for (service, body) in [
            (Samples.ecs, "{}"), (Samples.ecs, #"{"list":null,"map":null}"#), (Samples.ec2, "<R/>"),
        ] {
            let answer = try decode(Required.self, service, "X", body)
            #expect(answer.list == [])
            #expect(answer.map == [:])
            #expect(answer.optional == nil)
        }
    }

    @Test(arguments: [
        (#"{"tasks":[{"taskArn":1,"createdAt":true}]}"#, "tasks.0.createdAt"),
        (#"{"tasks":[{"createdAt":1}]}"#, "tasks.0.taskArn"), (#"{"tasks":"x"}"#, "tasks"), (#"{"tasks":[],}"#, "byte"),
        (#"{"a":01x}"#, "byte"), ("{", "byte"), ("[1] 2", "byte"), ("\"\\ud800x", "byte"), ("\"a\nb\"", "byte"),
        (String(repeating: "[", count: 100_000), "nested too deeply"),
    ])
    func saysWhatCanNotBeRead(body: String, expected: String) {
        #expect { try decode(Tasks.self, Samples.ecs, "DescribeTasks", body) } throws: { error in
            ResponseDecoder.reason(error).contains(expected)
        }
    }
}
