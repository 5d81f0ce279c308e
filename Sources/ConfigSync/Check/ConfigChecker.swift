import Support
import YAML

/// Reads a folder's `workspace.yaml` and `dagster.yaml` as Dagster would, and says everything that is wrong with them.
///
/// Pure: it is given the texts and the names of all files, and looks at nothing else. What Dagster's own loader (1.13)
/// refuses is an error; what it loads and then can't work with is a warning. The few cases in which the two differ on purpose
/// are named in docs/config-check.md, and a test compares them with the real loader.
package struct ConfigChecker: Sendable {
    /// A file of the tree that is to be checked.
    package struct File: Sendable {
        /// Relative to the tree's root, parts joined by `/`.
        package let path: String
        package let bytes: [UInt8]

        package init(path: String, bytes: [UInt8]) {
            self.path = path
            self.bytes = bytes
        }
    }

    /// What the config asks of its surroundings, and what is wrong with it.
    package struct Report: Sendable {
        /// The paths that were read, sorted.
        package let files: [String]
        /// Sorted by file and place.
        package let findings: [ConfigFinding]
        /// Each place where a variable is taken from the environment, in the same order.
        package let variables: [VariableUse]

        package var errors: [ConfigFinding] { findings.filter { $0.severity == .error } }
        package var warnings: [ConfigFinding] { findings.filter { $0.severity == .warning } }
    }

    /// At most this much of a file is read.
    package static let sizeLimit = 4 << 20

    /// The containers that will read the config; none: names of variables are not checked.
    package var environments: [ContainerVariables]
    /// How files are named in messages, before their path: `config/`.
    package var prefix: String

    package init(environments: [ContainerVariables] = [], prefix: String = "") {
        self.environments = environments
        self.prefix = prefix
    }

    /// Whether a file of a tree is one that is checked (or one whose name Dagster would overlook).
    package static func wants(_ path: String) -> Bool { kind(of: path) != nil }

    /// Everything that is wrong with `files`, all of them read to the end.
    /// - Parameter paths: the paths of all files of the tree; nil: unknown, and what is named is not looked for.
    package static func check(_ files: [File], paths: Set<String>? = nil) -> [ConfigFinding] {
        ConfigChecker().check(files, paths: paths).findings
    }

    /// Everything that is wrong with `files`, and the variables that they use. Files that are none of Dagster's are passed over.
    package func check(_ files: [File], paths: Set<String>? = nil) -> Report {
        var collector = FindingCollector()
        var read: [String] = []
        for file in files {
            guard let kind = Self.kind(of: file.path) else { continue }
            read.append(file.path)
            check(file, kind, paths: paths, &collector)
        }
        for environment in environments { environment.missing(collector.variables).forEach { collector.add($0) } }
        return Report(
            files: read.sorted(), findings: Array(Set(collector.findings)).sorted(),
            variables: collector.variables.sorted {
                ($0.file, $0.line, $0.column, $0.name) < ($1.file, $1.line, $1.column, $1.name)
            })
    }

    // MARK: Inside

    private enum Kind {
        case workspace, instance
        /// `dagster.yml`: Dagster reads only `.yaml`.
        case misnamed(String)
    }

    private static func kind(of path: String) -> Kind? {
        switch PathText.lastComponent(of: path) {
        case "workspace.yaml": .workspace
        case "dagster.yaml": .instance
        case "workspace.yml": .misnamed("workspace.yaml")
        case "dagster.yml": .misnamed("dagster.yaml")
        default: nil
        }
    }

    private func check(_ file: File, _ kind: Kind, paths: Set<String>?, _ collector: inout FindingCollector) {
        let name = prefix + file.path
        let start = YAMLMark(file: name, line: 1, column: 1)
        if case .misnamed(let meant) = kind {
            return collector.warn(start, "Dagster does not read this name", hint: "name it \(meant)")
        }
        guard let text = String(validating: file.bytes, as: UTF8.self) else {
            return collector.error(start, "is no text in UTF-8")
        }
        let root: YAMLNode
        do throws(Failure) {
            root = try YAMLNode(parsing: text, file: name, dialect: .python)
        } catch {
            let (mark, message) = YAMLMark.splitting(error, file: name)
            return collector.error(mark, message, hint: error.hint)
        }
        switch kind {
        case .workspace: WorkspaceCheck(path: file.path, paths: paths).check(root, &collector)
        case .instance: InstanceCheck().check(root, &collector)
        case .misnamed: break
        }
    }
}

/// What has been found so far.
struct FindingCollector {
    private(set) var findings: [ConfigFinding] = []
    private(set) var variables: [VariableUse] = []

    mutating func add(_ finding: ConfigFinding) { findings.append(finding) }

    mutating func error(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        findings.append(ConfigFinding(.error, at: mark, message, hint: hint))
    }

    mutating func warn(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        findings.append(ConfigFinding(.warning, at: mark, message, hint: hint))
    }

    /// Notes that the environment must hold a variable. Nothing is said of names that can't be one.
    mutating func uses(_ name: String, at mark: YAMLMark) { variables.append(VariableUse(name: name, mark: mark)) }
}
