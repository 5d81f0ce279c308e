import Support
import Testing

struct NearestWordTests {
    @Test(arguments: [
        ("STAK_NAME", "STACK_NAME"), ("STACKNAME", "STACK_NAME"), ("STACK_NAMES", "STACK_NAME"), ("TGAS", "TAGS"),
        ("stack_name", "STACK_NAME"), ("Prod", nil), ("TAXX", nil), ("TAGS", nil), ("SOMETHING", nil), ("", nil),
    ])
    func findsTheNearest(_ word: String, _ expected: String?) {
        #expect(Suggestion.nearest(to: word, in: ["TAGS", "STACK_NAME", "REGION"]) == expected)
    }

    @Test func keepsTheDistance() {
        #expect(Suggestion.nearest(to: "prod", in: ["prd"], within: 0) == nil)
        #expect(Suggestion.nearest(to: "prod", in: ["prd"], within: 1) == "prd")
    }
}
