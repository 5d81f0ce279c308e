/// Finds what somebody may have meant.
package enum Suggestion {
    /// The candidate nearest to a misspelt word, or nil when none is near.
    ///
    /// Near is at most two slips (a letter added, left out, exchanged, or swapped with its neighbour), one in words of
    /// up to four letters; upper and lower case are alike. Among equals the first candidate wins.
    package static func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased())
        let allowed = wanted.count <= 4 ? 1 : 2
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let found = Array(candidate.lowercased())
            guard abs(found.count - wanted.count) <= allowed else { continue }
            let distance = distance(wanted, found)
            if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// The number of slips between two words: Damerau's and Levenshtein's distance in its restricted form, where no
    /// pair of neighbours is swapped and then changed again.
    package static func distance(_ first: String, _ second: String) -> Int { distance(Array(first), Array(second)) }

    private static func distance(_ first: [Character], _ second: [Character]) -> Int {
        guard !first.isEmpty, !second.isEmpty else { return max(first.count, second.count) }
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in 1...first.count {
            var current = [row]
            for column in 1...second.count {
                let same = first[row - 1] == second[column - 1]
                var cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
                    cost = min(cost, beforeLast[column - 2] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[second.count]
    }
}
