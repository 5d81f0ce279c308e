import Support
import YAML

/// References between the parts of a template: `!Ref`, `!GetAtt`, `!Sub`, `!If`, `!Condition` and `DependsOn`.
extension TemplateReader {
    /// Checks that everything a resource or output refers to exists.
    ///
    /// Templates with transforms are left to CloudFormation: macros may make resources and parameters.
    func checkReferences(parameters: [String], resources: [String]) throws(Failure) {
        guard transforms.isEmpty else { return }
        let names = Names(
            parameters: Set(parameters), resources: Set(resources),
            conditions: Set(root["Conditions"]?.pairs?.map(\.key) ?? []))
        for section in ["Conditions", "Resources", "Outputs"] {
            if let node = root[section] { try check(node, names) }
        }
        for pair in root["Resources"]?.pairs ?? [] {
            guard let dependencies = pair.value["DependsOn"] else { continue }
            for dependency in dependencies.items ?? [dependencies] {
                guard let name = dependency.text else { continue }
                try require(name, in: names.resources, "resource", of: "DependsOn", at: dependency)
            }
        }
    }

    private struct Names {
        let parameters: Set<String>
        let resources: Set<String>
        let conditions: Set<String>

        var values: Set<String> { parameters.union(resources) }
    }

    private func check(_ node: YAMLNode, _ names: Names) throws(Failure) {
        if let tag = node.tag, tag.hasPrefix("!") { try check(function: String(tag.dropFirst()), node, names) }
        switch node.content {
        case .scalar: return
        case .sequence(let items):
            for item in items { try check(item, names) }
        case .mapping(let pairs):
            // The long form of a function is a mapping of one key.
            if pairs.count == 1, let pair = pairs.first {
                if pair.key == "Ref" { try check(function: "Ref", pair.value, names) }
                if pair.key.hasPrefix("Fn::") { try check(function: String(pair.key.dropFirst(4)), pair.value, names) }
            }
            for pair in pairs { try check(pair.value, names) }
        }
    }

    private func check(function: String, _ node: YAMLNode, _ names: Names) throws(Failure) {
        switch function {
        case "Ref":
            guard let name = node.text, !name.hasPrefix("AWS::") else { return }
            try require(name, in: names.values, "parameter or resource", of: "Ref", at: node)
        case "GetAtt":
            let name = node.items?.first?.text ?? node.text?.split(separator: ".").first.map(String.init)
            guard let name else { return }
            try require(name, in: names.resources, "resource", of: "GetAtt", at: node)
        case "If":
            guard let condition = node.items?.first, let name = condition.text else { return }
            try require(name, in: names.conditions, "condition", of: "If", at: condition)
        case "Condition":
            guard let name = node.text else { return }
            try require(name, in: names.conditions, "condition", of: "Condition", at: node)
        case "Sub":
            guard let text = node.text ?? node.items?.first?.text else { return }
            let own = Set(node.items?.dropFirst().first?.pairs?.map(\.key) ?? [])
            for variable in Self.variables(of: text) where !own.contains(variable) && !variable.hasPrefix("AWS::") {
                let name = variable.split(separator: ".").first.map(String.init) ?? variable
                let known = variable.contains(".") ? names.resources : names.values
                try require(
                    name, in: known, variable.contains(".") ? "resource" : "parameter or resource", of: "Sub", at: node)
            }
        default: return
        }
    }

    private func require(
        _ name: String, in known: Set<String>, _ kind: String, of function: String, at node: YAMLNode
    ) throws(Failure) {
        guard !known.contains(name) else { return }
        throw node.failure(
            "\(function) names \(name), which is no \(kind) of this template",
            hint: Self.didYouMean(name, known.sorted()))
    }

    /// The names in `${…}` of a text for `Fn::Sub`; `${!…}` stands for itself.
    static func variables(of text: String) -> [String] {
        var names: [String] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "${") {
            rest = rest[open.upperBound...]
            guard let close = rest.firstIndex(of: "}") else { break }
            let name = rest[..<close]
            rest = rest[rest.index(after: close)...]
            if !name.hasPrefix("!") { names.append(String(name.filter { !$0.isWhitespace })) }
        }
        return names
    }
}
