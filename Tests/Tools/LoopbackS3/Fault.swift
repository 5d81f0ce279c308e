import Synchronization

/// What can go wrong with one exchange.
enum Fault: String, Sendable, CaseIterable {
    /// 503 without having done anything.
    case slowDown = "slow-down"
    /// The connection breaks while the request comes: nothing is done.
    case resetInRequest = "reset-in-request"
    /// The request is carried out, but the connection breaks before or within its answer.
    case resetInResponse = "reset-in-response"
    /// The answer's body ends in the middle.
    case truncated
    /// A byte of an object is another one when it is read. Listings have no checksum, on AWS TLS protects them; they
    /// come as they are.
    case flippedResponse = "flipped-response"
    /// A byte of an object is another one when it arrives.
    case flippedRequest = "flipped-request"
    /// 409: another conditional write is under way.
    case conflict

    /// Whether this can happen to a request of this kind.
    func applies(to operation: S3Operation, isConditional: Bool) -> Bool {
        switch self {
        case .slowDown, .resetInRequest, .resetInResponse: operation != .statistics
        case .truncated: operation.hasAnswerBody
        case .flippedResponse: operation == .getObject
        case .flippedRequest: operation == .putObject || operation == .uploadPart
        case .conflict: isConditional
        }
    }
}

/// Decides which exchanges meet faults.
final class FaultSource: Sendable {
    private struct State {
        var generator: SeededGenerator
        var counts: [Fault: Int] = [:]
    }

    private let state: Mutex<State>
    private let odds: Double
    private let kinds: [Fault]

    /// - Parameter odds: of each kind, for each exchange that it can happen to.
    init(seed: UInt64, odds: Double, kinds: Set<Fault>) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
        self.odds = odds
        self.kinds = Fault.allCases.filter { kinds.contains($0) }
    }

    func next(for operation: S3Operation, isConditional: Bool) -> Fault? {
        state.withLock { state in
            for kind in kinds where kind.applies(to: operation, isConditional: isConditional) {
                guard Double.random(in: 0..<1, using: &state.generator) < odds else { continue }
                state.counts[kind, default: 0] += 1
                return kind
            }
            return nil
        }
    }

    func number(below limit: Int) -> Int {
        state.withLock { limit > 0 ? Int.random(in: 0..<limit, using: &$0.generator) : 0 }
    }

    var counts: [(kind: Fault, count: Int)] {
        let counts = state.withLock { $0.counts }
        return kinds.map { ($0, counts[$0] ?? 0) }
    }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
