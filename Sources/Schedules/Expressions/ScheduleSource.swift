internal import Support

/// The text of an expression with the columns of its words, for messages that point at the fault.
struct ScheduleSource {
    /// A run of characters without white space.
    struct Word {
        let text: String
        /// Of the first character, counted from 1.
        let column: Int
    }

    let text: String
    let characters: [Character]

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    var words: [Word] { words(in: 0..<characters.count) }

    /// The column behind the last character that is not white space.
    var end: Int { (characters.lastIndex { !$0.isWhitespace } ?? -1) + 2 }

    func words(in range: Range<Int>) -> [Word] {
        var words: [Word] = []
        var start: Int?
        for index in range {
            if characters[index].isWhitespace {
                if let begun = start { words.append(word(begun..<index)) }
                start = nil
            } else if start == nil {
                start = index
            }
        }
        if let begun = start { words.append(word(begun..<range.upperBound)) }
        return words
    }

    private func word(_ range: Range<Int>) -> Word {
        Word(text: String(characters[range]), column: range.lowerBound + 1)
    }

    /// `schedule expression '0 0 * * * *': day-of-week (column 9): why`
    func failure(_ field: String? = nil, at column: Int, _ why: String, hint: String? = nil) -> Failure {
        let shown = String(characters.map { $0.isNewline ? " " : $0 })
        let place = field.map { "\($0) (column \(column))" } ?? "column \(column)"
        return Failure(.badInput, "schedule expression '\(shown)': \(place): \(why)", hint: hint)
    }
}

extension ScheduleSource.Word {
    /// The parts between separators, each with its own column; empty parts are kept.
    func split(_ separator: Character) -> [ScheduleSource.Word] {
        var parts: [ScheduleSource.Word] = []
        var column = self.column
        for part in text.split(separator: separator, omittingEmptySubsequences: false) {
            parts.append(ScheduleSource.Word(text: String(part), column: column))
            column += part.count + 1
        }
        return parts
    }
}
