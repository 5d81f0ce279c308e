/// The parser of one line of an env file.
struct EnvLine {
    /// What is wrong with a line.
    struct Fault: Error {
        /// In characters, from 1.
        let column: Int
        let what: String
        let hint: String?
    }

    private let scalars: [Unicode.Scalar]
    private let lookup: (String) -> String?
    private var index = 0

    init(scalars: [Unicode.Scalar], lookup: @escaping (String) -> String?) {
        self.scalars = scalars
        self.lookup = lookup
    }

    /// The characters of a line.
    static func decode(_ bytes: some Sequence<UInt8>) throws(Fault) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue("\0"):
                throw Fault(column: scalars.count + 1, what: "a NUL byte", hint: "an env file is plain text")
            case .scalarValue("\r"):
                throw Fault(
                    column: scalars.count + 1, what: "a carriage return inside the line",
                    hint: "end lines with a line feed; write \\r in double quotes for the character")
            case .scalarValue(let scalar): scalars.append(scalar)
            case .emptyInput: return scalars
            case .error:
                throw Fault(column: scalars.count + 1, what: "a byte that is not UTF-8", hint: "save the file as UTF-8")
            }
        }
    }

    /// Key and value; `nil` for an empty line or a comment.
    mutating func parse() throws(Fault) -> (key: String, value: String)? {
        skipBlanks()
        guard let first = peek, first != "#" else { return nil }
        let key = try key()
        if let blank = peek, Self.isBlank(blank) {
            let start = index
            skipBlanks()
            guard let next = peek, next != "#" else { return (key, "") }
            throw fault(
                at: start, "a space after '='",
                hint: "write the value right after '=', or \(key)= alone for an empty value")
        }
        return (key, try value(of: key))
    }

    // MARK: Key

    private mutating func key() throws(Fault) -> String {
        let hint = "an env file holds KEY=VALUE lines; it is read, not executed"
        var start = index
        var name = word()
        if name == "export", let blank = peek, Self.isBlank(blank) {
            skipBlanks()
            start = index
            name = word()
        }
        guard !name.isEmpty else { throw fault(at: start, "no key before '='", hint: hint) }
        let end = index
        skipBlanks()
        guard peek == "=" else { throw fault(at: end, "no '=' after '\(name)'", hint: hint) }
        for (offset, scalar) in name.unicodeScalars.enumerated() {
            if Self.isNameStart(scalar) || offset > 0 && Self.isDigit(scalar) { continue }
            throw fault(
                at: start + offset, "'\(scalar)' in the key '\(name)'",
                hint: "a key is made of letters, digits and '_', and starts with no digit")
        }
        guard index == end else {
            throw fault(at: end, "a space before '='", hint: "write \(name)= without a space")
        }
        index += 1
        return name
    }

    /// All up to a blank or `=`.
    private mutating func word() -> String {
        var text = String.UnicodeScalarView()
        while let scalar = peek, scalar != "=", !Self.isBlank(scalar) {
            text.append(scalar)
            index += 1
        }
        return String(text)
    }

    // MARK: Value

    private mutating func value(of key: String) throws(Fault) -> String {
        var value = try home()
        while let scalar = peek {
            switch scalar {
            case "'": value += try singleQuoted()
            case "\"": value += try doubleQuoted()
            case "$": value += try expansion(quoted: false)
            case "`": throw backtick()
            case "\\":
                guard let next = peek(1) else {
                    throw fault(
                        at: index, "a backslash at the end of the line", hint: "write the value on one line")
                }
                value.unicodeScalars.append(next)
                index += 2
            case _ where Self.isBlank(scalar):
                skipBlanks()
                guard let next = peek, next != "#" else { return value }
                throw fault(
                    at: index, "more text after the value of \(key)",
                    hint: "quote a value that holds spaces: \(key)=\"…\"")
            case ";" where peek(1).map(Self.isBlank) ?? true:
                throw fault(at: index, "a ';' after the value of \(key)", hint: "one KEY=VALUE per line, without ';'")
            default:
                value.unicodeScalars.append(scalar)
                index += 1
            }
        }
        return value
    }

    /// What a leading, unquoted `~` stands for.
    private mutating func home() throws(Fault) -> String {
        guard peek == "~", peek(1).map({ $0 == "/" || Self.isBlank($0) }) ?? true else { return "" }
        guard let home = lookup("HOME"), !home.isEmpty else {
            throw fault(at: index, "'~' stands for HOME, which is not set", hint: "write the path in full")
        }
        index += 1
        return home
    }

    private mutating func singleQuoted() throws(Fault) -> String {
        let start = index
        index += 1
        var text = String.UnicodeScalarView()
        while let scalar = peek {
            index += 1
            if scalar == "'" { return String(text) }
            text.append(scalar)
        }
        throw unterminated(start)
    }

    private mutating func doubleQuoted() throws(Fault) -> String {
        let start = index
        index += 1
        var text = ""
        while let scalar = peek {
            switch scalar {
            case "\"":
                index += 1
                return text
            case "\\": text += escape()
            case "$": text += try expansion(quoted: true)
            case "`": throw backtick()
            default:
                text.unicodeScalars.append(scalar)
                index += 1
            }
        }
        throw unterminated(start)
    }

    /// A backslash in double quotes and what follows it.
    private mutating func escape() -> String {
        guard let next = peek(1) else {
            index += 1
            return "\\"
        }
        index += 2
        switch next {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "\"", "\\", "$", "`": return String(Character(next))
        default: return "\\" + String(Character(next))
        }
    }

    // MARK: Expansion

    /// What the `$` at the current place stands for.
    private mutating func expansion(quoted: Bool) throws(Fault) -> String {
        let start = index
        switch peek(1) {
        case "(":
            throw fault(
                at: start, "$(…) is refused: an env file is read, never executed",
                hint: "write the value itself; fgctl finds GIT_REV, AWS_ACCOUNT_ID and REGISTRY_URL on its own")
        case "{": return try braces()
        case .some(let scalar) where Self.isNameStart(scalar):
            index += 1
            return try variable(name(), at: start)
        case .some(let scalar)
        where Self.isDigit(scalar) || "$?!@*#-".unicodeScalars.contains(scalar)
            || !quoted && (scalar == "'" || scalar == "\""):
            throw fault(
                at: start, "'$\(scalar)' means nothing here",
                hint: "for a dollar sign write \\$, or put the value in single quotes")
        default:
            index += 1
            return "$"
        }
    }

    private mutating func braces() throws(Fault) -> String {
        let start = index
        index += 2
        let name = name()
        guard !name.isEmpty else { throw fault(at: index, "no variable name after '${'", hint: nil) }
        var orEmpty = false
        if peek == ":" {
            orEmpty = true
            index += 1
        }
        switch peek {
        case "}" where !orEmpty:
            index += 1
            return try variable(name, at: start)
        case "-":
            index += 1
            let found = lookup(name)
            let isUsed = found.map { orEmpty && $0.isEmpty } ?? true
            let text = try defaultText(openedAt: start, isUsed: isUsed)
            return isUsed ? text : found ?? ""
        case nil: throw fault(at: start, "'${' is never closed", hint: "write ${\(name)}")
        default:
            throw fault(
                at: index, "${…} takes a name, or a name and ':-default'",
                hint: "write ${\(name)} or ${\(name):-default}")
        }
    }

    /// The text up to the `}`, with what stands in it expanded. Where it is not used, unset variables do no harm.
    private mutating func defaultText(openedAt start: Int, isUsed: Bool) throws(Fault) -> String {
        var text = ""
        while let scalar = peek {
            switch scalar {
            case "}":
                index += 1
                return text
            case "\\": text += escape()
            case "`": throw backtick()
            case "\"", "'":
                throw fault(
                    at: index, "a quote in the default of ${…}", hint: "put the quotes around the whole value")
            case "$" where isUsed: text += try expansion(quoted: true)
            case "$":
                var unused = EnvLine(scalars: scalars, index: index) { _ in "" }
                _ = try unused.expansion(quoted: true)
                index = unused.index
            default:
                text.unicodeScalars.append(scalar)
                index += 1
            }
        }
        throw fault(at: start, "'${' is never closed", hint: "close it with '}'")
    }

    private init(scalars: [Unicode.Scalar], index: Int, lookup: @escaping (String) -> String?) {
        self.init(scalars: scalars, lookup: lookup)
        self.index = index
    }

    private mutating func name() -> String {
        var text = String.UnicodeScalarView()
        while let scalar = peek, Self.isNameStart(scalar) || !text.isEmpty && Self.isDigit(scalar) {
            text.append(scalar)
            index += 1
        }
        return String(text)
    }

    private func variable(_ name: String, at start: Int) throws(Fault) -> String {
        if let value = lookup(name) { return value }
        throw fault(
            at: start, "$\(name) is not set",
            hint: "set it on an earlier line or in the environment, or write ${\(name):-default}")
    }

    // MARK: Places

    private var peek: Unicode.Scalar? { peek(0) }

    private func peek(_ offset: Int) -> Unicode.Scalar? {
        index + offset < scalars.count ? scalars[index + offset] : nil
    }

    private mutating func skipBlanks() {
        while let scalar = peek, Self.isBlank(scalar) { index += 1 }
    }

    private func fault(at index: Int, _ what: String, hint: String?) -> Fault {
        Fault(column: index + 1, what: what, hint: hint)
    }

    private func unterminated(_ start: Int) -> Fault {
        fault(
            at: start, "the quote \(scalars[start]) is never closed",
            hint: "quotes close on their own line; write \\n in double quotes for a line break")
    }

    private func backtick() -> Fault {
        fault(
            at: index, "a backtick is refused: an env file is read, never executed",
            hint: "write the value itself; for the character, use single quotes")
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
}
