import FoundationEssentials
import Support
import Testing

@testable import AWS

/// AWS's published endpoint cases, read from the folder of vectors beside the repository.
struct EndpointVectorTests {
    private struct Suite: Decodable { let testCases: [Case] }

    struct Case: Decodable {
        struct Params: Decodable {
            var Region: String?
            var UseFIPS: Bool?
            var UseDualStack: Bool?
            var UseGlobalEndpoint: Bool?
            var Endpoint: String?
            var Bucket: String?
            var ForcePathStyle: Bool?
            var Accelerate: Bool?
            var UseObjectLambdaEndpoint: Bool?
            var UseS3ExpressControlEndpoint: Bool?
        }
        struct Expect: Decodable {
            struct Endpoint: Decodable {
                struct Properties: Decodable {
                    struct Scheme: Decodable { var signingName: String?; var signingRegion: String? }
                    var authSchemes: [Scheme]?
                }
                var url: String
                var properties: Properties?
            }
            var endpoint: Endpoint?
            var error: String?
        }
        var documentation: String?
        var params: Params?
        var expect: Expect
    }

    private static let folder: String = SigV4VectorTests.folder.replacing("/aws4_testsuite", with: "/endpoints")
    static var isThere: Bool { FileManager.default.fileExists(atPath: folder) }

    private static func cases(_ service: ServiceID) throws -> [Case] {
        let data = try Data(contentsOf: URL(filePath: "\(folder)/\(service.name).json"))
        return try JSONDecoder().decode(Suite.self, from: data).testCases
    }

    @Test(
        .enabled(if: isThere, "skipped: no vectors"),
        arguments: [(ServiceID.ecs, 49), (.sts, 69), (.cloudFormation, 49)])
    func allCases(service: ServiceID, count: Int) throws {
        let cases = try Self.cases(service)
        #expect(cases.count == count)
        for test in cases { try check(test, service) }
    }

    @Test(.enabled(if: isThere, "skipped: no vectors"))
    func plainBuckets() throws {
        let all = try Self.cases(.s3)
        let cases = all.filter(Self.isPlain)
        #expect((all.count, cases.count) == (393, 162))
        for test in cases { try check(test, .s3) }
    }

    /// No ARN, directory bucket, access point alias, Outposts or Object Lambda.
    private static func isPlain(_ test: Case) -> Bool {
        let bucket = test.params?.Bucket ?? ""
        return !bucket.hasPrefix("arn:") && !["--x-s3", "--xa-s3", "--op-s3"].contains { bucket.hasSuffix($0) }
            && test.params?.UseObjectLambdaEndpoint != true && test.params?.UseS3ExpressControlEndpoint != true
    }

    private func check(_ test: Case, _ service: ServiceID) throws {
        let what: Comment = "\(test.documentation ?? "") \(String(describing: test.params))"
        guard let expected = test.expect.endpoint else {
            let failure = #expect(throws: Failure.self, what) { try service.location(parameters(test)) }
            #expect(failure?.kind == .usage, what)
            return
        }
        let found = try #require(try? service.location(parameters(test)), what)
        // A slash at the end says nothing: paths are put behind.
        #expect(found.url == (expected.url.hasSuffix("/") ? String(expected.url.dropLast()) : expected.url), what)
        let scheme = expected.properties?.authSchemes?.first
        #expect(found.signingRegion == scheme?.signingRegion ?? test.params?.Region, what)
        #expect(service.signingName == scheme?.signingName ?? service.signingName, what)
    }

    private func parameters(_ test: Case) throws -> EndpointParameters {
        var parameters = EndpointParameters(region: test.params?.Region)
        parameters.usesFIPS = test.params?.UseFIPS ?? false
        parameters.usesDualStack = test.params?.UseDualStack ?? false
        parameters.usesGlobalEndpoint = test.params?.UseGlobalEndpoint ?? false
        parameters.endpoint = try test.params?.Endpoint.map { try EndpointURL($0).text }
        parameters.bucket = test.params?.Bucket
        parameters.forcesPathStyle = test.params?.ForcePathStyle ?? false
        parameters.usesAccelerate = test.params?.Accelerate ?? false
        return parameters
    }
}
