package import Support

extension YAMLNode {
    /// Reads a text that holds one YAML document; JSON is YAML as well. A text without a document gives a null scalar.
    ///
    /// Aliases are replaced by what they stand for. Refused: more than one document, keys that occur twice or are no
    /// scalars, merge keys (`<<`), and whatever goes over `limits`.
    /// - Parameters:
    ///   - file: the name of the text in messages and marks.
    ///   - dialect: what else may stand in the document.
    /// - Throws: `Failure(.badInput)` that begins with `FILE:LINE:COL:`.
    package init(
        parsing text: String, file: String, limits: YAMLLimits = YAMLLimits(), dialect: YAMLDialect = .core
    ) throws(Failure) {
        var text = text
        let start = YAMLMark(file: file, line: 1, column: 1)
        let size = text.utf8.count
        guard size <= limits.bytes else {
            throw start.failure("the text has \(size) bytes, at most \(limits.bytes) are read")
        }
        // libyaml reads from the buffer while parsing: all of it happens inside the closure. The result passes through
        // `Result`, as `withUTF8` can't throw a typed error.
        let result = text.withUTF8 { buffer -> Result<YAMLNode, Failure> in
            Result { () throws(Failure) -> YAMLNode in
                let events = try EventStream(reading: buffer, file: file)
                var composer = Composer(events: events, file: file, limits: limits, dialect: dialect)
                return try composer.document()
            }
        }
        self = try result.get()
    }
}

extension YAMLMark {
    /// The place that a failure of parsing `file` begins with, and the rest of its message; where it names none (memory ran
    /// out), the beginning of the file.
    package static func splitting(_ failure: Failure, file: String) -> (mark: YAMLMark, message: String) {
        let start = YAMLMark(file: file, line: 1, column: 1)
        guard failure.message.hasPrefix(file + ":") else { return (start, failure.message) }
        let parts = failure.message.dropFirst(file.count + 1).split(separator: ":", maxSplits: 2)
        guard parts.count == 3, let line = Int(parts[0]), let column = Int(parts[1]) else {
            return (start, failure.message)
        }
        return (YAMLMark(file: file, line: line, column: column), String(parts[2].dropFirst()))
    }
}
