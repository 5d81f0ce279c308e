import FoundationEssentials
import HTTP
import Support
import Synchronization
import TestSupport
import Testing

@testable import AWS

struct AWSClientTests {
    private struct Clusters: Decodable { var clusterArns: [String] }
    private let list = Operation<Nothing, Clusters>("ListClusters", of: Samples.ecs, .reads)
    private let run = Operation<[String: String], Nothing>(
        "RunTask", of: Samples.ecs, .mutates, idempotent: .byNature)
    private static let good = HTTPResponse.text(200, #"{"clusterArns":["a"]}"#)
    private static func error(_ code: String, _ status: Int = 400, headers: HTTPHeaders = [:]) -> HTTPResponse {
        .text(status, #"{"__type":"\#(code)","message":"m"}"#, headers: headers)
    }

    @Test func sendsAndDecodes() async throws {
        let fake = FakeEffects()
        let (client, stub) = AWSClient.stub(fake: fake) { _, _ in Self.good }
        #expect(try await client.send(list, Nothing()).clusterArns == ["a"])
        let request = try #require(stub.requests.first)
        #expect(request.url == "https://ecs.eu-west-1.amazonaws.com/")
        #expect(request.headers["X-Amz-Date"] == "20260131T120000Z")
        #expect(request.headers["User-Agent"] == "fgctl")
        #expect(
            request.headers["Authorization"]?.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/eu-west-1/ecs/aws4_request, "
                    + "SignedHeaders=content-type;host;x-amz-date;x-amz-target, ") == true)
        #expect(fake.slept == [])
    }

    @Test func signsEachAttemptAfresh() async throws {
        let fake = FakeEffects()
        let (client, stub) = AWSClient.stub(fake: fake) { _, index in
            fake.now.withLock { $0 = $0.addingTimeInterval(10) }
            return index < 2 ? Self.error("ThrottlingException") : Self.good
        }
        _ = try await client.send(list, Nothing())
        #expect(
            stub.requests.map { $0.headers["X-Amz-Date"] } == [
                "20260131T120000Z", "20260131T120010Z", "20260131T120020Z",
            ])
        #expect(Set(stub.requests.map { $0.headers["Authorization"] }).count == 3)
        #expect(Set(stub.requests.map(\.bodyText)).count == 1)
        #expect(fake.slept == [.milliseconds(500), .seconds(1)])
    }

    @Test func givesUpAfterTheLastAttempt() async throws {
        let (client, stub) = AWSClient.stub(Samples.settings(Samples.keys.merging(["AWS_MAX_ATTEMPTS": "2"]) { $1 })) {
            _, _ in Self.error("InternalError", 500, headers: ["x-amzn-RequestId": "7f"])
        }
        let error = await #expect(throws: AWSError.self) { try await client.send(list, Nothing(), on: "x") }
        #expect(error.map { "\($0)" } == "ECS ListClusters x: InternalError: m (AWS request 7f) after 2 attempts")
        #expect(error?.httpStatus == 500)
        #expect(stub.requests.count == 2)
    }

    @Test func doesNotRepeatWhatCanNotPass() async throws {
        let (client, stub) = AWSClient.stub { _, _ in Self.error("ClientException") }
        await #expect(throws: AWSError.self) { try await client.send(list, Nothing()) }
        #expect(stub.requests.count == 1)
    }

    @Test(arguments: [
        (HTTPError.connectionLost(reason: "reset"), true), (.cannotConnect(host: "h", reason: "refused"), false),
        (.timedOut(reason: "t", sent: false), false),
    ])
    func saysWhetherAnUnansweredRequestMayHaveActed(fault: HTTPError, acted: Bool) async throws {
        let (client, stub) = AWSClient.stub { _, _ in throw fault }
        let error = await #expect(throws: AWSNoAnswer.self) { try await client.send(list, Nothing()) }
        #expect(error?.mayHaveActed == acted)
        #expect(error?.attempts == 3)
        #expect(stub.requests.count == 3)
        #expect(
            error?.description.hasPrefix(
                "ECS ListClusters: no answer from https://ecs.eu-west-1.amazonaws.com after 3 attempts: ") == true)
    }

    @Test func anAnswerThatBreaksOffIsTriedAgain() async throws {
        let (client, stub) = AWSClient.stub { _, index in
            if index > 0 { return Self.good }
            let body = HTTPResponseBody { throw HTTPError.truncatedBody(received: 3, expected: 9) }
            return HTTPResponse(status: 200, headers: [:], body: body)
        }
        #expect(try await client.send(list, Nothing()).clusterArns == ["a"])
        #expect(stub.requests.count == 2)
    }

    @Test func anEmptyQuotaEndsRetries() async throws {
        let (client, stub) = AWSClient.stub { _, _ in Self.error("ThrottlingException") }
        client.shared.quota.withLock { quota in
            while quota.take(forTimeout: true) != nil {}
            quota.giveBack(5)
        }
        await #expect(throws: AWSError.self) { try await client.send(list, Nothing()) }
        #expect(stub.requests.count == 2)
    }

    @Test func cancellingEndsAtOnce() async throws {
        let fake = FakeEffects()
        let (client, stub) = AWSClient.stub(fake: fake) { _, _ in
            withUnsafeCurrentTask { $0?.cancel() }
            return Self.error("ThrottlingException")
        }
        await #expect(throws: CancellationError.self) {
            try await Task { try await client.send(list, Nothing()) }.value
        }
        #expect(stub.requests.count == 1)
    }

    @Test func aWrongClockIsCorrectedOnce() async throws {
        let (client, stub) = AWSClient.stub { request, _ in
            if request.headers["X-Amz-Date"] == "20260131T130000Z" { return Self.good }
            return Self.error("RequestTimeTooSkewed", 403, headers: ["Date": "Sat, 31 Jan 2026 13:00:00 GMT"])
        }
        _ = try await client.send(list, Nothing())
        #expect(stub.requests.count == 2)
        // Later calls know the difference.
        _ = try await client.send(list, Nothing())
        #expect(stub.requests.count == 3)
    }

    @Test func adaptiveCallsWaitOnceTheyWereThrottled() async throws {
        let fake = FakeEffects()
        let settings = Samples.settings(Samples.keys.merging(["AWS_RETRY_MODE": "adaptive"]) { $1 })
        let (client, stub) = AWSClient.stub(settings, fake: fake) { _, index in
            index == 0 ? Self.error("ThrottlingException") : Self.good
        }
        _ = try await client.send(list, Nothing())
        // The pause of the retry, then the rate's.
        #expect(fake.slept == [.milliseconds(500), .seconds(2)])
        #expect(stub.requests.count == 2)
    }

    @Test func anUnknownRetryModeIsRefusedBeforeAnythingIsSent() async throws {
        let (client, stub) = AWSClient.stub(Samples.settings(Samples.keys.merging(["AWS_RETRY_MODE": "x"]) { $1 })) {
            _, _ in Self.good
        }
        await #expect(throws: Failure.self) { try await client.send(list, Nothing()) }
        #expect(stub.requests.isEmpty)
    }

    private struct Launch: Encodable { var clientToken: String? }
    private let launch = Operation<Launch, Nothing>(
        "RunTask", of: Samples.ecs, .mutates, idempotent: .byToken("clientToken"))
    private let publish = Operation<Launch, Nothing>("Publish", of: Samples.ecs, .mutates)

    @Test func theTokenIsTheSameAtEachRetry() async throws {
        let (client, stub) = AWSClient.stub { _, index in
            if index == 0 { throw HTTPError.connectionLost(reason: "reset") }
            return index == 1 ? Self.error("InternalError", 500) : .text(200, "{}")
        }
        let token = RequestToken.make()
        _ = try await client.send(launch, Launch(clientToken: token))
        #expect(stub.requests.map(\.bodyText) == Array(repeating: #"{"clientToken":"\#(token)"}"#, count: 3))
    }

    @Test(arguments: [nil, ""]) func aCallWithoutItsTokenIsNotSent(token: String?) async throws {
        let (client, stub) = AWSClient.stub { _, _ in .text(200, "{}") }
        let failure = await #expect(throws: Failure.self) {
            _ = try await client.send(launch, Launch(clientToken: token))
        }
        #expect(failure?.message == "ECS RunTask: there is no idempotency token in clientToken")
        #expect(stub.requests.isEmpty)
    }

    @Test func whatActsAtEachArrivalIsNotSentAgainOnceItMayHaveActed() async throws {
        let (client, stub) = AWSClient.stub { _, index in
            if index == 0 { throw HTTPError.cannotConnect(host: "h", reason: "refused") }
            throw HTTPError.connectionLost(reason: "reset")
        }
        let error = await #expect(throws: AWSNoAnswer.self) { try await client.send(publish, Launch()) }
        #expect(stub.requests.count == 2)
        #expect(error?.mayHaveActed == true)
        #expect(
            error?.description
                == "ECS Publish: no answer from https://ecs.eu-west-1.amazonaws.com after 2 attempts: connection lost: "
                + "reset; it may have been carried out all the same")
    }

    @Test func anErrorAfterALostAnswerSaysSo() async throws {
        let (client, _) = AWSClient.stub { _, index in
            if index == 0 { throw HTTPError.connectionLost(reason: "reset") }
            return Self.error("ConflictException")
        }
        let error = await #expect(throws: AWSError.self) { try await client.send(run, [:]) }
        #expect(error?.mayHaveActed == true)
        #expect(error?.attempts == 2)
        #expect(
            error?.description
                == "ECS RunTask: ConflictException: m after 2 attempts; an attempt may have been carried out all the same"
        )
    }

    @Test func idempotencyFollowsFromEffectAndMethod() {
        func idempotent(_ effect: Effect, _ method: String) -> Idempotency {
            Operation<Nothing, Nothing>("X", of: Samples.s3, effect, method: method).idempotent
        }
        #expect(idempotent(.reads, "POST") == .byNature)
        #expect(idempotent(.mutates, "PUT") == .byNature)
        #expect(idempotent(.mutates, "DELETE") == .byNature)
        #expect(idempotent(.mutates, "POST") == .no)
    }

    @Test func aBadSignatureUnderAGoodClockIsNoSkew() async throws {
        let (client, stub) = AWSClient.stub { _, _ in
            Self.error("SignatureDoesNotMatch", 403, headers: ["Date": "Sat, 31 Jan 2026 12:01:00 GMT"])
        }
        let error = await #expect(throws: AWSError.self) { try await client.send(list, Nothing()) }
        #expect(error?.isCredentialProblem == true)
        #expect(stub.requests.count == 1)
    }

    @Test func dryRunRefusesMutationsAndSendsNothing() async throws {
        let (client, stub) = AWSClient.stub(dryRun: true) { _, _ in Self.good }
        let failure = await #expect(throws: Failure.self) { try await client.send(run, [:], on: "nightly") }
        #expect(failure?.kind == .failed)
        #expect(failure?.message == "ECS RunTask nightly: refused, since this is a dry run")
        #expect(stub.requests.isEmpty)
        #expect(try await client.send(list, Nothing()).clusterArns == ["a"])
    }

    @Test func undecodableAnswersKeepTheRequestID() async throws {
        let (client, _) = AWSClient.stub { _, _ in .text(200, "<html>", headers: ["x-amzn-RequestId": "7f"]) }
        let error = await #expect(throws: AWSError.self) { try await client.send(list, Nothing()) }
        #expect(error?.code == "InvalidResponse")
        #expect(error?.requestID == "7f")
        #expect(error?.mayHaveActed == false)
    }

    @Test func undecodableAnswersToMutationsMayHaveActedAndAreShownWhole() async throws {
        let fake = FakeEffects()
        let page = "<html>" + String(repeating: "x", count: 1000)
        let (client, stub) = AWSClient.stub(fake: fake) { _, _ in .text(200, page) }
        let running = Operation<[String: String], Clusters>("RunTask", of: Samples.ecs, .mutates)
        let error = await #expect(throws: AWSError.self) { try await client.send(running, [:]) }
        #expect(error?.mayHaveActed == true)
        #expect(stub.requests.count == 1)
        let last = try #require(fake.traces.withLock { $0.last })
        #expect(last.contains("-> 200, but the body can't be read"))
        #expect(last.hasSuffix("\n  < \(page)"))
    }

    @Test func theTraceHoldsNoSecrets() async throws {
        let fake = FakeEffects()
        let keys = Samples.keys.merging(["AWS_SESSION_TOKEN": "sessiontoken"]) { $1 }
        let (client, stub) = AWSClient.stub(Samples.settings(keys), fake: fake) { _, index in
            if index == 0 { throw HTTPError.connectionLost(reason: "reset") }
            if index == 1 { return Self.error("ThrottlingException", headers: ["x-amzn-RequestId": "6e"]) }
            return .text(200, "{}", headers: ["x-amzn-RequestId": "7f"])
        }
        _ = try await client.send(run, ["password": "hunter2"])
        let traces = fake.traces.withLock { $0 }
        #expect(traces.count == 3)
        #expect(
            traces[0].hasPrefix(
                "ECS RunTask attempt 1: POST https://ecs.eu-west-1.amazonaws.com/ -> connection lost: reset in "))
        #expect(traces[1].contains(" -> 400 ThrottlingException 6e in "))
        #expect(traces[2].contains("attempt 3: POST https://ecs.eu-west-1.amazonaws.com/ -> 200 7f in "))
        #expect(traces[1].contains("\n  > Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"))
        #expect(traces[1].contains(", ****\n"))
        #expect(traces[1].contains("\n  > X-Amz-Security-Token: ****\n"))
        #expect(traces[1].contains("\n  > {\"password\":\"****\"}"))
        #expect(traces[1].contains("\n  < x-amzn-RequestId: 6e"))
        #expect(traces[1].contains("\n  < {\"__type\":\"ThrottlingException\",\"message\":\"m\"}"))
        #expect(traces[1].contains(", first byte after "))
        #expect(!traces[0].contains("first byte"))
        let signature = try #require(
            stub.requests[1].headers["Authorization"]?.split(separator: "=").last.map { String($0) })
        for secret in ["hunter2", "sessiontoken", signature] { #expect(!traces.joined().contains(secret)) }
    }

    // MARK: pages

    private struct PageInput: Encodable { var nextToken: String? }
    private struct Page: Decodable { var clusterArns: [String], nextToken: String? }
    private let paged = Operation<PageInput, Page>("ListClusters", of: Samples.ecs, .reads)

    @Test func fetchesPagesAsTheyAreAskedFor() async throws {
        let (client, stub) = AWSClient.stub { request, index in
            let next = index < 2 ? #","nextToken":"t\#(index)""# : #","nextToken":"""#
            return .text(200, #"{"clusterArns":["\#(index)"]\#(next)}"#)
        }
        var seen: [String] = []
        for try await page in client.pages(paged, PageInput(), output: \.nextToken, input: { $0.nextToken = $1 }) {
            seen += page.clusterArns
            #expect(stub.requests.count == seen.count)
        }
        #expect(seen == ["0", "1", "2"])
        #expect(stub.requests.map(\.bodyText) == ["{}", #"{"nextToken":"t0"}"#, #"{"nextToken":"t1"}"#])
    }

    @Test func aTokenThatRepeatsIsAnError() async throws {
        let (client, stub) = AWSClient.stub { _, _ in .text(200, #"{"clusterArns":[],"nextToken":"same"}"#) }
        await #expect(throws: AWSError.self) {
            for try await _ in client.pages(paged, PageInput(), output: \.nextToken, input: { $0.nextToken = $1 }) {}
        }
        #expect(stub.requests.count == 2)
    }

    @Test func tokensAreUUIDs() {
        let token = RequestToken.make()
        #expect(UUID(uuidString: token) != nil)
        #expect(token == token.lowercased())
        #expect(token != RequestToken.make())
    }
}
