/// The types of Dagster's config system, as far as its instance and workspace files use them.
///
/// https://docs.dagster.io/deployment/oss/oss-instance-configuration and
/// https://docs.dagster.io/deployment/code-locations/workspace-yaml
indirect enum ConfigSchema: Sendable {
    case text
    case integer
    case flag
    /// A number, whole or not; Python counts true and false among them.
    case number
    /// The scalar, or `{env: NAME}`.
    case variable(ConfigSchema)
    /// The value may be null.
    case orNull(ConfigSchema)
    case list(ConfigSchema)
    /// A scalar of the first type, or a mapping or list of the second.
    case either(ConfigSchema, ConfigSchema)
    /// A mapping of these keys; `open`: others are let pass.
    case record(Fields, open: Bool)
    /// A mapping of exactly one of these keys.
    case oneOf(Fields)
    /// `module`, `class` and `config`, the last checked where the class is known.
    case classReference

    /// Keys, the required ones apart.
    struct Fields: Sendable {
        let required: [String: ConfigSchema]
        let optional: [String: ConfigSchema]

        subscript(_ name: String) -> ConfigSchema? { required[name] ?? optional[name] }

        /// All names, sorted.
        var names: [String] { (Array(required.keys) + optional.keys).sorted() }
    }

    static let textOrVariable = variable(.text)
    static let integerOrVariable = variable(.integer)
    static let flagOrVariable = variable(.flag)
    /// A mapping that may hold anything.
    static let anyMapping = record([:], open: true)

    static func record(
        _ optional: [String: ConfigSchema], required: [String: ConfigSchema] = [:], open: Bool = false
    ) -> ConfigSchema {
        .record(Fields(required: required, optional: optional), open: open)
    }

    static func oneOf(_ choices: [String: ConfigSchema]) -> ConfigSchema {
        .oneOf(Fields(required: [:], optional: choices))
    }

    /// Whether a key that has nothing behind it counts as an empty mapping, where it is the choice among several.
    var hasFields: Bool {
        switch self {
        case .record, .oneOf, .classReference: true
        default: false
        }
    }

    /// What is expected, for messages.
    var expected: String {
        switch self {
        case .text: "text"
        case .integer: "a whole number"
        case .flag: "true or false"
        case .number: "a number"
        case .variable(let scalar): "\(scalar.expected) or {env: NAME}"
        case .orNull(let inner): "\(inner.expected) or null"
        case .list: "a list"
        case .either(let scalar, let other): "\(scalar.expected) or \(other.expected)"
        case .record, .classReference: "a mapping"
        case .oneOf(let fields): "a mapping of one of \(fields.names.joined(separator: ", "))"
        }
    }
}
