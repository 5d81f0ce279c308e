import HTTP
import TestSupport
import Testing

@testable import AWS

/// Names on the wire that are made from coding keys.
struct MemberNamesTests {
    private static let names = MemberNames.pascalCase(except: ["awsvpcConfiguration", "weight"])
    private static let json = Service(
        name: "t", sdkID: "T", endpointPrefix: "t", signingName: "t", apiVersion: "1",
        wire: .json(version: "1.1", targetPrefix: "T"), memberNames: names)
    private static let rest = Service(
        name: "t", sdkID: "T", endpointPrefix: "t", signingName: "t", apiVersion: "1", wire: .restJSON,
        memberNames: names)

    struct Item: Codable, Sendable, Equatable {
        var weight: Int
        var itemName: String
    }

    struct Body: Codable, Sendable, Equatable {
        var name: String
        var awsvpcConfiguration: Item?
        var tags: [String: String]
        var nested: [String: Item]
        var items: [Item]
        var aBC: String?
    }

    private static let body = Body(
        name: "n", awsvpcConfiguration: Item(weight: 1, itemName: "i"), tags: ["lower": "a", "Upper": "b"],
        nested: ["itemKey": Item(weight: 2, itemName: "j")], items: [Item(weight: 3, itemName: "k")], aBC: "x")
    private static let wire =
        #"{"Name":"n","awsvpcConfiguration":{"weight":1,"ItemName":"i"},"Tags":{"Upper":"b","lower":"a"},"#
        + #""Nested":{"itemKey":{"weight":2,"ItemName":"j"}},"Items":[{"weight":3,"ItemName":"k"}],"ABC":"x"}"#

    @Test(arguments: [
        ("stackName", "StackName"), ("eTag", "ETag"), ("uRL", "URL"), ("Already", "Already"), ("weight", "weight"),
        ("", ""), ("a", "A"),
    ])
    func capitalisesTheFirstLetterOnly(key: String, name: String) {
        #expect(Self.names.wireName(key) == name)
        #expect(MemberNames.asWritten.wireName(key) == key)
    }

    @Test func writesMembersButLeavesKeysOfMapsAlone() throws {
        let operation = Operation<Body, Nothing>("Do", of: Self.json, .reads)
        let request = try RequestEncoder.encode(operation, Self.body)
        guard case .bytes(let bytes) = request.body else {
            Issue.record("the body is not held in memory")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == Self.wire)
    }

    @Test func readsBackWhatItWrites() throws {
        let operation = Operation<Nothing, Body>("Do", of: Self.json, .reads)
        let body = try ResponseDecoder.decode(operation, status: 200, headers: [:], body: Array(Self.wire.utf8))
        #expect(body == Self.body)
    }

    @Test func aMemberInItsSwiftSpellingIsNotTheMember() throws {
        let operation = Operation<Nothing, Body>("Do", of: Self.json, .reads)
        let wrong = Self.wire.replacing(#""Name":"n""#, with: #""name":"n""#)
        #expect(throws: DecodingError.self) {
            try ResponseDecoder.decode(operation, status: 200, headers: [:], body: Array(wrong.utf8))
        }
    }

    struct Bound: Codable, Sendable, RESTBound {
        var thingName: String
        var weight: Int
        var token: String?
        var rest: String
        static let bindings: [String: RESTBinding] = [
            "thingName": .path, "weight": .query("weight"), "token": .header("x-token"),
        ]
    }

    struct Answer: Codable, Sendable, RESTBound {
        var eTag: String?
        var statusCode: Int
        var rest: String
        static let bindings: [String: RESTBinding] = ["eTag": .header("ETag"), "statusCode": .status]
    }

    @Test func bindsPlacesByTheSameNames() throws {
        let operation = Operation<Bound, Answer>("Do", of: Self.rest, .reads, path: "/things/{ThingName}")
        let request = try RequestEncoder.encode(
            operation, Bound(thingName: "a b", weight: 5, token: "t", rest: "r"))
        #expect(request.target == "/things/a%20b?weight=5")
        #expect(request.headers["x-token"] == "t")
        guard case .bytes(let bytes) = request.body else {
            Issue.record("the body is not held in memory")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"Rest":"r"}"#)
        let answer = try ResponseDecoder.decode(
            operation, status: 201, headers: ["etag": "e"], body: Array(#"{"Rest":"s"}"#.utf8))
        #expect(answer.eTag == "e")
        #expect(answer.statusCode == 201)
        #expect(answer.rest == "s")
    }
}
