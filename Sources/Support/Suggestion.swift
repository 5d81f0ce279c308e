/// Finds what a user may have meant by a misspelt word.
package enum Suggestion {
    /// The candidate with the fewest slips from `word`; the first of several that are as near.
    ///
    /// A slip is a character more, less or other, or two neighbours swapped; upper and lower case are alike. At most
    /// `distance` slips are taken, and one in words of up to four characters. A candidate equal to `word` is none.
    package static func nearest(
        to word: String, in candidates: some Sequence<String>, within distance: Int = 2
    ) -> String? {
        let wanted = Array(word.lowercased())
        let allowed = wanted.count <= 4 ? min(distance, 1) : distance
        var best: (candidate: String, slips: Int)?
        for candidate in candidates where candidate != word {
            let slips = self.distance(wanted, Array(candidate.lowercased()))
            if slips <= allowed, slips < best?.slips ?? .max { best = (candidate, slips) }
        }
        return best?.candidate
    }

    /// The number of slips between two words (optimal string alignment distance).
    package static func distance(_ first: String, _ second: String) -> Int { distance(Array(first), Array(second)) }

    private static func distance(_ source: [Character], _ target: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...target.count)
        for (row, character) in source.enumerated() {
            var current = [row + 1]
            for (column, other) in target.enumerated() {
                var least = min(last[column + 1], current[column]) + 1
                least = min(least, last[column] + (character == other ? 0 : 1))
                if row > 0, column > 0, character == target[column - 1], source[row - 1] == other {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[target.count]
    }
}
