import AWS
import FoundationEssentials
import HTTP
import Support
import TestSupport
import Testing

@testable import AWSServices

/// For the same bytes of an answer, over the real network layer, fgctl says what boto3 says.
///
/// `Tests/SameAnswer/boto3.json` is what boto3 makes of `answers.json`; a test of the judge keeps it so. Members that fgctl
/// doesn't read are left out of the comparison, all others must agree, in value or in absence.
struct SameAnswerTests {
    struct Answer: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let service: String
        let operation: String
        let headers: [String: String]?
        let body: String
        var testDescription: String { name }
    }

    // MARK: Operations

    /// Where fgctl reads less than an answer holds, or nothing at all, these types stand in.
    private struct DescribeExecution: Decodable {
        struct Details: Decodable { var included: Bool? }
        var executionArn: String, stateMachineArn: String?, name: String?, status: String?
        var startDate: Date, stopDate: Date?
        var input: String?, inputDetails: Details?, redriveCount: Int?, redriveStatusReason: String?
    }

    private struct NatGateways: Decodable {
        struct Gateway: Decodable {
            var natGatewayId: String, createTime: Date?, deleteTime: Date?, state: String?
            var natGatewayAddressSet: [Address]?
        }
        struct Address: Decodable { var publicIp: String?, privateIp: String?, isPrimary: Bool? }
        var natGatewaySet: [Gateway]?
    }

    private struct Objects: Decodable, WireShaped {
        static let wireMembers: [String: MemberShape] = ["contents": .flattened, "commonPrefixes": .flattened]
        struct Object: Decodable, WireShaped {
            static let wireMembers: [String: MemberShape] = ["checksumAlgorithm": .flattened]
            var key: String, lastModified: Date?, eTag: String?, size: Int64?, storageClass: String?
            var checksumAlgorithm: [String]?
        }
        struct Prefix: Decodable { var prefix: String }
        var name: String?, prefix: String?, keyCount: Int, maxKeys: Int?, isTruncated: Bool
        var nextContinuationToken: String?, contents: [Object]?, commonPrefixes: [Prefix]?
    }

    private struct ObjectHead: Decodable, RESTBound {
        static let bindings: [String: RESTBinding] = [
            "contentLength": .header("Content-Length"), "contentType": .header("Content-Type"), "eTag": .header("ETag"),
            "lastModified": .header("Last-Modified"), "metadata": .headerPrefix("x-amz-meta-"),
            "missingMeta": .header("x-amz-missing-meta"),
            "serverSideEncryption": .header("x-amz-server-side-encryption"),
            "bucketKeyEnabled": .header("x-amz-server-side-encryption-bucket-key-enabled"),
            "versionId": .header("x-amz-version-id"), "expiration": .header("x-amz-expiration"),
        ]
        var contentLength: Int64?, contentType: String?, eTag: String?, lastModified: Date?, metadata: [String: String]
        var missingMeta: Int?, serverSideEncryption: String?, bucketKeyEnabled: Bool?, versionId: String?
        var expiration: String?
    }

    private static let stepFunctions = Service(
        name: "stepfunctions", sdkID: "SFN", endpointPrefix: "states", signingName: "states", apiVersion: "2016-11-23",
        wire: .json(version: "1.0", targetPrefix: "AWSStepFunctions"))

    /// What fgctl makes of the answer to an operation.
    private static func decoded(_ answer: Answer, _ client: AWSClient) async throws -> Any {
        func get<O: Decodable & Sendable>(
            _ service: Service, as type: O.Type, method: String = "GET", path: String = "/"
        ) async throws -> O {
            try await client.send(
                Operation<Nothing, O>(answer.operation, of: service, .reads, method: method, path: path), Nothing())
        }
        switch (answer.service, answer.operation) {
        case ("ecs", "DescribeTasks"): return try await get(ECS.service, as: ECS.DescribeTasksResponse.self)
        case ("ecs", "ListTasks"): return try await get(ECS.service, as: ECS.ListTasksResponse.self)
        case ("logs", _): return try await get(CloudWatchLogs.service, as: CloudWatchLogs.GetLogEventsResponse.self)
        case ("stepfunctions", _): return try await get(stepFunctions, as: DescribeExecution.self)
        case ("ecr", _): return try await get(ECR.service, as: ECR.GetAuthorizationTokenResponse.self)
        case ("cloudformation", _):
            return try await get(CloudFormation.service, as: CloudFormation.DescribeStacksResponse.self)
        case ("sts", _): return try await get(STS.service, as: STS.AssumeRoleResponse.self)
        case ("ec2", "DescribeRouteTables"):
            return try await get(EC2.service, as: EC2.DescribeRouteTablesResponse.self)
        case ("ec2", _): return try await get(EC2.service, as: NatGateways.self)
        case ("scheduler", "GetSchedule"):
            return try await get(Scheduler.service, as: Scheduler.GetScheduleResponse.self, path: "/schedules/n")
        case ("scheduler", _):
            return try await get(Scheduler.service, as: Scheduler.ListSchedulesResponse.self, path: "/schedules")
        case ("s3", "ListObjectsV2"): return try await get(S3.service, as: Objects.self, path: "/bucket?list-type=2")
        case ("s3", _): return try await get(S3.service, as: ObjectHead.self, method: "HEAD", path: "/bucket/k")
        default: throw NeverHappened("no operation \(answer.service) \(answer.operation)")
        }
    }

    /// Members whose name in botocore's model is not the one on the wire.
    private static let modelNames = [
        "routeTableSet": "RouteTables", "routeSet": "Routes", "natGatewaySet": "NatGateways",
        "natGatewayAddressSet": "NatGatewayAddresses",
    ]

    // MARK: The test

    private static var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "SameAnswer")
    }

    private static func read<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
    }

    /// No answers, no tests: were the files missing, `theAnswersAreThere` would fail.
    static let answers = (try? read("answers.json", as: [Answer].self)) ?? []

    @Test func theAnswersAreThere() throws {
        let results = try Self.read("boto3.json", as: [String: JSON].self)
        #expect(Self.answers.count >= 26)
        #expect(Set(results.keys) == Set(Self.answers.map(\.name)))
    }

    @Test(arguments: answers) func boto3SaysTheSame(_ answer: Answer) async throws {
        let expected = try #require(try Self.read("boto3.json", as: [String: JSON].self)[answer.name])
        let server = try LoopbackServer { connection in
            guard let request = try connection.readRequest() else { return }
            var headers = answer.headers ?? [:]
            headers["Content-Length"] = "\(answer.body.utf8.count)"
            let head = headers.map { "\($0): \($1)\r\n" }.joined()
            try connection.write("HTTP/1.1 200 OK\r\n\(head)\r\n" + (request.method == "HEAD" ? "" : answer.body))
        }
        let values = [
            "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": server.url(""), "AWS_MAX_ATTEMPTS": "1",
        ]
        let layer = SettingLayer(name: "test", values: values.mapValues { .init(value: $0, origin: "test") })
        let transport = CurlTransport()
        let client = AWSClient(settings: AWSSettings(layers: [layer], home: nil) { _ in nil }, transport: transport)
        var comparison = Comparison(names: Self.modelNames)
        comparison.compare(try await Self.decoded(answer, client), expected, at: "")
        await transport.shutdown()
        #expect(comparison.differences.isEmpty, "\(comparison.differences)")
        // An answer with something in it must have been looked at.
        #expect(comparison.compared >= min(3, expected.leaves), "\(comparison.compared) of \(expected.leaves)")
    }

    // MARK: The comparison itself

    @Test func theComparisonSeesDifferences() {
        struct Thing {
            var name: String
            var count: Int?
            var list: [String]?
            var at: Date?
        }
        func differences(_ thing: Thing, _ json: JSON) -> [String] {
            var comparison = Comparison(names: [:])
            comparison.compare(thing, json, at: "")
            return comparison.differences
        }
        let thing = Thing(name: "n", count: 1, list: ["a"], at: Date(timeIntervalSince1970: 1))
        let at = JSON.object(["$date": .number(1)])
        let same = ["name": JSON.string("n"), "count": .number(1), "list": .array([.string("a")]), "at": at]
        #expect(differences(thing, .object(same)).isEmpty)
        #expect(differences(thing, .object(same.merging(["other": .null]) { $1 })).isEmpty)
        for (name, wrong) in [
            ("name", JSON.string("m")), ("name", .null), ("count", .number(2)), ("list", .array([])),
            ("count", .string("1")),
            ("list", .array([.string("b")])), ("at", .object(["$date": .number(1.001)])), ("count", .bool(true)),
        ] {
            #expect(differences(thing, .object(same.merging([name: wrong]) { $1 })).count == 1, "\(name) \(wrong)")
        }
        #expect(differences(Thing(name: "n"), .object(same)).count == 3)
        #expect(differences(thing, .object(["name": .string("n")])).count == 3)
    }
}

/// JSON of any form.
enum JSON: Decodable, Sendable, Equatable {
    case null, bool(Bool), number(Double), string(String), array([JSON]), object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let items = try? value.decode([JSON].self) {
            self = .array(items)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    var leaves: Int {
        switch self {
        case .array(let items): items.map(\.leaves).reduce(0, +)
        case .object(let members): members.values.map(\.leaves).reduce(0, +)
        default: 1
        }
    }
}

/// Holds a decoded value, seen through its mirror, against boto3's.
struct Comparison {
    let names: [String: String]
    private(set) var differences: [String] = []
    private(set) var compared = 0

    init(names: [String: String]) { self.names = names }

    mutating func compare(_ value: Any, _ json: JSON?, at path: String) {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            guard let inside = mirror.children.first?.value else {
                // Absent, null and (of lists) empty are the same to who asks.
                if let json, json != .null, json != .array([]), json != .object([:]) {
                    differences.append("\(path): nothing, boto3 has \(json)")
                }
                return
            }
            return compare(inside, json, at: path)
        }
        switch (value, json) {
        case (let text as String, _): leaf(.string(text), json, path)
        case (let secret as Secret, _): leaf(.string(secret.reveal()), json, path)
        case (let flag as Bool, _): leaf(.bool(flag), json, path)
        case (let date as Date, .object(let members)):
            compared += 1
            guard case .number(let seconds)? = members["$date"], abs(seconds - date.timeIntervalSince1970) < 1e-5 else {
                return differences.append("\(path): \(date.timeIntervalSince1970), boto3 has \(members)")
            }
        case (let number as any BinaryInteger, _): leaf(.number(Double(number)), json, path)
        case (let number as Double, _): leaf(.number(number), json, path)
        case (let items as [Any], _): list(items, json, path)
        case (let entries as [String: Any], .object(let members)):
            if Set(entries.keys) != Set(members.keys) {
                differences.append("\(path): keys \(entries.keys), \(members.keys)")
            }
            for (key, entry) in entries { compare(entry, members[key], at: "\(path).\(key)") }
        case (let entries as [String: Any], nil) where entries.isEmpty: break
        case (let named as any RawRepresentable, _): compare(named.rawValue, json, at: path)
        case (_, .object(let members)):
            for child in mirror.children {
                guard let label = child.label else { continue }
                let name = names[label] ?? label
                let capital = name.prefix(1).uppercased() + name.dropFirst()
                compare(child.value, members[name] ?? members[capital], at: "\(path).\(name)")
            }
        default: differences.append("\(path): \(value), boto3 has \(json.map { "\($0)" } ?? "nothing")")
        }
    }

    private mutating func leaf(_ value: JSON, _ json: JSON?, _ path: String) {
        compared += 1
        if value != json { differences.append("\(path): \(value), boto3 has \(json.map { "\($0)" } ?? "nothing")") }
    }

    private mutating func list(_ items: [Any], _ json: JSON?, _ path: String) {
        guard case .array(let others)? = json ?? .array([]), items.count == others.count else {
            return differences.append("\(path): \(items.count) items, boto3 has \(json.map { "\($0)" } ?? "nothing")")
        }
        for (index, pair) in zip(items, others).enumerated() { compare(pair.0, pair.1, at: "\(path)[\(index)]") }
    }
}
