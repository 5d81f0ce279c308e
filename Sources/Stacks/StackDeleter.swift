package import AWS
package import AWSServices
internal import Support

/// Deletes a stack and shows how that goes.
package struct StackDeleter: Sendable {
    private let operation: StackOperation

    package init(
        client: AWSClient, show: @escaping @Sendable (String) -> Void,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        operation = StackOperation(
            client: client, upload: TemplateUpload(client: client, bucket: nil, owner: nil, prefix: ""), show: show,
            sleep: sleep)
    }

    /// Refuses what CloudFormation would refuse, and names the command for it; pure.
    ///
    /// - Parameter retaining: logical ids that are to be left behind; CloudFormation knows that for stuck deletions only.
    package static func check(
        _ stack: CloudFormation.Stack, resources: [CloudFormation.StackResourceSummary], retaining: [String]
    ) throws {
        let what = "delete stack \(stack.stackName)"
        if stack.enableTerminationProtection == true {
            throw Failure(
                .failed, "\(what): it is protected against deletion",
                hint:
                    "turn that off: aws cloudformation update-termination-protection --no-enable-termination-protection "
                    + "--stack-name \(stack.stackName)")
        }
        let status = stack.stackStatus
        // Deleting is how a creation is cancelled.
        if status.isInProgress, status != .createInProgress {
            throw Failure(
                .failed, "\(what): another operation is under way: the stack is \(status)",
                hint:
                    "watch it with 'fgctl cf-events --follow --stack \(stack.stackName)' and try again when it has ended"
            )
        }
        guard !retaining.isEmpty else { return }
        guard status == .deleteFailed else {
            throw Failure(
                .failed, "\(what): --retain is for a deletion that got stuck; the stack is \(status)",
                hint: "delete it without --retain first; what bears DeletionPolicy Retain stays anyway")
        }
        let stuck = resources.filter { $0.resourceStatus == "DELETE_FAILED" }.map(\.logicalResourceId)
        let unknown = retaining.filter { !stuck.contains($0) }
        guard unknown.isEmpty else {
            throw Failure(
                .usage, "\(what): --retain \(unknown.joined(separator: ", ")): the deletion is not stuck on that",
                hint: stuck.isEmpty ? nil : "it is stuck on \(stuck.joined(separator: ", "))")
        }
    }

    /// Deletes it and waits for the end.
    package func delete(_ stack: CloudFormation.Stack, retaining: [String]) async throws {
        try await operation.delete(stack.stackId ?? stack.stackName, name: stack.stackName, retaining: retaining)
    }
}
