import Support
import YAML

/// Takes a template's tree apart and checks what CloudFormation would refuse, so that the fault is told with its line.
struct TemplateReader {
    private static let sections = [
        "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Rules",
        "Transform",
        "Resources", "Outputs", "Hooks",
    ]
    private static let attributes = [
        "Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy",
        "CreationPolicy", "UpdatePolicy",
    ]
    /// Besides these there are types of AWS's own: `AWS::EC2::VPC::Id`, `List<AWS::EC2::Subnet::Id>`.
    private static let parameterTypes = ["String", "Number", "CommaDelimitedList", "List<Number>"]
    private static let deletionPolicies = ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"]

    let root: YAMLNode
    let description: String
    let transforms: [String]

    init(root: YAMLNode) throws(Failure) {
        self.root = root
        guard let pairs = root.pairs else {
            throw root.failure("a template is a mapping with Resources, this is \(root.kindName)")
        }
        for pair in pairs where !Self.sections.contains(pair.key) && !pair.key.hasPrefix("Fn::") {
            throw pair.keyMark.failure(
                "a template has no section \(pair.key)", hint: Self.didYouMean(pair.key, Self.sections))
        }
        if let version = root["AWSTemplateFormatVersion"], version.text != "2010-09-09" {
            throw version.failure("AWSTemplateFormatVersion is always \"2010-09-09\"")
        }
        if let node = root["Description"] {
            guard let text = node.text else { throw node.failure("Description is text, this is \(node.kindName)") }
            guard text.utf8.count <= 1024 else {
                throw node.failure("Description has \(text.utf8.count) bytes, at most 1024 are allowed")
            }
            description = text
        } else {
            description = ""
        }
        switch root["Transform"] {
        case nil: transforms = []
        case let node?: transforms = node.text.map { [$0] } ?? (node.items ?? []).map { $0.text ?? "AWS::Include" }
        }
    }

    // MARK: Sections

    func resources() throws(Failure) -> [TemplateResource] {
        guard let section = root["Resources"] else { throw root.failure("the template has no Resources") }
        let pairs = try mapping(section, "Resources")
        guard !pairs.isEmpty else { throw section.failure("Resources is empty, a template has at least one") }
        try check(count: pairs.count, limit: 500, "resources", at: section)
        var resources: [TemplateResource] = []
        for pair in pairs where !isMacro(pair) { resources.append(try resource(pair)) }
        return resources
    }

    func parameters() throws(Failure) -> [TemplateParameter] {
        guard let section = root["Parameters"] else { return [] }
        let pairs = try mapping(section, "Parameters")
        try check(count: pairs.count, limit: 200, "parameters", at: section)
        var parameters: [TemplateParameter] = []
        for pair in pairs { parameters.append(try parameter(pair)) }
        return parameters
    }

    func outputs() throws(Failure) -> [String] {
        guard let section = root["Outputs"] else { return [] }
        let pairs = try mapping(section, "Outputs")
        try check(count: pairs.count, limit: 200, "outputs", at: section)
        var names: [String] = []
        for pair in pairs where !isMacro(pair) {
            try checkName(pair, "output")
            guard pair.value["Value"] != nil else { throw pair.keyMark.failure("output \(pair.key) has no Value") }
            try checkCondition(pair.value["Condition"], of: "output \(pair.key)")
            names.append(pair.key)
        }
        return names
    }

    // MARK: Single entries

    private func resource(_ pair: YAMLPair) throws(Failure) -> TemplateResource {
        try checkName(pair, "resource")
        let attributes = try mapping(pair.value, "resource \(pair.key)")
        for attribute in attributes where !Self.attributes.contains(attribute.key) && !isMacro(attribute) {
            throw attribute.keyMark.failure(
                "resource \(pair.key) can't have \(attribute.key); that may belong under Properties",
                hint: Self.didYouMean(attribute.key, Self.attributes))
        }
        guard let type = pair.value["Type"] else { throw pair.keyMark.failure("resource \(pair.key) has no Type") }
        guard let typeName = type.text, typeName.split(separator: ":").count >= 2, typeName.contains("::") else {
            throw type.failure("the Type of resource \(pair.key) must be like AWS::ECS::Cluster")
        }
        for name in ["DeletionPolicy", "UpdateReplacePolicy"] {
            guard let policy = pair.value[name], transforms.isEmpty else { continue }
            guard let text = policy.text, policy.tag == nil, Self.deletionPolicies.contains(text) else {
                throw policy.failure(
                    "\(name) of resource \(pair.key) must be one of \(Self.deletionPolicies.joined(separator: ", "))")
            }
        }
        try checkCondition(pair.value["Condition"], of: "resource \(pair.key)")
        return TemplateResource(
            logicalID: pair.key, type: typeName, deletionPolicy: pair.value["DeletionPolicy"]?.text,
            condition: pair.value["Condition"]?.text, mark: pair.keyMark)
    }

    private func parameter(_ pair: YAMLPair) throws(Failure) -> TemplateParameter {
        try checkName(pair, "parameter")
        let node = pair.value
        let what = "parameter \(pair.key)"
        _ = try mapping(node, what)
        guard let typeNode = node["Type"] else { throw pair.keyMark.failure("\(what) has no Type") }
        let type = try text(typeNode, "Type of \(what)")
        guard Self.parameterTypes.contains(type) || type.hasPrefix("AWS::") || type.hasPrefix("List<AWS::") else {
            throw typeNode.failure(
                "\(what) has the unknown Type \(type)", hint: Self.didYouMean(type, Self.parameterTypes))
        }
        var values: [String] = []
        if let list = node["AllowedValues"] {
            guard let items = list.items else {
                throw list.failure("AllowedValues of \(what) is a list, this is \(list.kindName)")
            }
            for item in items { values.append(try text(item, "each of AllowedValues of \(what)")) }
        }
        return TemplateParameter(
            name: pair.key,
            type: type,
            defaultValue: try text("Default", of: node, what),
            noEcho: try text("NoEcho", of: node, what)?.lowercased() == "true",
            allowedPattern: try text("AllowedPattern", of: node, what),
            allowedValues: values,
            minLength: try number("MinLength", of: node, what).map { Int($0) },
            maxLength: try number("MaxLength", of: node, what).map { Int($0) },
            minValue: try number("MinValue", of: node, what),
            maxValue: try number("MaxValue", of: node, what),
            description: try text("Description", of: node, what),
            constraintDescription: try text("ConstraintDescription", of: node, what),
            mark: pair.keyMark)
    }

    // MARK: Parts of entries

    private func mapping(_ node: YAMLNode, _ what: String) throws(Failure) -> [YAMLPair] {
        guard let pairs = node.pairs else { throw node.failure("\(what) must be a mapping, this is \(node.kindName)") }
        return pairs
    }

    private func text(_ node: YAMLNode, _ what: String) throws(Failure) -> String {
        guard let text = node.text else { throw node.failure("\(what) must be text, this is \(node.kindName)") }
        return text
    }

    private func text(_ key: String, of node: YAMLNode, _ what: String) throws(Failure) -> String? {
        guard let node = node[key] else { return nil }
        return try text(node, "\(key) of \(what)")
    }

    private func number(_ key: String, of node: YAMLNode, _ what: String) throws(Failure) -> Double? {
        guard let node = node[key] else { return nil }
        guard let number = node.text.flatMap(Double.init), number.isFinite, number.magnitude < 1e15 else {
            throw node.failure("\(key) of \(what) must be a number")
        }
        return number
    }

    private func check(count: Int, limit: Int, _ what: String, at node: YAMLNode) throws(Failure) {
        guard count <= limit else {
            throw node.failure("the template has \(count) \(what), CloudFormation takes at most \(limit)")
        }
    }

    private func checkName(_ pair: YAMLPair, _ what: String) throws(Failure) {
        let allowed = pair.key.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard allowed, !pair.key.isEmpty, pair.key.utf8.count <= 255 else {
            throw pair.keyMark.failure("the name of \(what) \(pair.key) must be 1 to 255 letters and digits")
        }
    }

    private func checkCondition(_ condition: YAMLNode?, of what: String) throws(Failure) {
        guard let condition, transforms.isEmpty else { return }
        let known = root["Conditions"]?.pairs?.map(\.key) ?? []
        let name = try text(condition, "Condition of \(what)")
        guard known.contains(name) else {
            throw condition.failure(
                "condition \(name) of \(what) stands not under Conditions", hint: Self.didYouMean(name, known))
        }
    }

    /// Whether a macro of CloudFormation stands in place of a name: `Fn::ForEach::Loop`, `Fn::Transform`.
    private func isMacro(_ pair: YAMLPair) -> Bool { pair.key.hasPrefix("Fn::") }

    static func didYouMean(_ word: String, _ known: some Sequence<String>) -> String? {
        Suggestion.nearest(to: word, in: known).map { "did you mean \($0)?" }
    }
}
