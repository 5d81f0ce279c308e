import Support
import YAML

/// `workspace.yaml`: from where Dagster's webserver and daemon get the users' code.
///
/// https://docs.dagster.io/deployment/code-locations/workspace-yaml
struct WorkspaceCheck {
    /// The file's path in its tree.
    let path: String
    /// The paths of all files of the tree; nil: unknown.
    let paths: Set<String>?

    static let schema: ConfigSchema = {
        let location: [String: ConfigSchema] = [
            "attribute": .textOrVariable, "location_name": .textOrVariable, "working_directory": .textOrVariable,
            "executable_path": .textOrVariable,
        ]
        func code(_ name: String, _ more: [String: ConfigSchema] = location) -> ConfigSchema {
            .either(.text, .record(more, required: [name: .textOrVariable]))
        }
        let server = ConfigSchema.record([
            "host": .textOrVariable, "socket": .textOrVariable, "port": .integerOrVariable,
            "location_name": .textOrVariable,
            "ssl": .flag, "additional_metadata": .anyMapping,
        ])
        return .record([
            "load_from": .list(
                .oneOf([
                    "grpc_server": server, "python_file": code("relative_path"), "python_module": code("module_name"),
                    "python_package": code("package_name"),
                    "autoload_defs_module": code("module_name", location.filter { $0.key != "attribute" }),
                ]))
        ])
    }()

    func check(_ root: YAMLNode, _ collector: inout FindingCollector) {
        var walk = SchemaWalk(collector: collector)
        defer { collector = walk.collector }
        let hint = "such as load_from: [{grpc_server: {host: usercode, port: 4000}}]"
        if PythonScalar(root) == .null { return walk.wrong(root, Path(), "is empty", hint: hint) }
        let before = walk.collector.findings.count
        walk.walk(root, as: Self.schema)
        guard let pairs = root.pairs else { return }
        guard let list = root["load_from"] else {
            // A misspelt key has been named.
            if pairs.isEmpty || walk.collector.findings.count == before {
                walk.wrong(root, Path(), "lacks load_from", hint: hint)
            }
            return
        }
        let items = list.items ?? []
        if list.items?.isEmpty ?? false {
            walk.collector.warn(list.mark, "load_from is empty: Dagster will show no code location")
        }
        var names: [String: YAMLMark] = [:]
        for (index, item) in items.enumerated() {
            guard let pair = item.pairs?.first, item.pairs?.count == 1 else { continue }
            check(pair, item, Path().key("load_from").item(index), &walk, &names)
        }
    }

    // MARK: One location

    private func check(
        _ pair: YAMLPair, _ item: YAMLNode, _ path: Path, _ walk: inout SchemaWalk, _ names: inout [String: YAMLMark]
    ) {
        let here = path.key(pair.key)
        if pair.key == "grpc_server" {
            server(pair.value, here, &walk)
        } else {
            code(pair, here, &walk)
        }
        guard let name = Self.name(of: pair) else { return }
        if let first = names.updateValue(item.mark, forKey: name) {
            walk.wrong(
                item, path, "has the name \(name), as that in line \(first.line) has already",
                hint: "give one of them another location_name")
        }
    }

    /// A location that names code.
    private func code(_ pair: YAMLPair, _ path: Path, _ walk: inout SchemaWalk) {
        let key = Self.key(naming: pair.key)
        let isShort = pair.value.text != nil
        guard let node = isShort ? pair.value : pair.value[key], case .text(let name)? = PythonScalar(node) else {
            return
        }
        let here = isShort ? path : path.key(key)
        if name.isEmpty, isShort || pair.key != "python_file" { return walk.wrong(node, here, "is empty") }
        if pair.key == "python_file" { file(node, name, here, &walk) }
    }

    /// The key that names the code in a location's long form.
    private static func key(naming form: String) -> String {
        ["python_file": "relative_path", "python_package": "package_name"][form] ?? "module_name"
    }

    private func server(_ node: YAMLNode, _ path: Path, _ walk: inout SchemaWalk) {
        guard node.pairs != nil || PythonScalar(node) == .null else { return }
        let port = Self.given(node["port"])
        let socket = Self.given(node["socket"])
        if port && socket { return walk.wrong(node, path, "has port and socket, one of them is wanted") }
        guard port || socket else { return walk.wrong(node, path, "lacks port or socket") }
        if let number = node["port"], case .integer(let value)? = PythonScalar(number),
            !(1...65535).contains(value ?? 0)
        {
            walk.collector.warn(
                number.mark, "\(path.key("port").text): there is no port \(number.text ?? ""), they end at 65535")
        }
        if port, !Self.given(node["host"]) {
            walk.collector.warn(
                node.mark, "\(path.text) has no host: Dagster looks for it on localhost",
                hint: "on Fargate each service is a host of its own; give its discovery name")
        }
    }

    /// Whether a value is there for Dagster: present, and neither empty, 0 nor null.
    private static func given(_ node: YAMLNode?) -> Bool {
        guard let node else { return false }
        switch PythonScalar(node) {
        case .null, .text(""), .integer(0), .flag(false): return false
        case .some: return true
        case nil: return !(node.pairs?.isEmpty ?? false)
        }
    }

    private func file(_ node: YAMLNode, _ name: String, _ path: Path, _ walk: inout SchemaWalk) {
        // In the image: it can't be seen from here.
        guard let paths, !name.hasPrefix("/"), !name.isEmpty else { return }
        let target = PathText.normalized("/" + folder + "/" + name).dropFirst()
        // The flat layout puts pipelines/ beside what is in config/.
        let beside = folder == "config" ? ["pipelines/" + PathText.normalized(name)] : []
        guard !([String(target)] + beside).contains(where: paths.contains) else { return }
        walk.collector.warn(
            node.mark, "\(path.text): there is no \(name) beside this file",
            hint:
                "Dagster looks for it in the folder of \(PathText.lastComponent(of: self.path)); give a file of the image by its "
                + "absolute path")
    }

    /// The folder of the file in its tree; empty at the root.
    private var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }

    /// The name that Dagster gives a location, as far as it can be known.
    static func name(of pair: YAMLPair) -> String? {
        if let given = pair.value["location_name"], PythonScalar(given) != .text("") { return text(given) }
        if pair.key == "grpc_server" {
            guard let host = pair.value["host"].map({ text($0) }) ?? "localhost" else { return nil }
            let place = pair.value["socket"] ?? pair.value["port"]
            guard let place, let end = text(place) else { return nil }
            return "grpc:\(host.isEmpty ? "localhost" : host):\(end)"
        }
        let node = pair.value.text == nil ? pair.value[key(naming: pair.key)] : pair.value
        guard let node, let code = text(node) else { return nil }
        let base = pair.key == "python_file" ? code.split(separator: "/").last.map(String.init) ?? code : code
        guard let attribute = pair.value["attribute"] else { return base }
        return text(attribute).map { $0.isEmpty ? base : "\(base):\($0)" }
    }

    private static func text(_ node: YAMLNode) -> String? {
        switch PythonScalar(node) {
        case .text(let text): text
        case .integer(let number?): "\(number)"
        default: nil
        }
    }
}
