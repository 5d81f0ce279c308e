package import YAML

/// Something wrong, or doubtful, at one place of a config file.
package struct ConfigFinding: Codable, Sendable, Hashable {
    package enum Severity: String, Codable, Sendable, CaseIterable {
        /// Dagster would refuse the file.
        case error
        /// Dagster loads it, but it will hardly do what was meant.
        case warning
    }

    package let severity: Severity
    /// The file's path as it was given.
    package let file: String
    /// Counts from 1.
    package let line: Int
    /// Counts from 1, in Unicode scalars.
    package let column: Int
    /// One line: where in the document (`run_launcher.config.secrets_tag`), and what is wrong.
    package let message: String
    /// What to do about it, where there is more to say.
    package let hint: String?

    package init(_ severity: Severity, at mark: YAMLMark, _ message: String, hint: String? = nil) {
        self.severity = severity
        self.file = mark.file
        self.line = mark.line
        self.column = mark.column
        self.message = message
        self.hint = hint
    }

    /// The finding in one line, as compilers write theirs: `FILE:LINE:COL: error: MESSAGE (HINT)`.
    package var text: String {
        "\(file):\(line):\(column): \(severity.rawValue): \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}

extension ConfigFinding: Comparable {
    /// By place in the text.
    package static func < (first: ConfigFinding, second: ConfigFinding) -> Bool {
        (first.file, first.line, first.column, first.message) < (
            second.file, second.line, second.column, second.message
        )
    }
}

/// A variable that a config file takes from the environment of its container, by `{env: NAME}`.
package struct VariableUse: Codable, Sendable, Hashable {
    package let name: String
    package let file: String
    package let line: Int
    package let column: Int

    package init(name: String, mark: YAMLMark) {
        self.name = name
        self.file = mark.file
        self.line = mark.line
        self.column = mark.column
    }

    package var mark: YAMLMark { YAMLMark(file: file, line: line, column: column) }
}
