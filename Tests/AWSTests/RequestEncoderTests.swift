import FoundationEssentials
import HTTP
import Testing

@testable import AWS

/// What goes on the wire; the expected texts are those of botocore 1.43.11, with its JSON's white space removed and `%20`
/// for the `+` of its forms.
struct RequestEncoderTests {
    private func text(_ request: EncodedRequest) -> String {
        if case .bytes(let bytes) = request.body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    @Test func query() throws {
        let operation = Operation<Nothing, Nothing>("GetCallerIdentity", of: Samples.sts, .reads)
        let request = try RequestEncoder.encode(operation, Nothing())
        #expect(request.method == "POST")
        #expect(request.target == "/")
        #expect(request.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(text(request) == "Action=GetCallerIdentity&Version=2011-06-15")
    }

    private struct CreateChangeSet: Encodable {
        struct Parameter: Encodable {
            var ParameterKey: String
            var ParameterValue: String?
            var UsePreviousValue: Bool?
        }
        struct Rollback: Encodable { var MonitoringTimeInMinutes: Int }
        struct Kind: RawRepresentable, Encodable { var rawValue: String }
        var StackName = "nightly"
        var ChangeSetName = "fgctl-1"
        var Description: String?
        var ChangeSetType = Kind(rawValue: "CREATE")
        var Parameters = [
            Parameter(ParameterKey: "Version", ParameterValue: "0.1 & ünï"),
            Parameter(ParameterKey: "Old", UsePreviousValue: true),
        ]
        var Capabilities = ["CAPABILITY_IAM"]
        var Tags: [String] = []
        var RollbackConfiguration = Rollback(MonitoringTimeInMinutes: 5)
    }

    @Test func queryWithLists() throws {
        let operation = Operation<CreateChangeSet, Nothing>("CreateChangeSet", of: Samples.cloudFormation, .mutates)
        #expect(
            text(try RequestEncoder.encode(operation, CreateChangeSet()))
                == "Action=CreateChangeSet&Version=2010-05-15&StackName=nightly&ChangeSetName=fgctl-1&ChangeSetType=CREATE"
                + "&Parameters.member.1.ParameterKey=Version&Parameters.member.1.ParameterValue=0.1%20%26%20%C3%BCn%C3%AF"
                + "&Parameters.member.2.ParameterKey=Old&Parameters.member.2.UsePreviousValue=true"
                + "&Capabilities.member.1=CAPABILITY_IAM&Tags=&RollbackConfiguration.MonitoringTimeInMinutes=5")
    }

    private struct Publish: Encodable, WireShaped {
        struct Attribute: Encodable { var DataType = "String", StringValue = "v" }
        static let wireMembers: [String: MemberShape] = [
            "MessageAttributes": .map(key: "Name", value: "Value"), "Flat": .flattened, "Named": .list(item: "item"),
        ]
        var MessageAttributes = ["a": Attribute()]
        var Flat = ["x", "y"]
        var Named = [1.5]
        var Plain = ["k": "v"]
        var At = Samples.date.addingTimeInterval(0.25)
        var Blob: [UInt8] = [1, 2, 255]
    }

    @Test func queryWithMapsShapesTimestampsAndBlobs() throws {
        let operation = Operation<Publish, Nothing>("Publish", of: Samples.sts, .mutates)
        #expect(
            text(try RequestEncoder.encode(operation, Publish()))
                == "Action=Publish&Version=2011-06-15&MessageAttributes.entry.1.Name=a"
                + "&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=v"
                + "&Flat.1=x&Flat.2=y&Named.item.1=1.5&Plain.entry.1.key=k&Plain.entry.1.value=v"
                + "&At=2026-01-31T12%3A00%3A00.250Z&Blob=AQL%2F")
    }

    private struct DescribeSubnets: Encodable {
        struct Filter: Encodable { var Name: String, Value: [String] }
        var Filter: [Filter]
        var subnetId = ["subnet-1"]
        var None: [String] = []
        var MaxResults = 50
        var DryRun = false
    }

    @Test func ec2() throws {
        let operation = Operation<DescribeSubnets, Nothing>("DescribeSubnets", of: Samples.ec2, .reads)
        let input = DescribeSubnets(Filter: [.init(Name: "vpc-id", Value: ["vpc-1", "vpc-2"])])
        #expect(
            text(try RequestEncoder.encode(operation, input))
                == "Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1"
                + "&Filter.1.Value.2=vpc-2&SubnetId.1=subnet-1&MaxResults=50&DryRun=false")
    }

    private struct RunTask: Encodable {
        struct Overrides: Encodable { var containerOverrides: [Container] }
        struct Container: Encodable { var name: String, command: [String], environment: [[String: String]] }
        var taskDefinition = "nightly"
        var count = 1
        var group: String?
        var tags: [String] = []
        var overrides = Overrides(containerOverrides: [
            Container(
                name: "main", command: ["sh", "-c", "echo \"hé\n/x\""], environment: [["name": "A", "value": "1"]])
        ])
        var startedAt: Date? = Samples.date
        var exactly: Date? = Samples.date.addingTimeInterval(0.123)
        var data = Data([0, 1])
        var ratio = 0.5
        var odd = Double.infinity
        var control = "\u{1}\t"
        var clientToken = "t-1"
    }

    @Test func json() throws {
        let operation = Operation<RunTask, Nothing>("RunTask", of: Samples.ecs, .mutates)
        let request = try RequestEncoder.encode(operation, RunTask())
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.1")
        #expect(request.headers["X-Amz-Target"] == "AmazonEC2ContainerServiceV20141113.RunTask")
        #expect(
            text(request)
                == #"{"taskDefinition":"nightly","count":1,"tags":[],"overrides":{"containerOverrides":[{"name":"main","#
                + #""command":["sh","-c","echo \"hé\n/x\""],"environment":[{"name":"A","value":"1"}]}]},"#
                + #""startedAt":1769860800,"exactly":1769860800.123,"data":"AAE=","ratio":0.5,"odd":"Infinity","#
                + #""control":"\u0001\t","clientToken":"t-1"}"#)
    }

    @Test func jsonOfNothingIsAnEmptyObject() throws {
        let operation = Operation<Nothing, Nothing>("ListClusters", of: Samples.ecs, .reads)
        #expect(text(try RequestEncoder.encode(operation, Nothing())) == "{}")
    }

    private struct CreateSchedule: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["Name": .path]
        var Name = "ni ght/ly"
        var GroupName = "g"
        var StartDate = Samples.date
        var FlexibleTimeWindow = ["Mode": "OFF"]
    }

    @Test func restJSON() throws {
        let operation = Operation<CreateSchedule, Nothing>(
            "CreateSchedule", of: Samples.scheduler, .mutates, path: "/schedules/{Name}")
        let request = try RequestEncoder.encode(operation, CreateSchedule())
        #expect(request.target == "/schedules/ni%20ght%2Fly")
        #expect(request.headers["Content-Type"] == "application/json")
        #expect(text(request) == #"{"GroupName":"g","StartDate":1769860800,"FlexibleTimeWindow":{"Mode":"OFF"}}"#)
        #expect(throws: (any Error).self) { try RequestEncoder.encode(operation, CreateSchedule(Name: "")) }
    }

    private struct ListSchedules: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = [
            "GroupName": .query("ScheduleGroup"), "NamePrefix": .query("NamePrefix"), "keys": .query("tagKeys"),
            "since": .query("since"), "NextToken": .query("NextToken"),
        ]
        var GroupName = "g"
        var NamePrefix = "a b&c"
        var keys = ["x", "y"]
        var since = Samples.date
        var NextToken: String?
    }

    @Test func restQueryParameters() throws {
        let operation = Operation<ListSchedules, Nothing>(
            "ListSchedules", of: Samples.scheduler, .reads, method: "GET", path: "/schedules")
        let request = try RequestEncoder.encode(operation, ListSchedules())
        #expect(
            request.target
                == "/schedules?ScheduleGroup=g&NamePrefix=a%20b%26c&tagKeys=x&tagKeys=y&since=2026-01-31T12%3A00%3A00Z")
        #expect(text(request) == "")
        #expect(request.headers["Content-Type"] == nil)
    }

    private struct PutObject: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = [
            "Bucket": .path, "Key": .path, "Metadata": .headerPrefix("x-amz-meta-"),
            "ContentType": .header("Content-Type"),
            "IfUnmodifiedSince": .header("If-Unmodified-Since"), "Body": .payload,
        ]
        var Bucket = "my-bucket"
        var Key = "a b/ü+c//d"
        var Metadata = ["x": "y"]
        var ContentType = "text/plain"
        var IfUnmodifiedSince = Samples.date
        var Body: [UInt8]? = Array("hello".utf8)
    }

    private let putObject = Operation<PutObject, Nothing>(
        "PutObject", of: Samples.s3, .mutates, method: "PUT", path: "/{Bucket}/{Key+}")

    @Test func restXMLWithBlob() throws {
        let request = try RequestEncoder.encode(putObject, PutObject())
        #expect(request.target == "/my-bucket/a%20b/%C3%BC%2Bc//d")
        #expect(request.bucket == "my-bucket")
        #expect(request.headers["x-amz-meta-x"] == "y")
        #expect(request.headers["Content-Type"] == "text/plain")
        #expect(request.headers["If-Unmodified-Since"] == "Sat, 31 Jan 2026 12:00:00 GMT")
        #expect(text(request) == "hello")
    }

    @Test func headersCanNotBeBroken() {
        #expect(throws: (any Error).self) {
            try RequestEncoder.encode(putObject, PutObject(Metadata: ["x": "y\r\nAuthorization: z"]))
        }
        #expect(throws: (any Error).self) { try RequestEncoder.encode(putObject, PutObject(Key: "")) }
    }

    private struct PutBucketTagging: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["Bucket": .path, "Tagging": .payload]
        struct Tagging: Encodable, WireShaped {
            static let wireMembers: [String: MemberShape] = ["TagSet": .list(item: "Tag")]
            static let xmlRoot: XMLRoot? = XMLRoot("Tagging", namespace: "http://s3.amazonaws.com/doc/2006-03-01/")
            struct Tag: Encodable { var Key: String, Value: String }
            var TagSet: [Tag]
        }
        var Bucket = "my-bucket"
        var Tagging: Tagging
    }

    @Test func restXMLWithStructure() throws {
        let operation = Operation<PutBucketTagging, Nothing>(
            "PutBucketTagging", of: Samples.s3, .mutates, method: "PUT", path: "/{Bucket}?tagging")
        let input = PutBucketTagging(Tagging: .init(TagSet: [.init(Key: "a", Value: "<b>")]))
        let request = try RequestEncoder.encode(operation, input)
        #expect(request.target == "/my-bucket?tagging")
        #expect(
            text(request)
                == "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag><Key>a</Key>"
                + "<Value>&lt;b&gt;</Value></Tag></TagSet></Tagging>")
    }

    private struct DeleteObjects: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = ["Bucket": .path, "Delete": .payload]
        struct Delete: Encodable, WireShaped {
            static let wireMembers: [String: MemberShape] = ["Object": .flattened]
            struct Object: Encodable { var Key: String }
            var Object: [Object]
            var Quiet = true
        }
        var Bucket = "my-bucket"
        var Delete: Delete
    }

    @Test func restXMLWithFlattenedList() throws {
        let operation = Operation<DeleteObjects, Nothing>(
            "DeleteObjects", of: Samples.s3, .mutates, path: "/{Bucket}?delete")
        let input = DeleteObjects(Delete: .init(Object: [.init(Key: "a"), .init(Key: "b&c\n")]))
        #expect(
            text(try RequestEncoder.encode(operation, input))
                == "<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c&#xA;</Key></Object><Quiet>true</Quiet></Delete>"
        )
    }

    private struct Pascal: Codable, Equatable, RESTBound, WireShaped {
        static let bindings: [String: RESTBinding] = ["name": .path, "group": .query("groupName")]
        static let wireMembers: [String: MemberShape] = ["startDate": .timestamp(.iso8601)]
        struct Target: Codable, Equatable {
            var roleArn: String, awsvpcConfiguration: [String: String], tags: [[String: String]]
        }
        var name: String
        var group: String?
        var startDate = Samples.date
        var target = Target(roleArn: "r", awsvpcConfiguration: ["subnet": "s"], tags: [["key": "k"]])
    }

    /// Names on the wire may come from the keys by rule; exceptions and the keys of maps stay as they are.
    @Test func pascalCaseNames() throws {
        var service = Samples.scheduler
        service = Service(
            service.id, apiVersion: service.apiVersion, wire: service.wire,
            memberNames: .pascalCase(except: ["awsvpcConfiguration"]))
        let operation = Operation<Pascal, Pascal>("CreateSchedule", of: service, .mutates, path: "/schedules/{Name}")
        let request = try RequestEncoder.encode(operation, Pascal(name: "n", group: "g"))
        #expect(request.target == "/schedules/n?groupName=g")
        let body = #"""
            {"StartDate":"2026-01-31T12:00:00Z","Target":{"RoleArn":"r","awsvpcConfiguration":{"subnet":"s"},"Tags":[{"key":"k"}]}}
            """#
        #expect(text(request) == body)
        let answer = Array(body.replacing("{\"StartDate", with: #"{"Name":"n","StartDate"#).utf8)
        #expect(try ResponseDecoder.decode(operation, status: 200, headers: [:], body: answer) == Pascal(name: "n"))
    }

    private struct ListObjects: Encodable, RESTBound {
        static let bindings: [String: RESTBinding] = [
            "Bucket": .path, "Prefix": .query("prefix"), "MaxKeys": .query("max-keys"),
            "FetchOwner": .query("fetch-owner"),
        ]
        var Bucket = "my-bucket"
        var Prefix = "a/b c"
        var MaxKeys = 2
        var FetchOwner = true
    }

    @Test func fixedQueryComesFirst() throws {
        let operation = Operation<ListObjects, Nothing>(
            "ListObjectsV2", of: Samples.s3, .reads, method: "GET", path: "/{Bucket}?list-type=2")
        #expect(
            try RequestEncoder.encode(operation, ListObjects()).target
                == "/my-bucket?list-type=2&prefix=a%2Fb%20c&max-keys=2&fetch-owner=true")
    }
}
