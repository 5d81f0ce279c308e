package import AWSServices

extension CloudFormation.StackEvent {
    /// Whether it tells of the stack itself, not of one of its resources (nested stacks are resources).
    package var isOfStackItself: Bool {
        resourceType == "AWS::CloudFormation::Stack"
            && (physicalResourceId == stackId || logicalResourceId == stackName)
    }

    /// Whether an operation on the stack has ended with it.
    package var endsOperation: Bool {
        guard isOfStackItself, let status = resourceStatus else { return false }
        return !status.hasSuffix("_IN_PROGRESS")
    }

    /// Whether an operation on the stack began with it. Rollbacks belong to what they take back, but for those that
    /// somebody asked for.
    package var beginsOperation: Bool {
        guard isOfStackItself, let status = resourceStatus, status.hasSuffix("_IN_PROGRESS") else { return false }
        if status.contains("ROLLBACK") { return resourceStatusReason == "User Initiated" }
        return !status.contains("CLEANUP")
    }

    /// Whether something failed by itself, not as the echo of another failure.
    package var isFailure: Bool {
        resourceStatus?.hasSuffix("_FAILED") == true && !StackCause.isCancellation(resourceStatusReason)
    }
}

/// Finds why an operation failed among its events.
package enum StackCause {
    /// The first failure in time that is not the echo of another one.
    ///
    /// CloudFormation reports "Resource creation cancelled" for everything that was under way when the first resource
    /// failed; those never are the cause.
    package static func first(in events: [CloudFormation.StackEvent]) -> CloudFormation.StackEvent? {
        let own = events.filter(\.isFailure)
        // A nested or whole stack's own event only sums up those of its resources.
        return own.first { $0.resourceType != "AWS::CloudFormation::Stack" } ?? own.first { !$0.isOfStackItself }
            ?? own.first ?? events.first { $0.resourceStatus?.hasSuffix("_FAILED") == true }
    }

    /// `TaskDefinition (AWS::ECS::TaskDefinition): Invalid 'cpu' setting for task`
    package static func text(_ event: CloudFormation.StackEvent) -> String {
        let given = event.resourceStatusReason.flatMap { $0.isEmpty ? nil : $0 }
        let reason = given ?? event.resourceStatus ?? "no reason given"
        guard let name = event.logicalResourceId else { return reason }
        return "\(name)\(event.resourceType.map { " (\($0))" } ?? ""): \(reason)"
    }

    /// "Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled".
    package static func isCancellation(_ reason: String?) -> Bool {
        guard let reason = reason?.lowercased() else { return false }
        return ["creation", "update", "deletion"].contains { reason.hasPrefix("resource \($0) cancelled") }
    }
}
