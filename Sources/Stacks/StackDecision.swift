package import AWSServices
package import Support
internal import Templates

/// What has to be done to create a stack, decided from what is there.
package enum StackDecision: Sendable {
    /// Nothing of that name exists, or only the empty shell of a change set: create it.
    case create
    /// A failed creation left a shell: delete it, then create. The texts say what was found, and what it still holds; where
    /// that is something, somebody has to agree.
    case deleteThenCreate(found: String, held: [String])
    /// The stack exists and is as asked.
    case alreadyAsAsked
    /// The stack exists and differs; one line for each difference.
    case differs([String])
    /// It can't be done now; the failure says why and what to do.
    case refuse(Failure)
}

extension StackDecision {
    /// Decides by the table of stack states.
    ///
    /// - Parameters:
    ///   - stack: as CloudFormation describes it; `nil` when there is none.
    ///   - resources: of the stack; only looked at for states that a failed operation left.
    ///   - currentTemplate: the text the stack was made from; only looked at for healthy states.
    package static func create(
        _ request: StackRequest, stack: CloudFormation.Stack?, resources: [CloudFormation.StackResourceSummary] = [],
        currentTemplate: String? = nil
    ) -> StackDecision {
        guard let stack else { return .create }
        let what = "create stack \(request.name)"
        switch stack.stackStatus {
        case .deleteComplete, .reviewInProgress:
            return .create
        case .rollbackComplete, .createFailed:
            return afterFailedCreate(what, request, stack, resources)
        case .rollbackFailed, .deleteFailed, .updateRollbackFailed, .importRollbackFailed:
            return .refuse(stuck(what, request, stack, resources))
        case let status where status.isInProgress:
            return .refuse(
                Failure(
                    .failed, "\(what): another operation is under way: the stack is \(status)",
                    hint:
                        "watch it with 'fgctl cf-events --follow --stack \(request.name)' and try again when it has ended"
                ))
        default:
            let differences = differences(request, stack: stack, currentTemplate: currentTemplate)
            return differences.isEmpty ? .alreadyAsAsked : .differs(differences)
        }
    }

    /// A rollback or deletion that failed needs a person: what is stuck, and the command that gets on.
    static func stuck(
        _ what: String, _ request: StackRequest, _ stack: CloudFormation.Stack,
        _ resources: [CloudFormation.StackResourceSummary]
    ) -> Failure {
        let stuck = resources.filter { $0.resourceStatus.hasSuffix("_FAILED") }
        let list = stuck.map { "\($0.logicalResourceId) (\(text($0.resourceStatusReason) ?? $0.resourceStatus))" }
        let flags = stuck.map { " --retain \($0.logicalResourceId)" }.joined()
        let hint =
            switch stack.stackStatus {
            case .updateRollbackFailed:
                "mend what is stuck, then run 'fgctl \(request.updateCommand)'"
                    + (stuck.isEmpty
                        ? ""
                        : " (to give up on these:" + stuck.map { " --skip \($0.logicalResourceId)" }.joined() + ")")
            case .deleteFailed where !stuck.isEmpty:
                "to delete the stack and keep these, run: \(request.deleteCommand)\(flags)"
            default:
                "mend what is stuck, then delete the stack ('\(request.deleteCommand)') and create it again"
            }
        return Failure(
            .failed,
            "\(what): the stack is \(stack.stackStatus)"
                + (list.isEmpty ? "" : ": stuck on " + list.joined(separator: ", ")), hint: hint)
    }

    /// A text that says something; `nil` for none and for the empty one.
    static func text(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    /// A stack whose creation failed can only be deleted; that loses nothing when it holds nothing.
    private static func afterFailedCreate(
        _ what: String, _ request: StackRequest, _ stack: CloudFormation.Stack,
        _ resources: [CloudFormation.StackResourceSummary]
    ) -> StackDecision {
        if stack.enableTerminationProtection == true {
            return .refuse(
                Failure(
                    .failed, "\(what): the stack is \(stack.stackStatus) and protected against deletion",
                    hint: "turn its termination protection off, then create it again"))
        }
        let held = resources.filter { resource in
            // What could not be made has no id in the world and is nothing that could be lost.
            let neverMade = resource.resourceStatus == "CREATE_FAILED" && text(resource.physicalResourceId) == nil
            return resource.resourceStatus != "DELETE_COMPLETE" && !neverMade
        }
        if held.isEmpty {
            return .deleteThenCreate(found: "\(stack.stackStatus), holding nothing", held: [])
        }
        let names = held.map { "\($0.logicalResourceId) (\(text($0.physicalResourceId) ?? $0.resourceType))" }
        guard let precious = held.first(where: { ResourceKinds.holdsData($0.resourceType) }) else {
            return .deleteThenCreate(found: "\(stack.stackStatus)", held: names)
        }
        return .refuse(
            Failure(
                .failed,
                "\(what): a failed creation left it \(stack.stackStatus), still holding "
                    + names.joined(separator: ", "),
                hint: "save what you need of \(precious.logicalResourceId), delete the stack "
                    + "('\(request.deleteCommand)'), and create it again"))
    }

    /// What of an existing stack is not as asked, one line each.
    static func differences(
        _ request: StackRequest, stack: CloudFormation.Stack, currentTemplate: String?
    ) -> [String] {
        var lines: [String] = []
        if stack.stackStatus.isFailed { lines.append("its last update failed (\(stack.stackStatus))") }
        if let currentTemplate, !sameTemplate(currentTemplate, request.template.body) {
            lines.append("template \(request.template.name) has changed")
        }
        for parameter in request.parameters {
            guard let wanted = parameter.parameterValue else { continue }
            let current = stack.parameter(parameter.parameterKey)
            let isSecret = request.template.parameter(parameter.parameterKey)?.noEcho == true
            // A NoEcho value reads back as asterisks: it can't be compared, only set again by an update.
            if let current, current == wanted || isSecret { continue }
            lines.append("\(parameter.parameterKey): \(current ?? "not set") -> \(isSecret ? "****" : wanted)")
        }
        for tag in request.tags where stack.tag(tag.key) != tag.value {
            lines.append("tag \(tag.key): \(stack.tag(tag.key) ?? "not set") -> \(tag.value)")
        }
        return lines
    }

    /// CloudFormation keeps a template's text but not always its last line break.
    static func sameTemplate(_ one: String, _ other: String) -> Bool {
        func trimmed(_ text: String) -> Substring {
            var rest = Substring(text)
            while let last = rest.last, last.isWhitespace { rest.removeLast() }
            return rest
        }
        return trimmed(one) == trimmed(other)
    }
}
