package import YAML

/// What a template comes to with given parameters, as far as that can be known without AWS; pure.
///
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
package struct TemplateEvaluation: Sendable {
    /// How deep functions are followed: conditions may name each other in a circle.
    private static let mostSteps = 32

    private let root: YAMLNode
    private let parameters: [String: String]

    /// - Parameter parameters: the values given; the template's defaults stand for the others.
    package init(_ template: Template, parameters: [String: String]) {
        root = template.root
        var values = parameters
        for parameter in template.parameters where values[parameter.name] == nil {
            values[parameter.name] = parameter.defaultValue
        }
        self.parameters = values
    }

    /// Whether the condition holds; `nil` where that depends on what only AWS knows.
    package func condition(_ name: String) -> Bool? {
        root["Conditions"]?[name].flatMap { truth($0, Self.mostSteps) }
    }

    /// Whether the stack has the resource; one whose condition is unknown counts as there.
    package func has(_ resource: TemplateResource) -> Bool {
        resource.condition.map { condition($0) ?? true } ?? true
    }

    /// A property of a resource, `Fn::If` resolved on the way; `nil` where it is not set, or unknown.
    package func property(_ path: String..., of logicalID: String) -> YAMLNode? {
        var node = root["Resources"]?[logicalID]?["Properties"]
        for name in path { node = node.flatMap { resolve($0, Self.mostSteps) }?[name] }
        return node.flatMap { resolve($0, Self.mostSteps) }
    }

    /// The text of a node: a scalar, a parameter, or what `Fn::Sub` and `Fn::Join` make of them.
    package func text(_ node: YAMLNode?) -> String? { node.flatMap { text($0, Self.mostSteps) } }

    /// The name in a node's `Ref`.
    package func reference(_ node: YAMLNode?) -> String? {
        guard let node, let call = Self.call(node), call.name == "Ref" else { return nil }
        return call.argument.text
    }

    /// How many members a list has; a parameter's are parted by commas.
    package func count(_ node: YAMLNode?) -> Int? {
        guard let node = node.flatMap({ resolve($0, Self.mostSteps) }) else { return nil }
        if Self.call(node) == nil, let items = node.items {
            return items.filter { resolve($0, Self.mostSteps) != nil }.count
        }
        return text(node).map { $0.split(separator: ",").count }
    }

    // MARK: Functions

    /// The function that a node calls, in its short or its long form.
    private static func call(_ node: YAMLNode) -> (name: String, argument: YAMLNode)? {
        if let tag = node.tag, tag.hasPrefix("!") {
            return (String(tag.dropFirst()), YAMLNode(node.content, mark: node.mark))
        }
        guard let pairs = node.pairs, pairs.count == 1, let pair = pairs.first else { return nil }
        if pair.key == "Ref" || pair.key == "Condition" { return (pair.key, pair.value) }
        return pair.key.hasPrefix("Fn::") ? (String(pair.key.dropFirst(4)), pair.value) : nil
    }

    /// The node that stands where `Fn::If` has decided; `nil` for no value and for the undecided.
    private func resolve(_ node: YAMLNode, _ steps: Int) -> YAMLNode? {
        guard steps > 0, let call = Self.call(node) else { return steps > 0 ? node : nil }
        if call.name == "Ref", call.argument.text == "AWS::NoValue" { return nil }
        guard call.name == "If" else { return node }
        guard let items = call.argument.items, items.count == 3, let holds = items[0].text.flatMap(condition) else {
            return nil
        }
        return resolve(items[holds ? 1 : 2], steps - 1)
    }

    private func text(_ node: YAMLNode, _ steps: Int) -> String? {
        guard let node = resolve(node, steps) else { return nil }
        guard let call = Self.call(node) else { return node.text }
        switch call.name {
        case "Ref": return call.argument.text.flatMap { parameters[$0] }
        case "Sub": return call.argument.text.flatMap(substituted)
        case "Join":
            guard let items = call.argument.items, items.count == 2, let separator = items[0].text,
                let parts = items[1].items
            else { return nil }
            let texts = parts.map { text($0, steps - 1) }
            return texts.contains(nil) ? nil : texts.compactMap { $0 }.joined(separator: separator)
        default: return nil
        }
    }

    private func substituted(_ text: String) -> String? {
        var result = text
        for name in TemplateReader.variables(of: text) {
            guard let value = parameters[name] else { return nil }
            result = result.replacing("${\(name)}", with: value)
        }
        return result
    }

    private func truth(_ node: YAMLNode, _ steps: Int) -> Bool? {
        guard steps > 0, let call = Self.call(node) else { return nil }
        switch call.name {
        case "Condition":
            return call.argument.text.flatMap { root["Conditions"]?[$0] }.flatMap { truth($0, steps - 1) }
        case "Equals":
            guard let items = call.argument.items, items.count == 2, let one = text(items[0], steps - 1),
                let other = text(items[1], steps - 1)
            else { return nil }
            return one == other
        case "Not": return call.argument.items?.first.flatMap { truth($0, steps - 1) }.map { !$0 }
        case "And", "Or":
            let decisive = call.name == "Or"
            let all = (call.argument.items ?? []).map { truth($0, steps - 1) }
            if all.contains(decisive) { return decisive }
            return all.contains(nil) ? nil : !decisive
        default: return nil
        }
    }
}
