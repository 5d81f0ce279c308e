import Support
import Testing

@testable import Images

struct PromotionPlanTests {
    static let decisions: [(String?, Bool, PromotionPlan.Action?)] = [
        (nil, true, .promote), (nil, false, .promote), ("sha256:a", true, .alreadyThere),
        ("sha256:a", false, .alreadyThere), ("sha256:b", false, .promote), ("sha256:b", true, nil),
    ]

    @Test(arguments: decisions) func decides(
        _ present: String?, _ isImmutable: Bool, _ wanted: PromotionPlan.Action?
    ) throws {
        func decide() throws -> PromotionPlan.Action {
            try PromotionPlan.decide("hello:1.0", digest: "sha256:a", present: present, hasImmutableTags: isImmutable)
        }
        guard let wanted else {
            #expect(throws: Failure.self) { try decide() }
            return
        }
        #expect(try decide() == wanted)
    }
}
