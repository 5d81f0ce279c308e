package import AWSServices
internal import FoundationEssentials
internal import Support
package import YAML

/// Fields of RunTask that the user gives in a file, YAML or JSON, in AWS's names or in snake_case.
package struct TaskExtras: Sendable {
    /// In AWS's own names.
    package let value: RequestValue

    /// - Throws: `Failure` of kind `badInput` with file, line and column: an unknown field, or a value of the wrong kind.
    package init(_ node: YAMLNode) throws {
        guard node.pairs != nil else {
            throw node.failure("fields of RunTask are wanted, here is \(node.kindName)")
        }
        value = try Self.read(node, .record(RunTaskFields.all), path: "")
        if case .record(let members) = value, members["clientToken"] != nil {
            throw (node.pairs?.first { Self.plain($0.key) == "clienttoken" }?.value ?? node)
                .failure("clientToken is fgctl's own", hint: "--run-id ID makes a launch repeatable")
        }
    }

    /// A field of the request that is text; `nil` when it is not given.
    package func text(_ name: String) -> String? {
        guard case .record(let members) = value, case .text(let text)? = members[name] else { return nil }
        return text
    }

    /// The request with these fields over it.
    ///
    /// - Parameter container: whose override a nameless item of `containerOverrides` is.
    package func merged(into request: ECS.RunTaskRequest, container: String) throws -> ECS.RunTaskRequest {
        let base = try JSONDecoder().decode(RequestValue.self, from: JSONEncoder().encode(request))
        var extras = value
        if case .record(var members) = extras {
            if case .record(var overrides)? = members["overrides"],
                case .list(let items)? = overrides["containerOverrides"]
            {
                let named = items.map {
                    $0.name == nil ? RequestValue.record(["name": .text(container)]).merging($0) : $0
                }
                overrides["containerOverrides"] = .list(named)
                members["overrides"] = .record(overrides)
            }
            // ECS takes one or the other.
            if members["capacityProviderStrategy"] != nil, members["launchType"] == nil {
                members["launchType"] = .null
            }
            extras = .record(members)
        }
        return try JSONDecoder().decode(
            ECS.RunTaskRequest.self, from: JSONEncoder().encode(base.merging(extras)))
    }

    /// `assign_public_ip` and `assignPublicIp` are the same.
    private static func plain(_ name: String) -> String { name.lowercased().filter { $0 != "_" } }

    private static func read(_ node: YAMLNode, _ field: RequestField, path: String) throws -> RequestValue {
        if node.isNull { return .null }
        func wrong(_ wanted: String) -> Failure {
            node.failure("\(path.isEmpty ? "the file" : path) takes \(wanted), here is \(node.kindName)")
        }
        switch field {
        case .text:
            guard let text = node.text else { throw wrong("text") }
            return .text(text)
        case .integer:
            switch node.scalar {
            case .integer(let number)?: return .integer(number)
            case .text(let text)?:
                guard let number = Int(text) else { throw wrong("a whole number") }
                return .integer(number)
            default: throw wrong("a whole number")
            }
        case .flag:
            guard case .bool(let value)? = node.scalar else { throw wrong("true or false") }
            return .flag(value)
        case .list(let item):
            guard let items = node.items else { throw wrong("a list") }
            return .list(try items.enumerated().map { try read($1, item, path: "\(path)[\($0)]") })
        case .record(let fields):
            guard let pairs = node.pairs else { throw wrong("a mapping") }
            return .record(try members(pairs, fields, path: path))
        }
    }

    private static func members(
        _ pairs: [YAMLPair], _ fields: [String: RequestField], path: String
    ) throws -> [String: RequestValue] {
        var members: [String: RequestValue] = [:]
        for pair in pairs {
            guard let name = fields.keys.first(where: { plain($0) == plain(pair.key) }), let field = fields[name] else {
                let place = path.isEmpty ? "RunTask" : path
                let nearest = Suggestion.nearest(to: plain(pair.key), in: fields.keys.sorted())
                throw pair.keyMark.failure(
                    "\(place) has no field '\(pair.key)'",
                    hint: nearest.map { "did you mean \($0)?" }
                        ?? "it has: \(fields.keys.sorted().joined(separator: ", "))")
            }
            guard members[name] == nil else { throw pair.keyMark.failure("\(name) is given twice, in both spellings") }
            members[name] = try read(pair.value, field, path: path.isEmpty ? name : "\(path).\(name)")
        }
        return members
    }
}
