package import AWSServices
package import Support
internal import Templates

/// What has to be done to update a stack, decided from what is there; pure.
package enum UpdateDecision: Sendable {
    /// The stack is as asked.
    case nothing
    /// It differs: one line for each difference. CloudFormation alone knows whether those that may hide in macros or the
    /// parameter store change anything.
    case update([String])
    /// Another operation is under way: attach to it, then decide anew.
    case attach
    /// The rollback of an update got stuck on these resources: try it again, then update.
    case continueRollback(stuck: [String])
    /// An update without rollback stopped half-way: take it back, then update.
    case rollBack
    /// It can't be done; the failure says why and what to do.
    case refuse(Failure)
}

extension UpdateDecision {
    /// What the user allows and asks for.
    package struct Wishes: Sendable {
        /// Follow an operation that is under way instead of refusing.
        package var waitsForCurrent = false
        /// A failing update is left as it is.
        package var noRollback = false
        package init(waitsForCurrent: Bool = false, noRollback: Bool = false) {
            self.waitsForCurrent = waitsForCurrent
            self.noRollback = noRollback
        }
    }

    /// Decides by the table of stack states.
    ///
    /// - Parameters:
    ///   - stack: as CloudFormation describes it; `nil` when there is none.
    ///   - resources: of the stack; only looked at for states that a failed operation left.
    ///   - currentTemplate: the text the stack was made from.
    package static func update(
        _ request: StackRequest, stack: CloudFormation.Stack?,
        resources: [CloudFormation.StackResourceSummary] = [], currentTemplate: String?, wishes: Wishes = Wishes()
    ) -> UpdateDecision {
        let what = "update stack \(request.name)"
        func refused(_ why: String, hint: String) -> UpdateDecision {
            .refuse(Failure(.failed, "\(what): \(why)", hint: hint))
        }
        guard let stack, stack.stackStatus != .deleteComplete, stack.stackStatus != .reviewInProgress else {
            return refused("the stack does not exist", hint: "create it with 'fgctl \(request.createCommand)'")
        }
        switch stack.stackStatus {
        case .rollbackComplete, .createFailed:
            return refused(
                "its creation failed (\(stack.stackStatus))",
                hint: "create it again with 'fgctl \(request.createCommand)', which deletes what the failure left")
        case .updateRollbackFailed:
            let stuck = resources.filter { $0.resourceStatus.hasSuffix("_FAILED") }
            return .continueRollback(stuck: stuck.map(\.logicalResourceId))
        case .rollbackFailed, .deleteFailed, .importRollbackFailed:
            return .refuse(StackDecision.stuck(what, request, stack, resources))
        case .updateFailed where !wishes.noRollback:
            return .rollBack
        case let status where status.isInProgress:
            if wishes.waitsForCurrent { return .attach }
            return refused(
                "another operation is under way: the stack is \(status)",
                hint:
                    "wait for it with --wait-current, or watch it with 'fgctl cf-events --follow --stack \(request.name)'"
            )
        default:
            let lines = differences(request, stack: stack, currentTemplate: currentTemplate)
            return lines.isEmpty ? .nothing : .update(lines)
        }
    }

    /// What an update would change, one line each; unlike a creation, an update takes tags away that are no longer asked
    /// for, and can't know what is behind macros and the parameter store.
    static func differences(
        _ request: StackRequest, stack: CloudFormation.Stack, currentTemplate: String?
    ) -> [String] {
        var lines = StackDecision.differences(request, stack: stack, currentTemplate: currentTemplate)
        let asked = Set(request.tags.map(\.key))
        for tag in stack.tags ?? [] where !asked.contains(tag.key) && !tag.key.hasPrefix("aws:") {
            lines.append("tag \(tag.key): \(tag.value) -> not set")
        }
        for parameter in request.parameters {
            guard let declared = request.template.parameter(parameter.parameterKey) else { continue }
            if declared.noEcho, parameter.parameterValue != nil, stack.parameter(parameter.parameterKey) != nil {
                lines.append("\(parameter.parameterKey): set again (its value can't be compared)")
            }
            if declared.type.hasPrefix("AWS::SSM::Parameter::Value<") {
                lines.append("\(parameter.parameterKey): read again from the parameter store")
            }
        }
        if !request.template.transforms.isEmpty {
            lines.append("macros \(request.template.transforms.joined(separator: ", ")) are run again")
        }
        return lines
    }
}
