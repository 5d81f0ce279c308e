/// Splits a command written as one text into its words, as a POSIX shell would, without running or expanding anything.
///
/// Blanks and line breaks part words; `'…'` is literal; in `"…"` a backslash takes away the meaning of `"`, `\`, `$`
/// and the backtick; elsewhere a backslash takes away the meaning of the next character.
package enum ShellWords {
    /// The words of `text`.
    /// - Throws: `Failure(.usage)` naming the column (from 1) of a quote that is never closed, or of a last backslash.
    package static func split(_ text: String) throws -> [String] {
        var words: [String] = []
        var word: String?
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            switch character {
            case _ where character.isWhitespace:
                if let done = word { words.append(done) }
                word = nil
            case "'", "\"":
                let (quoted, end) = try quotation(characters, from: index)
                word = (word ?? "") + quoted
                index = end
            case "\\":
                guard index + 1 < characters.count else {
                    throw Failure(
                        .usage, "column \(index + 1): nothing follows the last backslash of the command",
                        hint: #"write \\ for a backslash"#)
                }
                index += 1
                // A backslash before a line break joins the lines.
                if !characters[index].isNewline { word = (word ?? "") + String(characters[index]) }
            default:
                word = (word ?? "") + String(character)
            }
            index += 1
        }
        if let done = word { words.append(done) }
        return words
    }

    /// The words as one text that `split` and a shell read back as the same words.
    package static func join(_ words: [String]) -> String {
        words.map(quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=@%+,".utf8.contains(byte)
            }
        }
        if plain && !word.isEmpty { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// The text in the quotes that open at `start`, and the place of the closing quote.
    private static func quotation(_ characters: [Character], from start: Int) throws -> (String, end: Int) {
        let quote = characters[start]
        var text = ""
        var index = start + 1
        while index < characters.count {
            let character = characters[index]
            if character == quote { return (text, index) }
            if quote == "\"", character == "\\", index + 1 < characters.count {
                let next = characters[index + 1]
                switch next {
                case "\"", "\\", "$", "`": text.append(next)
                case _ where next.isNewline: break
                default: text += "\\" + String(next)
                }
                index += 1
            } else {
                text.append(character)
            }
            index += 1
        }
        throw Failure(
            .usage, "column \(start + 1): the quote \(quote) of the command is never closed",
            hint: "close it, or put a backslash before it")
    }
}
