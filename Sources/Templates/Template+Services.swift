internal import YAML

extension Template {
    /// The services that CloudFormation deploys anew when parameters change, in the order of the text: those that name one of
    /// them or refer to a task definition that does, themselves or by a condition.
    ///
    /// A change set tells the same, but can't be made where nothing is to be changed.
    package func services(deployedBy parameters: Set<String>) -> [String] {
        var names: [String: Set<String>] = [:]
        for pair in root["Resources"]?.pairs ?? [] { names[pair.key] = self.names(in: pair.value) }
        let definitions = resources.filter {
            $0.type == "AWS::ECS::TaskDefinition" && !parameters.isDisjoint(with: names[$0.logicalID] ?? [])
        }
        let changed = parameters.union(definitions.map(\.logicalID))
        return resources.compactMap { resource in
            let isDeployed =
                resource.type == "AWS::ECS::Service" && !changed.isDisjoint(with: names[resource.logicalID] ?? [])
            return isDeployed ? resource.logicalID : nil
        }
    }

    /// The parameters, resources and conditions that a node's functions name; of conditions, what these name too.
    private func names(in node: YAMLNode) -> Set<String> {
        var found: Set<String> = []
        collect(node, &found)
        return found
    }

    private func collect(_ node: YAMLNode, _ found: inout Set<String>) {
        if let tag = node.tag, tag.hasPrefix("!") { take(String(tag.dropFirst()), node, &found) }
        for item in node.items ?? [] { collect(item, &found) }
        for pair in node.pairs ?? [] {
            take(pair.key.hasPrefix("Fn::") ? String(pair.key.dropFirst(4)) : pair.key, pair.value, &found)
            collect(pair.value, &found)
        }
    }

    private func take(_ function: String, _ node: YAMLNode, _ found: inout Set<String>) {
        guard let text = node.text ?? node.items?.first?.text else { return }
        let names: [String]
        switch function {
        case "Ref", "GetAtt", "If", "Condition": names = [text]
        case "Sub": names = TemplateReader.variables(of: text)
        default: return
        }
        for name in names.map({ String($0.prefix { $0 != "." }) }) where found.insert(name).inserted {
            if let condition = root["Conditions"]?[name] { collect(condition, &found) }
        }
    }
}
