import AWS
import Support

extension ProjectSettings {
    /// How many tags a user may give: AWS allows 50, the rest is left to CloudFormation and fgctl.
    private static let mostTags = 40

    /// The pairs of TAGS, in order: `project=demo, owner=Data Team`, or `project=demo owner=data`.
    ///
    /// Rules of https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    /// - Throws: `invalid` for a pair without `=`, a key given twice, keys over 128 or values over 256 characters,
    ///   characters that AWS refuses, keys that begin with `aws:` or `fgctl:`, more than 40 tags.
    package func tags() throws -> [(String, String)] {
        guard let text = self[.tags]?.value else { return [] }
        var tags: [(String, String)] = []
        for piece in text.split(whereSeparator: { $0 == "," || $0.isNewline }) {
            let words = piece.split(whereSeparator: \.isWhitespace)
            // Several words are one value with blanks in it, unless each is a pair of its own.
            let pairs = words.allSatisfy { $0.contains("=") } ? words : [piece]
            for pair in pairs where !words.isEmpty { tags.append(try tag(pair)) }
        }
        let keys = tags.map(\.0)
        for (index, key) in keys.enumerated() where keys[..<index].contains(key) {
            throw invalid(.tags, "names the key '\(key)' twice")
        }
        guard tags.count <= Self.mostTags else { throw invalid(.tags, "holds more than \(Self.mostTags) tags") }
        return tags
    }

    private func tag(_ pair: Substring) throws -> (String, String) {
        func trimmed(_ text: Substring) -> String {
            let start = text.drop(while: \.isWhitespace)
            return String(start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count))
        }
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw invalid(.tags, "holds '\(trimmed(pair))', which is not KEY=VALUE") }
        let (key, value) = (trimmed(parts[0]), trimmed(parts[1]))
        guard (1...128).contains(key.count) else { throw invalid(.tags, "holds a key without 1 to 128 characters") }
        guard value.count <= 256 else { throw invalid(.tags, "holds a value of more than 256 characters for '\(key)'") }
        for character in key + value
        where !(character.isLetter || character.isNumber || " _.:/=+-@".contains(character)) {
            throw invalid(
                .tags, "holds '\(character)' in the tag '\(key)'", hint: "letters, digits, spaces and _ . : / = + - @")
        }
        let lower = key.lowercased()
        guard !lower.hasPrefix("aws:"), !lower.hasPrefix("fgctl:") else {
            throw invalid(.tags, "holds the key '\(key)', which is reserved")
        }
        return (key, value)
    }

    /// The pairs of PARAMETERS, split as a shell would: `LoadBalancer=false 'WebserverCommand=httpd,-f'`.
    /// - Throws: `invalid` for a quote that is never closed, or a word that is no pair.
    package func parameters() throws -> [(name: String, value: String, origin: String)] {
        guard let setting = self[.parameters] else { return [] }
        let words: [String]
        do {
            words = try ShellWords.split(setting.value)
        } catch let failure as Failure {
            throw invalid(.parameters, "can't be split into words: \(failure.message)", hint: failure.hint)
        }
        return try words.map { word in
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw invalid(.parameters, "holds '\(word)', which is not NAME=VALUE")
            }
            return (String(word[..<equals]), String(word[word.index(after: equals)...]), setting.origin)
        }
    }

    /// The words of BUILD_ARGS, split as a shell would: `NAME=VALUE`, or `NAME` alone for the variable of that name.
    /// - Throws: `invalid` for a quote that is never closed, or a word without a name.
    package func buildArgs() throws -> [String] {
        guard let text = self[.buildArgs]?.value else { return [] }
        let words: [String]
        do {
            words = try ShellWords.split(text)
        } catch let failure as Failure {
            throw invalid(.buildArgs, "can't be split into words: \(failure.message)", hint: failure.hint)
        }
        for word in words where word.hasPrefix("=") || word.hasPrefix("-") {
            throw invalid(.buildArgs, "holds '\(word)', which is not NAME=VALUE")
        }
        return words
    }
}
