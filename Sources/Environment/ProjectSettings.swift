package import AWS
package import Support

/// All settings of one command. Who wins: flag, `--set KEY=VALUE`, env file, process environment.
///
/// In each layer the key's own name counts before its synonyms. A key that is set to the empty text is not set, and
/// hides what lower layers say: `AWS_ENDPOINT_URL=` in an env file takes away the endpoint of the environment.
package struct ProjectSettings: Sendable {
    /// Flags, `--set`, env file, process environment, in this order; the third is empty without an env file. Names are as
    /// written, synonyms are not resolved; what a higher layer sets to the empty text is not in the lower ones.
    package let layers: [SettingLayer]
    /// What is allowed but probably not meant: misspelt keys, keys given twice, synonyms that differ.
    package let warnings: [String]
    /// The env file as messages name it; `nil` when there is none.
    package let envFilePath: String?
    /// Where an env file was looked for in vain, for messages; `nil` when there is one.
    package var searched: String?
    /// The folder from which relative paths in the env file count.
    package let root: String
    /// The working directory, from which all other relative paths count.
    let directory: String

    private static let fileLayer = 2

    /// - Parameters:
    ///   - flags: values of flags that stand for keys.
    ///   - set: the `KEY=VALUE` texts of `--set`, in order; of equal keys the last counts.
    ///   - environment: the process environment.
    ///   - directory: the working directory, absolute.
    /// - Throws: `Failure(.usage)` for a `--set` that is not `KEY=VALUE`.
    package init(
        flags: [Key: String] = [:], set: [String] = [], envFile: EnvFile? = nil, environment: [String: String],
        directory: String = "."
    ) throws {
        let assignments = try set.map(Self.assignment)
        let assigned = assignments.map { ($0, SettingLayer.Setting(value: $1, origin: "--set \($0)")) }
        let written = envFile.map { file in
            file.entries.map { ($0.key, SettingLayer.Setting(value: $0.value, origin: "\(file.path):\($0.line)")) }
        }
        layers = Self.layers([
            (
                "command line",
                Dictionary(uniqueKeysWithValues: flags.map { ($0.rawValue, .init(value: $1, origin: $0.flag)) })
            ),
            ("--set", Dictionary(assigned, uniquingKeysWith: { $1 })),
            (envFile.map { "env file \($0.path)" } ?? "env file", Dictionary(written ?? [], uniquingKeysWith: { $1 })),
            (
                "environment",
                Dictionary(
                    uniqueKeysWithValues: environment.map { ($0, .init(value: $1, origin: "environment \($0)")) })
            ),
        ])
        envFilePath = envFile?.path
        root = envFile?.root ?? directory
        self.directory = directory
        var warnings = envFile?.warnings ?? []
        for entry in envFile?.entries ?? [] {
            guard let meant = Key.intended(by: entry.key) else { continue }
            warnings.append(
                "\(envFile?.path ?? ""):\(entry.line): fgctl knows no key \(entry.key); did you mean \(meant)?")
        }
        for (name, _) in assignments where Key(name: name) == nil {
            if let meant = Key.intended(by: name) {
                warnings.append("--set: fgctl knows no key \(name); did you mean \(meant)?")
            } else if !name.hasPrefix("AWS_") {
                warnings.append(
                    "--set: fgctl knows no key \(name); containers get variables by --set-env \(name)=…")
            }
        }
        for layer in layers[1...Self.fileLayer] { warnings += Self.contradictions(in: layer) }
        self.warnings = warnings
    }

    /// The layers, with names that a higher layer sets to the empty text taken out of the lower ones.
    private static func layers(_ given: [(name: String, values: [String: SettingLayer.Setting])]) -> [SettingLayer] {
        var hidden: Set<String> = []
        return given.map { name, values in
            let layer = SettingLayer(name: name, values: values.filter { !hidden.contains($0.key) })
            for (name, setting) in layer.values where setting.value.isEmpty {
                hidden.formUnion(Key(name: name)?.names ?? [name])
            }
            return layer
        }
    }

    private static func assignment(_ text: String) throws -> (String, String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            // Without '=' the text may be a value that was meant to be secret: not shown.
            throw Failure(.usage, "--set takes KEY=VALUE", hint: "for example --set STACK_NAME=nightly")
        }
        let name = String(text[..<equals])
        guard !name.contains(where: { !($0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_") }),
            name.first?.isNumber == false
        else {
            throw Failure(
                .usage, "--set: '\(name)' is no key",
                hint: "a key is made of letters, digits and '_', and starts with no digit")
        }
        return (name, String(text[text.index(after: equals)...]))
    }

    private static func contradictions(in layer: SettingLayer) -> [String] {
        Key.allCases.flatMap { key in
            let given = key.names.compactMap { name in layer.values[name].map { (name: name, setting: $0) } }
            guard let first = given.first else { return [String]() }
            return given.dropFirst().filter { $0.setting.value != first.setting.value }.map {
                "\($0.setting.origin): \($0.name) says otherwise than \(first.name), which counts"
            }
        }
    }

    // MARK: Values

    /// The value that counts and where it came from; `nil` when the key is not set, or set to the empty text.
    package subscript(_ key: Key) -> SettingLayer.Setting? {
        found(key).flatMap { $0.setting.value.isEmpty ? nil : $0.setting }
    }

    /// The value that counts; `nil` when the key is not set, or set to the empty text.
    package func value(_ key: Key) -> String? { self[key]?.value }

    /// The value that counts, under the name it was written with, and the number of its layer.
    private func found(_ key: Key) -> (setting: SettingLayer.Setting, name: String, layer: Int)? {
        for (index, layer) in layers.enumerated() {
            for name in key.names {
                if let setting = layer.values[name] { return (setting, name, index) }
            }
        }
        return nil
    }

    /// The value of a key that the command can't do without.
    /// - Parameter purpose: what it is needed for, as in "to name the stack".
    /// - Throws: `Failure(.usage)` naming the key and how to set it.
    package func require(_ key: Key, for purpose: String) throws -> String {
        if let setting = self[key] { return setting.value }
        let hint =
            if let envFilePath {
                "add \(key.rawValue)=… to \(envFilePath), or give --set \(key.rawValue)=…"
            } else {
                noEnvFile + ", or give --set \(key.rawValue)=…"
            }
        throw Failure(.usage, "\(key.rawValue) is not set: needed \(purpose) (\(key.summary))", hint: hint)
    }

    /// What to say where a setting is missing and there is no env file.
    package var noEnvFile: String {
        "no env file was found" + (searched.map { " (looked for env/default in \($0))" } ?? "")
            + ": make env/default in the project, or name one by -e"
    }

    /// The words of a value, parted by commas or blanks; empty when the key is not set.
    package func list(_ key: Key) -> [String] {
        self[key]?.value.split { $0 == "," || $0.isWhitespace }.map(String.init) ?? []
    }

    /// The value as yes or no; `nil` when the key is not set.
    /// - Throws: as `invalid`.
    package func bool(_ key: Key) throws -> Bool? {
        switch self[key]?.value.lowercased() {
        case nil: nil
        case "true", "yes", "on", "1", "enabled": true
        case "false", "no", "off", "0", "disabled": false
        default: throw invalid(key, "is neither true nor false")
        }
    }

    /// The value as a whole number; `nil` when the key is not set.
    /// - Throws: as `invalid`.
    package func integer(_ key: Key, in range: ClosedRange<Int> = 0...Int.max) throws -> Int? {
        guard let setting = self[key] else { return nil }
        guard !setting.value.isEmpty, setting.value.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int(setting.value)
        else { throw invalid(key, "is no whole number") }
        guard range.contains(number) else {
            throw invalid(
                key,
                range.upperBound == .max
                    ? "is less than \(range.lowerBound)" : "is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// The value as an absolute path, when the working directory is absolute: one from the env file counts from the
    /// project's root, others from the working directory; `nil` when the key is not set.
    package func path(_ key: Key) -> String? {
        guard let found = found(key), !found.setting.value.isEmpty else { return nil }
        return PathText.join(found.layer == Self.fileLayer ? root : directory, found.setting.value)
    }

    /// The failure for a value that can't be used: which value, from where, and why.
    ///
    /// - Returns: `Failure(.badInput)` with `env/default:3: ` in front for a value from the env file, `Failure(.usage)`
    ///   naming flag or variable for others. Secret values are not shown.
    package func invalid(_ key: Key, _ why: String, hint: String? = nil) -> Failure {
        guard let (setting, name, layer) = found(key) else {
            return Failure(.usage, "\(key.rawValue) \(why)", hint: hint)
        }
        let value = key.isSecret ? "" : " '\(setting.value)'"
        return layer == Self.fileLayer
            ? Failure(.badInput, "\(setting.origin): \(name)\(value) \(why)", hint: hint)
            : Failure(.usage, "\(setting.origin)\(value) \(why)", hint: hint)
    }
}
