internal import AWSServices
internal import Support
internal import Templates

/// What a dry run prints: what would be sent, and what fgctl would do with it. Its JSON form is stable.
package struct StackPlan: Codable, Sendable {
    package let stack: String
    /// create, deleteThenCreate, nothing, refused, differs; update, attach, continueRollback, rollBack; render.
    package let action: String
    package let notes: [String]
    package let template: String
    package let parameters: [String: String]
    package let tags: [String: String]
    package let templateBody: String

    package init(_ request: StackRequest, decision: StackDecision) {
        switch decision {
        case .create: self.init(request, "create", [])
        case .deleteThenCreate(let found, let held): self.init(request, "deleteThenCreate", [found] + held)
        case .alreadyAsAsked: self.init(request, "nothing", ["the stack is already as asked"])
        case .differs(let lines): self.init(request, "differs", lines)
        case .refuse(let failure): self.init(request, "refused", [failure.message])
        }
    }

    package init(_ request: StackRequest, decision: UpdateDecision) {
        switch decision {
        case .nothing: self.init(request, "nothing", ["the stack is already as asked"])
        case .update(let lines): self.init(request, "update", lines)
        case .attach: self.init(request, "attach", ["an operation is under way; it is waited for"])
        case .continueRollback(let stuck): self.init(request, "continueRollback", stuck.map { "stuck on \($0)" })
        case .rollBack: self.init(request, "rollBack", ["an update that stopped half-way is taken back first"])
        case .refuse(let failure): self.init(request, "refused", [failure.message])
        }
    }

    /// What a new stack would be made of.
    package init(_ request: StackRequest) { self.init(request, "render", []) }

    private init(_ request: StackRequest, _ action: String, _ notes: [String]) {
        self.action = action
        self.notes = notes
        stack = request.name
        template = request.template.name
        templateBody = request.template.body
        parameters = Dictionary(
            request.parameters.map { parameter in
                let isSecret = request.template.parameter(parameter.parameterKey)?.noEcho == true
                return (parameter.parameterKey, isSecret ? "****" : parameter.parameterValue ?? "(as it is)")
            }, uniquingKeysWith: { $1 })
        tags = Dictionary(request.tags.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
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
