internal import AWSServices
internal import Support
internal import Templates

/// What a dry run prints: what would be sent, and what fgctl would do with it. Its JSON form is stable.
package struct StackPlan: Codable, Sendable {
    package let stack: String
    /// create, deleteThenCreate, nothing, refused, differs.
    package let action: String
    package let notes: [String]
    package let template: String
    package let parameters: [String: String]
    package let tags: [String: String]
    package let templateBody: String

    package init(_ request: StackRequest, decision: StackDecision) {
        stack = request.name
        template = request.template.name
        templateBody = request.template.body
        parameters = Dictionary(
            request.parameters.map { parameter in
                let isSecret = request.template.parameter(parameter.parameterKey)?.noEcho == true
                return (parameter.parameterKey, isSecret ? "****" : parameter.parameterValue ?? "(as it is)")
            }, uniquingKeysWith: { $1 })
        tags = Dictionary(request.tags.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        switch decision {
        case .create: (action, notes) = ("create", [])
        case .deleteThenCreate(let found): (action, notes) = ("deleteThenCreate", [found])
        case .alreadyAsAsked: (action, notes) = ("nothing", ["the stack is already as asked"])
        case .differs(let lines): (action, notes) = ("differs", lines)
        case .refuse(let failure): (action, notes) = ("refused", [failure.message])
        }
    }

    package var lines: [String] {
        var lines = ["# stack \(stack): \(action)"]
        lines += notes.map { "#   \($0)" }
        lines += parameters.sorted { $0.key < $1.key }.map { "# parameter \($0.key) = \($0.value)" }
        lines += tags.sorted { $0.key < $1.key }.map { "# tag \($0.key) = \($0.value)" }
        lines.append(templateBody)
        return lines
    }
}
