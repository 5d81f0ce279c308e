import FoundationEssentials
import HTTP
import Support
import Testing

@testable import AWS

/// AWS's published Signature Version 4 test suite, read from the folder of vectors beside the repository.
struct SigV4VectorTests {
    static let folder: String =
        ProcessInfo.processInfo.environment["FGCTL_VECTORS"].map { $0 + "/aws4_testsuite" }
        ?? URL(filePath: #filePath).appending(path: "../../../../shared/vectors/aws4_testsuite").standardized.path
    static var isThere: Bool { FileManager.default.fileExists(atPath: folder) }

    /// Paths of all `.req` files without their extension.
    static var names: [String] {
        guard let all = FileManager.default.enumeratedPaths(folder) else { return [] }
        return all.filter { $0.hasSuffix(".req") }.map { String($0.dropLast(4)) }.sorted()
    }

    @Test(.enabled(if: isThere, "skipped: no vectors"))
    func theSuiteIsComplete() { #expect(Self.names.count == 34) }

    @Test(.enabled(if: isThere, "skipped: no vectors"), arguments: names)
    func signsAsPublished(name: String) throws {
        func text(_ ending: String) throws -> String {
            let data = try Data(contentsOf: URL(filePath: "\(Self.folder)/\(name).\(ending)"))
            return String(decoding: data, as: UTF8.self).replacing("\r\n", with: "\n")
        }
        let (request, body) = try Self.request(try text("req"))
        // One folder's signed headers hold a token that its request doesn't: there it belongs to the credentials.
        let token = try text("creq").split(separator: "\n").first { $0.hasPrefix("x-amz-security-token:") }
        let ownToken = request.headers["X-Amz-Security-Token"] == nil ? token?.dropFirst(21) : nil
        let stages = try Self.signer(token: ownToken.map(String.init)).stages(
            request, payload: try .of(body), at: Self.date)
        #expect(stages.canonicalRequest == (try text("creq")))
        #expect(stages.stringToSign == (try text("sts")))
        #expect(stages.authorization == (try text("authz")))
    }

    static func signer(token: String? = nil) -> Signer {
        Signer(
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                sessionToken: token.map { Secret($0) }, source: "test"),
            region: "us-east-1", service: "service")
    }

    /// 20150830T123600Z
    static let date = Date(timeIntervalSince1970: 1_440_938_160)

    /// The request of a `.req` file; its target is not percent-encoded, lines that start with white space continue a header.
    static func request(_ text: String) throws -> (HTTPRequest, [UInt8]) {
        let halves = text.split(separator: "\n\n", maxSplits: 1)
        var lines = try #require(halves.first).split(separator: "\n", omittingEmptySubsequences: false)
        let start = lines.removeFirst()
        let method = try #require(start.split(separator: " ").first)
        let target = start.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
        var headers: [(name: String, value: String)] = []
        for line in lines where !line.isEmpty {
            if line.first == " " || line.first == "\t" {
                headers[headers.count - 1].value += "\n" + line
            } else {
                let colon = try #require(line.firstIndex(of: ":"))
                headers.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
            }
        }
        var request = HTTPRequest(method: String(method), url: "https://example.amazonaws.com\(target)")
        for header in headers { request.headers.add(header.name, header.value) }
        return (request, halves.count > 1 ? Array(halves[1].utf8) : [])
    }
}

extension FileManager {
    /// Paths of all files below a folder, relative to it.
    fileprivate func enumeratedPaths(_ folder: String) -> [String]? { try? subpathsOfDirectory(atPath: folder) }
}
