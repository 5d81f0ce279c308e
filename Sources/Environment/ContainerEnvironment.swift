package import Support

/// Environment variables for a container: from `--remote-env-file` and `--set-env`, never mixed with fgctl's own settings.
///
/// The file follows docker's rules for `--env-file`: `KEY=VALUE` with the value taken as it stands (quotes belong to it),
/// `KEY` alone takes the variable from the process environment and is left out where that has none, `#` lines are comments.
///
/// https://docs.docker.com/reference/cli/docker/container/run/#env
package struct ContainerEnvironment: Sendable {
    /// One variable.
    package struct Variable: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The variables in the order in which they were first named; each name once.
    package private(set) var variables: [Variable] = []
    /// What is allowed but probably not meant; values are never part of it.
    package private(set) var warnings: [String] = []

    /// The largest file that is read, in bytes.
    package static let limit = 1 << 20

    package init() {}

    /// The value of a variable.
    package subscript(_ name: String) -> String? { variables.first { $0.name == name }?.value }

    /// Reads a file of variables.
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - shown: the path as messages name it.
    ///   - lookup: the process environment.
    /// - Throws: `Failure(.badInput)`, `PATH:LINE: what is wrong`: bytes that are not UTF-8, a missing name or one that
    ///   can't be one, and AWS keys, which a container must get from its role.
    package static func load(
        path: String, shown: String, files: any FileSystem, lookup: (String) -> String?
    ) throws -> ContainerEnvironment {
        guard let status = files.status(of: path), !status.isDirectory else {
            throw Failure(
                .badInput, "\(shown): there is no such file",
                hint: "--remote-env-file counts from the working directory, REMOTE_ENV_FILE of an env file from the "
                    + "project's root")
        }
        return try parse(try files.read(path, limit: limit), path: shown, lookup: lookup)
    }

    /// Parses the text of such a file.
    package static func parse(
        _ text: String, path: String, lookup: (String) -> String?
    ) throws -> ContainerEnvironment {
        try parse(Array(text.utf8), path: path, lookup: lookup)
    }

    private static func parse(
        _ bytes: [UInt8], path: String, lookup: (String) -> String?
    ) throws -> ContainerEnvironment {
        var result = ContainerEnvironment()
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        for (index, raw) in content.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let place = "\(path):\(index + 1)"
            let line = (raw.last == 0x0D ? raw.dropLast() : raw).drop { $0 == 0x20 || $0 == 0x09 }
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            guard let text = String(validating: line, as: UTF8.self), !text.utf8.contains(0) else {
                throw Failure(.badInput, "\(place): the line is not UTF-8 text", hint: "save the file as UTF-8")
            }
            try result.add(text, place: place, kind: .badInput, lookup: lookup)
        }
        return result
    }

    /// Takes the `K=V` texts of `--set-env`; `K` alone takes the variable from the process environment.
    /// - Throws: `Failure(.usage)` for a missing name, one that can't be one, and AWS keys.
    package static func setEnv(_ texts: [String], lookup: (String) -> String?) throws -> ContainerEnvironment {
        var result = ContainerEnvironment()
        for text in texts { try result.add(text, place: "--set-env", kind: .usage, lookup: lookup) }
        return result
    }

    /// These variables with those of `other` over them.
    package func merging(_ other: ContainerEnvironment) -> ContainerEnvironment {
        var result = self
        for variable in other.variables { result.put(variable) }
        result.warnings += other.warnings
        return result
    }

    // MARK: One variable

    private mutating func add(
        _ text: String, place: String, kind: Failure.Kind, lookup: (String) -> String?
    ) throws {
        let equals = text.firstIndex(of: "=")
        let name = String(text[..<(equals ?? text.endIndex)])
        if name.isEmpty { throw Failure(kind, "\(place): no name before '='", hint: "write KEY=VALUE") }
        if name.hasPrefix("export ") {
            throw Failure(
                kind, "\(place): 'export' before the name", hint: "this file follows docker's rules: KEY=VALUE alone")
        }
        if name.contains(where: \.isWhitespace) {
            // Without '=' the text may be anything, so it isn't shown.
            let shown = equals == nil ? "the name" : "the name '\(name)'"
            throw Failure(kind, "\(place): \(shown) holds a blank", hint: "write KEY=VALUE")
        }
        if !Self.isName(name) {
            let shown = equals == nil ? "the name" : "'\(name)'"
            throw Failure(
                kind, "\(place): \(shown) can't name a variable",
                hint: "letters, digits, '_', '-' and '.', and no digit first")
        }
        if Self.isCredential(name) {
            throw Failure(
                kind, "\(place): \(name) must not be handed to a container",
                hint: "the container gets its rights from the task role of the stack")
        }
        guard let value = equals.map({ String(text[text.index(after: $0)...]) }) ?? lookup(name) else {
            warnings.append("\(place): \(name) is not set in the environment, so the container doesn't get it")
            return
        }
        if self[name] != nil { warnings.append("\(place): \(name) is given again; the later one counts") }
        if kind == .badInput, equals != nil, Self.isQuoted(value) {
            warnings.append("\(place): the quotes around the value of \(name) are handed over with it")
        }
        if Self.looksSecret(name) {
            warnings.append(
                "\(place): \(name) looks like a secret, and will show in DescribeTasks, CloudTrail and schedules; "
                    + "better put it into the template's Secrets")
        }
        put(Variable(name: name, value: value))
    }

    private mutating func put(_ variable: Variable) {
        if let index = variables.firstIndex(where: { $0.name == variable.name }) {
            variables[index] = variable
        } else {
            variables.append(variable)
        }
    }

    private static func isQuoted(_ value: String) -> Bool {
        guard value.count >= 2, let first = value.first else { return false }
        return first == value.last && (first == "\"" || first == "'")
    }

    /// What any program can be given, and a shell can mostly read.
    private static func isName(_ name: String) -> Bool {
        name.first?.isNumber == false
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || "_-.".contains($0) }
    }

    private static func isCredential(_ name: String) -> Bool {
        [
            "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
        ].contains(name.uppercased())
    }

    /// Whether a variable of this name probably holds a secret itself, not where to find one.
    package static func looksSecret(_ name: String) -> Bool {
        let words = name.uppercased().split { !$0.isLetter && !$0.isNumber }
        guard let last = words.last, !["ARN", "FILE", "PATH", "NAME", "ID", "URL", "TTL", "LENGTH"].contains(last)
        else { return false }
        if words.contains(where: { word in
            ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS"]
                .contains { word.hasSuffix($0) }
        }) {
            return true
        }
        return zip(words, words.dropFirst()).contains {
            ["API", "PRIVATE", "ACCESS", "SIGNING"].contains($0) && $1 == "KEY"
        }
    }
}
