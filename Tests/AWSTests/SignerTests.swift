import FoundationEssentials
import HTTP
import Support
import Testing

@testable import AWS

/// Vectors that stand here, so that signing is judged wherever the tests run.
struct SignerTests {
    /// From AWS's test suite: get-vanilla, post-vanilla.
    @Test(arguments: [
        ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ])
    func signsPublishedRequests(method: String, path: String, signature: String) throws {
        var request = HTTPRequest(method: method, url: "https://example.amazonaws.com\(path)")
        request.headers.add("X-Amz-Date", "20150830T123600Z")
        let signed = try SigV4VectorTests.signer().sign(request, payload: .of([]), at: SigV4VectorTests.date)
        #expect(
            signed.headers["Authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date, Signature=\(signature)")
    }

    /// The examples of AWS's page 'Signature Calculations for the Authorization Header' for S3.
    @Test func signsS3Examples() throws {
        let signer = Signer(
            credentials: Credentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE",
                secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), source: "test"),
            region: "us-east-1", service: "s3")
        let date = Date(timeIntervalSince1970: 1_369_353_600)
        let get = HTTPRequest(
            method: "GET", url: "https://examplebucket.s3.amazonaws.com/test.txt", headers: ["Range": "bytes=0-9"])
        #expect(
            try signer.sign(get, payload: .of([]), at: date).headers["Authorization"]?.hasSuffix(
                "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                    + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == true)
        let put = HTTPRequest(
            method: "PUT", url: "https://examplebucket.s3.amazonaws.com/test%24file.text",
            headers: ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"])
        #expect(
            try signer.sign(put, payload: .of("Welcome to Amazon S3.".utf8), at: date).headers["Authorization"]?
                .hasSuffix(
                    "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd") == true)
    }

    struct Sample: Sendable {
        var service: String
        var method = "GET"
        var url: String
        var headers: HTTPHeaders = [:]
        var body = ""
        var signature: String
    }

    static let botocoreCases = [
        Sample(
            service: "scheduler", method: "POST",
            url: "https://scheduler.eu-west-1.amazonaws.com/schedules/ni%20ght%2Fly",
            headers: ["Content-Type": "application/json"], body: "{}",
            signature: "01e68c91c4d3830a05acf0d41fdad1d570a45379f6c48f5390b7f562875758bc"),
        Sample(
            service: "scheduler",
            url: "https://scheduler.eu-west-1.amazonaws.com/schedules?ScheduleGroup=g&NamePrefix=a%20b%26c&Empty",
            signature: "777174c424cad3684e64f55cbb419d33d40a98565b7c6eb57fcdff4a5864c862"),
        Sample(
            service: "s3", url: "https://my-bucket.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2Bc//d/../e?versions",
            signature: "d6b6637bd61cb609c9c56b53be15f8796721047ff963316e34955e8beb78cb44"),
        Sample(
            service: "ecs", method: "POST", url: "http://127.0.0.1:4566/",
            headers: ["Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "X.Y"], body: "{\"a\":1}",
            signature: "7e3cc5806b3d79ae4876d00d80d71021f9437c446423d5a6e6aa719b7790b71e"),
    ]

    /// Signed by botocore 1.43.11 at 2026-01-31T12:00:00Z: encoded paths are encoded again except for S3's, which also
    /// keep their double slashes and dots; ports that aren't the scheme's own are part of the host; tokens are signed.
    @Test(arguments: botocoreCases)
    func signsAsBotocore(sample: Sample) throws {
        let signer = Signer(
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                sessionToken: Secret("to/ken=="), source: "test"),
            region: "eu-west-1", service: sample.service)
        let request = HTTPRequest(method: sample.method, url: sample.url, headers: sample.headers)
        let signed = try signer.sign(request, payload: .of(sample.body.utf8), at: Samples.date)
        #expect(signed.headers["Authorization"]?.hasSuffix("Signature=\(sample.signature)") == true)
        #expect(signed.headers["X-Amz-Security-Token"] == "to/ken==")
        #expect((signed.headers["x-amz-content-sha256"] != nil) == (sample.service == "s3"))
    }

    @Test func signingAgainReplacesTheFirstSignature() throws {
        let request = HTTPRequest(method: "GET", url: "https://example.amazonaws.com/")
        let once = try SigV4VectorTests.signer().sign(request, payload: .of([]), at: SigV4VectorTests.date)
        let later = SigV4VectorTests.date.addingTimeInterval(60)
        let twice = try SigV4VectorTests.signer().sign(once, payload: .of([]), at: later)
        let fresh = try SigV4VectorTests.signer().sign(request, payload: .of([]), at: later)
        #expect(twice.headers["Authorization"] == fresh.headers["Authorization"])
        #expect(twice.headers["Authorization"] != once.headers["Authorization"])
    }

    @Test func streamedBodiesGoUnsignedOnlyWhereAllowed() async throws {
        let body = HTTPBody.stream(length: 3) { OneShotReader(Array("abc".utf8)) }
        #expect(try await PayloadHash.of(body, allowsUnsigned: true).text == "UNSIGNED-PAYLOAD")
        #expect(
            try await PayloadHash.of(body, allowsUnsigned: false).text
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}

/// Gives its bytes once, one at a time.
actor OneShotReader: HTTPBodyReader {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }
    func read(maximum: Int) async throws -> [UInt8]? { rest.popFirst().map { [$0] } }
}
