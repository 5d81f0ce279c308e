import FoundationEssentials
import HTTP
import TestSupport
import Testing

@testable import AWS

/// Outcome and number of requests for each way in which a service can misbehave, over the real network layer.
struct FaultTests {
    typealias Fault = FaultService.Fault

    /// What a call came to.
    enum Outcome: Equatable, Sendable {
        case made(String)
        case error(String, acted: Bool)
        case noAnswer(acted: Bool)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let idempotent: Idempotency
        /// Of the first requests; the others go well.
        let faults: [Fault]
        var unread = 0
        let outcome: Outcome
        let requests: Int

        init(
            _ name: String, _ idempotent: Idempotency, _ faults: [Fault], unread: Int = 0, _ outcome: Outcome,
            _ requests: Int
        ) {
            testDescription = name
            self.idempotent = idempotent
            self.faults = faults
            self.unread = unread
            self.outcome = outcome
            self.requests = requests
        }
    }

    private static let token = Idempotency.byToken("ClientToken")
    private static let once = Outcome.made("call-1/1")

    static let cases = [
        Case("500, then well", token, [.error(500, "InternalError")], once, 2),
        Case("500 after it acted", token, [.error(500, "InternalError", acted: true)], once, 2),
        Case(
            "500 all the time", token, .init(repeating: .error(500, "InternalError", acted: true), count: 3),
            .error("InternalError", acted: true), 3),
        Case(
            "500, what acts each time", .no, [.error(500, "InternalError", acted: true)],
            .error("InternalError", acted: true), 1),
        Case("503", token, [.error(503, "ServiceUnavailable"), .error(503, "ServiceUnavailable")], once, 3),
        Case("503 SlowDown, what acts each time", .no, [.error(503, "SlowDown")], once, 2),
        Case("429", token, [.error(429, "TooManyRequests")], once, 2),
        Case("429, what acts each time", .no, [.error(429, "x"), .error(429, "x")], once, 3),
        Case("429 all the time", token, .init(repeating: .error(429, "x"), count: 3), .error("x", acted: false), 3),
        Case(
            "throttled under a code of bad input", .no, [.error(400, "InvalidParameterException", "Rate exceeded")],
            once, 2),
        Case(
            "bad input", token, [.error(400, "InvalidParameterException")],
            .error("InvalidParameterException", acted: false), 1),
        Case("a proxy's 502", token, [.page(502, acted: true)], once, 2),
        Case("a proxy's 502, what acts each time", .no, [.page(502, acted: true)], .error("HTTP502", acted: true), 1),
        Case("a proxy's 404", token, [.page(404, acted: false)], .error("HTTP404", acted: false), 1),
        Case(
            "lost, then refused", token, [.reset(acted: true), .error(403, "AccessDenied")],
            .error("AccessDenied", acted: true), 2),
        Case("reset before the request was read", token, [], unread: 1, once, 1),
        Case("reset unread, what acts each time", .no, [], unread: 1, .noAnswer(acted: true), 0),
        Case("reset unread all the time", token, [], unread: 3, .noAnswer(acted: true), 0),
        Case("reset after it acted", token, [.reset(acted: true)], once, 2),
        Case("reset after it acted, set by name", .byNature, [.reset(acted: true)], .made("call-1-set/1"), 2),
        Case("reset after it acted, what acts each time", .no, [.reset(acted: true)], .noAnswer(acted: true), 1),
        Case("closed without an answer", token, [.close(acted: true), .close(acted: false)], once, 3),
        Case("stall before it acted", token, [.stall(acted: false)], once, 2),
        Case("stall after it acted", token, [.stall(acted: true)], once, 2),
        Case("stall, what acts each time", .no, [.stall(acted: true)], .noAnswer(acted: true), 1),
        Case("stall all the time", token, .init(repeating: .stall(acted: false), count: 3), .noAnswer(acted: true), 3),
        Case("half a body", token, [.half(stalls: false)], once, 2),
        Case("half a body, then silence", token, [.half(stalls: true)], once, 2),
        Case("half a chunked body", token, [.halfChunk], once, 2),
        Case("half a body, what acts each time", .no, [.half(stalls: false)], .noAnswer(acted: true), 1),
        Case("no HTTP", token, [.noHTTP], once, 2),
        Case("gibberish", token, [.gibberish], .error("InvalidResponse", acted: true), 1),
        Case("byte by byte", .no, [.dribble], once, 1),
    ]

    @Test(arguments: cases) func comesToWhatItShould(_ item: Case) async throws {
        let faults = item.faults
        let service = try FaultService(.json, unread: item.unread) { _, index in
            index < faults.count ? faults[index] : .none
        }
        let transport = CurlTransport()
        let name = item.idempotent == .byNature ? "call-1-set" : "call-1"
        // Only where silence is the fault is there little patience, and even there more than a busy machine uses up: an attempt
        // given up for its slowness would be one too many.
        let client = service.client(FakeEffects(), on: transport) { index in
            index < faults.count && faults[index].stalls ? .seconds(3) : .seconds(60)
        }
        let outcome = try await Self.call(client, .json, item.idempotent, name)
        await transport.shutdown()
        #expect(outcome == item.outcome)
        #expect(service.thing(name).requests == item.requests)
        #expect(service.thing(name).acts <= 1)
        #expect(service.thing(name).tokens.count <= 1)
        #expect(service.faults.isEmpty)
    }

    @Test(arguments: [-600.0, 600.0]) func aClockTenMinutesOffIsCorrected(skew: Double) async throws {
        let service = try FaultService(.json) { _, _ in .none }
        let transport = CurlTransport()
        let client = service.client(FakeEffects(now: Samples.date.addingTimeInterval(skew)), on: transport)
        #expect(try await Self.call(client, .json, .no, "call-1") == Self.once)
        #expect(service.thing("call-1").requests == 2)
        // Later calls are dated well at once, and so are calls that began under the wrong date.
        #expect(try await Self.call(client, .json, .no, "call-2") == .made("call-2/1"))
        #expect(service.thing("call-2").requests == 1)
        await transport.shutdown()
    }

    @Test func callsThatBeginTogetherUnderAWrongClockAllEndWell() async throws {
        let service = try FaultService(.json) { _, _ in .none }
        let transport = CurlTransport()
        let client = service.client(FakeEffects(now: Samples.date.addingTimeInterval(600)), on: transport)
        try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            for index in 0..<20 {
                group.addTask { (index, try await Self.call(client, .json, .no, "call-\(index)")) }
            }
            for try await (index, outcome) in group { #expect(outcome == .made("call-\(index)/1")) }
        }
        await transport.shutdown()
    }

    /// Calls `Make` and says what came of it; anything but the two errors of this layer is thrown.
    static func call(
        _ client: AWSClient, _ making: Making, _ idempotent: Idempotency, _ name: String, effect: Effect = .mutates
    ) async throws -> Outcome {
        let token = if case .byToken = idempotent { "token-of-\(name)" as String? } else { nil as String? }
        do {
            let input = making.input(name, token: token)
            return .made(try await client.send(making.operation(idempotent, effect), input, on: name).Id)
        } catch let error as AWSError {
            return .error(error.code, acted: error.mayHaveActed)
        } catch let error as AWSNoAnswer {
            return .noAnswer(acted: error.mayHaveActed)
        }
    }
}

/// A thousand calls in each protocol against a service that misbehaves at random; the seed decides everything but time.
@Suite(.serialized) struct SeededFaultTests {
    /// Sebastiano Vigna's SplitMix64.
    private struct Dice {
        var state: UInt64

        mutating func next(below limit: UInt64) -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return (mixed ^ (mixed >> 31)) % limit
        }
    }

    private static let seed: UInt64 = 20_260_131
    private static let calls = 1000
    private static let faults: [FaultService.Fault] = [
        .error(500, "InternalError"), .error(500, "InternalFailure", acted: true), .error(503, "ServiceUnavailable"),
        .error(503, "SlowDown"), .error(429, "TooManyRequestsException"), .error(400, "ThrottlingException"),
        .error(400, "ValidationError", "Rate exceeded"), .error(403, "AccessDenied"), .page(502, acted: false),
        .page(504, acted: true), .reset(acted: false), .reset(acted: true), .close(acted: false), .close(acted: true),
        .stall(acted: false), .stall(acted: true), .half(stalls: false), .half(stalls: true), .halfChunk, .noHTTP,
        .gibberish, .dribble,
    ]

    /// What goes wrong with a request; every second one goes well.
    private static func fault(_ name: String, _ request: Int) -> FaultService.Fault {
        let number = UInt64(name.split(separator: "-").dropFirst().first.flatMap { Int($0) } ?? 0)
        var dice = Dice(state: seed &+ number &* 64 &+ UInt64(request))
        if dice.next(below: 2) == 0 { return .none }
        return faults[Int(dice.next(below: UInt64(faults.count)))]
    }

    @Test(.timeLimit(.minutes(15)), arguments: Making.allCases)
    func noOutcomeIsWrong(making: Making) async throws {
        let service = try FaultService(making) { name, request in Self.fault(name, request) }
        let transport = CurlTransport()
        var wrong: [String] = []
        var tally: [String: Int] = [:]
        try await withThrowingTaskGroup(of: [(Int, FaultTests.Outcome)].self) { group in
            // Twenty clients, so that no quota of retries runs out; each starts with a clock that is ten minutes off.
            for part in 0..<20 {
                group.addTask {
                    let fake = FakeEffects(now: Samples.date.addingTimeInterval(part % 2 == 0 ? 600 : -600))
                    // Too short a patience makes a fault of its own at times; no outcome may be wrong for that.
                    let client = service.client(fake, on: transport, patience: { _ in .milliseconds(300) })
                    var seen: [(Int, FaultTests.Outcome)] = []
                    for number in stride(from: part, to: Self.calls, by: 20) {
                        seen.append((number, try await Self.call(client, making, number)))
                    }
                    return seen
                }
            }
            for try await part in group {
                for (number, outcome) in part {
                    let thing = service.thing(Self.name(number))
                    tally[Self.word(outcome), default: 0] += 1
                    if let fault = Self.fault(in: outcome, number, thing) {
                        wrong.append("\(making) call \(number): \(outcome), \(thing): \(fault)")
                    }
                }
            }
        }
        await transport.shutdown()
        #expect(wrong.isEmpty, "\(wrong.count) wrong outcomes (seed \(Self.seed)): \(wrong.prefix(5))")
        #expect(service.faults.isEmpty, "\(service.faults.prefix(3))")
        // The dice must have shown all sides, or the test says nothing. (How calls end depends on the machine's speed too.)
        #expect(service.shown == Set(Self.faults + [.none]))
        #expect((tally["made"] ?? 0) > 100 && (tally["error"] ?? 0) > 20 && (tally["noAnswer"] ?? 0) > 5, "\(tally)")
    }

    private static func idempotency(_ number: Int) -> Idempotency {
        [.byToken("ClientToken"), .byNature, .no][number % 3]
    }

    private static func name(_ number: Int) -> String { "call-\(number)" + (number % 3 == 1 ? "-set" : "") }

    private static func call(_ client: AWSClient, _ making: Making, _ number: Int) async throws -> FaultTests.Outcome {
        try await FaultTests.call(client, making, idempotency(number), name(number))
    }

    private static func word(_ outcome: FaultTests.Outcome) -> String {
        switch outcome {
        case .made: "made"
        case .error: "error"
        case .noAnswer: "noAnswer"
        }
    }

    /// Why an outcome is wrong; `nil` for a right one.
    private static func fault(
        in outcome: FaultTests.Outcome, _ number: Int, _ thing: FaultService.Thing
    ) -> String? {
        if thing.acts > 1 { return "acted \(thing.acts) times" }
        if thing.tokens.count > 1 { return "the token changed" }
        // Three attempts, and one more for the clock.
        if thing.requests > 4 { return "\(thing.requests) requests" }
        switch outcome {
        case .made(let id): return thing.acts == 1 && id == "\(name(number))/1" ? nil : "not what was made"
        case .error(_, let acted), .noAnswer(let acted): return thing.acts == 1 && !acted ? "it acted" : nil
        }
    }
}
