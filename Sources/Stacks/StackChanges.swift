package import AWSServices

/// One line of what a change set would do, as people and programs read it.
package struct StackChange: Codable, Sendable, Hashable {
    /// Add, Modify, Remove, Import, Dynamic.
    package let action: String
    package let logicalID: String
    package let type: String
    /// True, False, Conditional; `nil` where it does not apply.
    package let replacement: String?
    /// Delete, Retain, Snapshot, ReplaceAndDelete, …: what becomes of the old resource; `nil` where it is not said.
    package let policy: String?

    package init(_ change: CloudFormation.ResourceChange) {
        action = change.action ?? "?"
        logicalID = change.logicalResourceId ?? "?"
        type = change.resourceType ?? "?"
        replacement = change.replacement
        policy = change.policyAction
    }

    /// `+ Cluster (AWS::ECS::Cluster)`
    package var line: String {
        let sign =
            switch action {
            case "Add": "+"
            case "Remove": "-"
            case "Import": "←"
            default: "~"
            }
        let replaced =
            switch replacement {
            case "True": ", replaced"
            case "Conditional": ", perhaps replaced"
            default: ""
            }
        return "\(sign) \(logicalID) (\(type)\(replaced))"
    }
}
