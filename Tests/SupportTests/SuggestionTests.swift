import Support
import Testing

struct SuggestionTests {
    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "ab", 2), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ac", 1),
        ("ac", "abc", 1), ("ab", "ba", 1), ("ca", "abc", 3), ("kitten", "sitting", 3),
    ])
    func countsSlips(first: String, second: String, distance: Int) {
        #expect(Suggestion.distance(first, second) == distance)
        #expect(Suggestion.distance(second, first) == distance)
    }

    @Test(
        arguments: [
            ("S3_BUKCET", "S3_BUCKET"), ("memory", "Memory"), ("Memroy", "Memory"), ("Cpus", "Cpu"), ("Cxx", nil),
            ("Entirely", nil), ("", nil),
        ] as [(String, String?)])
    func findsTheNearest(word: String, nearest: String?) {
        #expect(Suggestion.nearest(to: word, in: ["S3_BUCKET", "Memory", "Cpu"]) == nearest)
    }

    @Test func prefersTheNearerThenTheFirst() {
        #expect(Suggestion.nearest(to: "stacks", in: ["stork", "stack"]) == "stack")
        #expect(Suggestion.nearest(to: "abcdx", in: ["abcde", "abcdf"]) == "abcde")
    }
}
