import HTTP
import Testing
import XML

@testable import AWS

/// Answers cut and changed at random, always the same way: readers must end with a value or an error, and what they accept
/// must be writable.
struct FuzzTests {
    private struct Dice {
        private var state: UInt64
        init(_ seed: UInt64) { state = seed }
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }

    private static let json = Array(
        #"{"a":[1,-2.5e3,true,null,"t\u00e4\ud83d\ude00\n"],"b":{"c":{},"d":[]},"__type":"x#Y:z","message":"m"}"#.utf8)
    private static let xml = Array(
        "<?xml version='1.0'?><R xmlns='u'><Error><Code>C</Code><Message>&lt;m&#65;</Message></Error><L><m>1</m><m/></L></R>"
            .utf8)

    private static func mutate(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = bytes
        for _ in 0...dice.next(3) where !bytes.isEmpty {
            let place = dice.next(bytes.count)
            switch dice.next(4) {
            case 0: bytes[place] = UInt8(dice.next(256))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8(dice.next(256)), at: place)
            default: bytes.removeLast(dice.next(bytes.count))
            }
        }
        return bytes
    }

    @Test func readersEndWithAValueOrAnError() {
        var dice = Dice(7)
        var accepted = 0
        for _ in 0..<5_000 {
            let json = Self.mutate(Self.json, &dice)
            if let node = try? JSONReader.read(json) {
                accepted += 1
                if case .object = node {} else if case .array = node {} else { _ = node.text }
            }
            let xml = Self.mutate(Self.xml, &dice)
            if (try? XMLDocument.parse(xml)) != nil { accepted += 1 }
            for (service, body) in [(Samples.ecs, json), (Samples.sts, xml), (Samples.s3, xml), (Samples.ec2, json)] {
                let answer = ErrorDecoder.decode(service.wire, status: 400, headers: [:], body: body)
                #expect(answer.code != "")
            }
        }
        // Both kinds happened, so the run meant something.
        #expect(accepted > 100)
        #expect(accepted < 10_000)
    }
}
