internal import Support

/// A profile file of AWS's tools: sections of `name = value` lines; indented lines below an empty value nest.
///
/// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
struct INIFile: Sendable {
    /// One `[section]`.
    struct Section: Sendable {
        var values: [String: Entry] = [:]
    }

    /// A value with its line, or the nested values below a name without one.
    struct Entry: Sendable {
        var text: String
        var line: Int
        var nested: [String: Entry] = [:]
    }

    let path: String
    /// By the text between the brackets, inner white space squeezed to one space.
    private(set) var sections: [String: Section] = [:]

    /// - Throws: `Failure` of kind `badInput` with path and line.
    init(_ text: String, path: String) throws {
        self.path = path
        var section: String?
        var lastName: String?
        // CR LF is one character.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            let number = index + 1
            let content = Self.trim(line)
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            let isIndented = line.first == " " || line.first == "\t"
            if content.hasPrefix("["), !isIndented {
                section = try Self.sectionName(content, path: path, line: number)
                lastName = nil
                if let section, sections[section] == nil { sections[section] = Section() }
                continue
            }
            guard let section else {
                throw Failure(.badInput, "\(path):\(number): a line before the first [section]")
            }
            guard let equals = content.firstIndex(of: "=") else {
                // A continuation of a value that may span lines; no setting read here does.
                if isIndented, lastName != nil { continue }
                throw Failure(.badInput, "\(path):\(number): expected 'name = value'")
            }
            let name = Self.trim(content[..<equals]).lowercased()
            let value = Self.withoutComment(Self.trim(content[content.index(after: equals)...]))
            guard !name.isEmpty else { throw Failure(.badInput, "\(path):\(number): a value without a name") }
            let entry = Entry(text: value, line: number)
            if isIndented, let parent = lastName, sections[section]?.values[parent]?.text.isEmpty == true {
                sections[section]?.values[parent]?.nested[name] = entry
            } else {
                sections[section]?.values[name] = entry
                lastName = name
            }
        }
    }

    private static func sectionName(_ content: String, path: String, line: Int) throws -> String {
        guard let close = content.firstIndex(of: "]") else {
            throw Failure(.badInput, "\(path):\(line): '[' without ']'")
        }
        let inner = content[content.index(after: content.startIndex)..<close]
        return inner.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }

    /// A comment behind a value starts with white space and `#` or `;`.
    private static func withoutComment(_ value: String) -> String {
        var previous: Character = " "
        for index in value.indices {
            if value[index] == "#" || value[index] == ";", previous == " " || previous == "\t" {
                return trim(value[..<index])
            }
            previous = value[index]
        }
        return value
    }

    private static func trim(_ text: some StringProtocol) -> String {
        var part = text[...]
        while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
        while let last = part.last, last == " " || last == "\t" { part.removeLast() }
        return String(part)
    }
}
