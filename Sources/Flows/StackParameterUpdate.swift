package import AWS
package import AWSServices
package import Stacks
internal import Support
internal import Templates

/// Changes some parameters of a stack and nothing else: template, tags and all other parameters stay as they are.
package struct StackParameterUpdate: Sendable {
    private let client: AWSClient
    private let updater: StackUpdater

    /// - Parameters:
    ///   - upload: for templates that don't fit into a request.
    ///   - follower: stays with the update; `nil` follows the stack alone.
    ///   - show: takes the lines of progress.
    ///   - confirm: asks a question; throws when the answer is not yes.
    package init(
        client: AWSClient, upload: TemplateUpload, follower: StackUpdater.Follower? = nil,
        show: @escaping @Sendable (String) -> Void,
        confirm: @escaping @Sendable (String) async throws -> Void,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.client = client
        var options = StackUpdater.Options()
        // Who sets parameters says so.
        options.showsDifferences = false
        updater = StackUpdater(
            client: client, upload: upload, options: options, follower: follower, show: show, confirm: confirm,
            sleep: sleep)
    }

    /// The update as it would be asked for.
    ///
    /// - Throws: `Failure` of kind `failed` when the stack's template has no parameter of a name.
    package func request(
        _ stack: CloudFormation.Stack, setting values: [(name: String, value: String)]
    ) async throws -> StackRequest {
        let name = stack.stackName
        let body = try await CloudFormation(client).getTemplate(name)
        let template = try Template(name: "of stack \(name)", body: body)
        for (key, _) in values where template.parameter(key) == nil {
            throw Failure(
                .failed, "update stack \(name): its template has no parameter \(key)",
                hint: "it has: \(template.parameters.map(\.name).joined(separator: ", "))")
        }
        let existing = Set((stack.parameters ?? []).map(\.parameterKey))
        let parameters = template.parameters.compactMap { parameter -> CloudFormation.Parameter? in
            if let value = values.first(where: { $0.name == parameter.name })?.value {
                return CloudFormation.Parameter(parameterKey: parameter.name, parameterValue: value)
            }
            guard existing.contains(parameter.name) else { return nil }
            return CloudFormation.Parameter(
                parameterKey: parameter.name, parameterValue: nil, usePreviousValue: true)
        }
        // CloudFormation's own tags can't be sent back.
        let tags = (stack.tags ?? []).filter { !$0.key.hasPrefix("aws:") }
        return StackRequest(name: name, template: template, parameters: parameters, tags: tags)
    }

    /// Sets the parameters by a change set and follows that to its end.
    ///
    /// - Throws: as `StackUpdater.update`.
    package func update(
        _ stack: CloudFormation.Stack, setting values: [(name: String, value: String)]
    ) async throws -> StackUpdater.Outcome {
        try await updater.update(try await request(stack, setting: values), found: stack)
    }
}
