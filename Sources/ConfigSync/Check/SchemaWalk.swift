import Support
import YAML

/// Compares a document with a schema, by the rules of Dagster's `validate_config`; all findings, not the first.
struct SchemaWalk {
    /// What to make of a mapping's `class`: the schema of its `config`, and what else is known of it.
    var classes: DagsterClasses = .none
    var collector: FindingCollector

    mutating func walk(_ node: YAMLNode, as schema: ConfigSchema, path: Path = Path()) {
        guard checkTag(node, path) else { return }
        if PythonScalar(node) == .null {
            if case .orNull = schema { return }
            return wrong(node, path, "has no value, \(schema.expected) is wanted")
        }
        switch schema {
        case .orNull(let inner): walk(node, as: inner, path: path)
        case .text, .integer, .flag, .number: scalar(node, schema, path)
        case .variable(let scalar):
            if node.pairs != nil { variable(node, path) } else { self.scalar(node, scalar, path, wanted: schema) }
        case .either(let scalar, let other):
            walk(node, as: node.text == nil ? other : scalar, path: path)
        case .list(let item):
            guard let items = node.items else { return mismatch(node, schema, path) }
            for (index, value) in items.enumerated() { walk(value, as: item, path: path.item(index)) }
        case .record(let fields, let open): record(node, schema, fields, open: open, path)
        case .oneOf(let fields): choice(node, schema, fields, path)
        case .classReference: classReference(node, path)
        }
    }

    // MARK: Scalars

    private mutating func scalar(_ node: YAMLNode, _ schema: ConfigSchema, _ path: Path, wanted: ConfigSchema? = nil) {
        guard let value = PythonScalar(node) else { return mismatch(node, wanted ?? schema, path) }
        switch (schema, value) {
        case (.text, .text), (.integer, .integer), (.flag, .flag): return
        case (.number, .integer), (.number, .number), (.number, .flag): return
        default: mismatch(node, wanted ?? schema, path)
        }
    }

    /// `{env: NAME}`.
    private mutating func variable(_ node: YAMLNode, _ path: Path) {
        let pairs = node.pairs ?? []
        guard pairs.count == 1, let pair = pairs.first, pair.key == "env" else {
            let keys = pairs.map(\.key).joined(separator: ", ")
            return wrong(
                node, path,
                "is a mapping of \(keys.isEmpty ? "nothing" : keys); where a value comes from the environment it is {env: NAME}"
            )
        }
        guard checkTag(pair.value, path.key("env")) else { return }
        guard case .text(let name)? = PythonScalar(pair.value) else {
            return mismatch(pair.value, .text, path.key("env"))
        }
        guard !name.isEmpty else { return wrong(pair.value, path.key("env"), "names no variable") }
        collector.uses(name, at: pair.value.mark)
    }

    // MARK: Mappings

    private mutating func record(
        _ node: YAMLNode, _ schema: ConfigSchema, _ fields: ConfigSchema.Fields, open: Bool, _ path: Path
    ) {
        guard let pairs = node.pairs else { return mismatch(node, schema, path) }
        for pair in pairs {
            if let type = fields[pair.key] {
                walk(pair.value, as: type, path: path.key(pair.key))
            } else if open {
                tags(pair.value, path.key(pair.key))
            } else {
                unknown(pair, fields, path)
            }
        }
        let missing = fields.required.keys.filter { node[$0] == nil }.sorted()
        if !missing.isEmpty {
            wrong(node, path, "lacks \(missing.joined(separator: ", "))")
        }
    }

    private mutating func unknown(_ pair: YAMLPair, _ fields: ConfigSchema.Fields, _ path: Path) {
        let meant = Suggestion.nearest(to: pair.key, in: fields.names)
        let known = fields.names.isEmpty ? "none is known here" : "known are \(fields.names.joined(separator: ", "))"
        collector.error(
            pair.keyMark, "\(path.prefix)unknown key \(pair.key)", hint: meant.map { "did you mean \($0)?" } ?? known)
    }

    private mutating func choice(_ node: YAMLNode, _ schema: ConfigSchema, _ fields: ConfigSchema.Fields, _ path: Path)
    {
        guard let pairs = node.pairs else { return mismatch(node, schema, path) }
        guard let pair = pairs.first, pairs.count == 1 else {
            let names = pairs.map(\.key).joined(separator: ", ")
            return wrong(
                node, path,
                pairs.isEmpty
                    ? "is empty, one of \(fields.names.joined(separator: ", ")) is wanted"
                    : "has \(names), exactly one of \(fields.names.joined(separator: ", ")) is wanted")
        }
        guard let type = fields[pair.key] else { return unknown(pair, fields, path) }
        if type.hasFields, PythonScalar(pair.value) == .null {
            let empty = YAMLNode(.mapping([]), mark: pair.value.mark)
            return walk(empty, as: type, path: path.key(pair.key))
        }
        walk(pair.value, as: type, path: path.key(pair.key))
    }

    private mutating func classReference(_ node: YAMLNode, _ path: Path) {
        let before = collector.findings.count
        record(
            node, .classReference,
            ConfigSchema.Fields(required: ["module": .text, "class": .text], optional: ["config": .anyMapping]),
            open: false,
            path)
        guard collector.findings.count == before else { return }
        for key in ["module", "class"] {
            if let value = node[key], value.text?.isEmpty ?? false { return wrong(value, path.key(key), "is empty") }
        }
        classes.check(node, path, &self)
    }

    // MARK: Tags

    /// Tags that PyYAML's safe loader knows, by the kind of node.
    private static let scalarTags: Set<String> = ["null", "bool", "int", "float", "str", "binary", "timestamp"]
    private static let listTags: Set<String> = ["seq", "omap", "pairs"]
    private static let mappingTags: Set<String> = ["map", "set"]

    private mutating func checkTag(_ node: YAMLNode, _ path: Path) -> Bool {
        guard let tag = node.tag, tag != "!" else { return true }
        let name = tag.hasPrefix("tag:yaml.org,2002:") ? String(tag.dropFirst("tag:yaml.org,2002:".count)) : nil
        let known =
            switch node.content {
            case .scalar: Self.scalarTags
            case .sequence: Self.listTags
            case .mapping: Self.mappingTags
            }
        if let name, known.contains(name) { return true }
        wrong(node, path, "has the tag \(tag), which Dagster does not read")
        return false
    }

    /// Tags where anything else may stand.
    private mutating func tags(_ node: YAMLNode, _ path: Path) {
        guard checkTag(node, path) else { return }
        for (index, item) in (node.items ?? []).enumerated() { tags(item, path.item(index)) }
        for pair in node.pairs ?? [] { tags(pair.value, path.key(pair.key)) }
    }

    // MARK: Findings

    private mutating func mismatch(_ node: YAMLNode, _ schema: ConfigSchema, _ path: Path) {
        wrong(node, path, "is \(node.pythonKindName), \(schema.expected) is wanted")
    }

    mutating func wrong(_ node: YAMLNode, _ path: Path, _ what: String, hint: String? = nil) {
        collector.error(node.mark, "\(path.subject) \(what)", hint: hint)
    }
}

/// Where a value stands in its document: `load_from[0].grpc_server.port`.
struct Path: Sendable {
    private(set) var text = ""

    func key(_ name: String) -> Path { Path(text: text.isEmpty ? name : "\(text).\(name)") }
    func item(_ index: Int) -> Path { Path(text: "\(text)[\(index)]") }

    /// As the subject of a sentence.
    var subject: String { text.isEmpty ? "the file" : text }
    /// Before a statement about something in it.
    var prefix: String { text.isEmpty ? "" : "\(text): " }
}

extension YAMLNode {
    /// What the node is to Dagster: `text`, `a whole number`, …
    var pythonKindName: String {
        switch PythonScalar(self) {
        case nil: return kindName
        case .null: return "null"
        // The one value that is shown, since few expect it of such a word; others could be somebody's password.
        case .flag: return "true or false (\(text ?? ""))"
        case .integer: return "a whole number"
        case .number: return "a number"
        case .text: return "text"
        }
    }
}
