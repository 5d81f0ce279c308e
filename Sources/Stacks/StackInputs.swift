package import AWSServices
internal import Support
package import Templates

/// Turns what the user and fgctl know into the parameters and tags of a stack; pure.
package enum StackInputs {
    /// Checks what is known before any call: names and constraints of the values that are given.
    ///
    /// - Throws: as `parameters`, but for values that are missing: those may come from the stack or from later calls.
    package static func check(of template: Template, explicit: [GivenValue], offered: [GivenValue]) throws {
        let known = offered.filter { template.parameter($0.name) != nil }
        let all = Set(template.parameters.map(\.name))
        _ = try ParameterValues.resolve(template: template, values: explicit + known, existing: all)
    }

    /// The parameters to send, in the template's order.
    ///
    /// - Parameters:
    ///   - explicit: given by the user for this template: an unknown name is an error.
    ///   - offered: values that fgctl knows; those that the template does not declare are left out.
    ///   - stack: the stack as it is; its values stay where nothing is given.
    /// - Throws: `Failure` of kind `usage` that names the parameter and what is wrong.
    package static func parameters(
        of template: Template, explicit: [GivenValue], offered: [GivenValue], stack: CloudFormation.Stack?
    ) throws -> [CloudFormation.Parameter] {
        let known = offered.filter { template.parameter($0.name) != nil }
        let existing = Set((stack?.parameters ?? []).map(\.parameterKey))
        return try ParameterValues.resolve(template: template, values: explicit + known, existing: existing).map {
            switch $0.value {
            case .text(let text):
                CloudFormation.Parameter(parameterKey: $0.name, parameterValue: text)
            case .secret(let secret):
                // The request is where a NoEcho value has to go.
                CloudFormation.Parameter(parameterKey: $0.name, parameterValue: secret.reveal())
            case .previous:
                CloudFormation.Parameter(parameterKey: $0.name, parameterValue: nil, usePreviousValue: true)
            }
        }
    }

    /// The tags of a stack, which CloudFormation hands on to its resources: fgctl's own, then the user's.
    ///
    /// - Parameter network: the network stack that a task stack runs in.
    /// - Throws: `Failure` of kind `usage` when the user's tags can't be tags.
    package static func tags(
        stack: String, environmentName: String, user: [(String, String)], network: String? = nil
    ) throws -> [CloudFormation.Tag] {
        var tags = [
            CloudFormation.Tag(key: "fgctl:stack", value: stack),
            CloudFormation.Tag(key: "fgctl:env", value: environmentName),
        ]
        // Deleting the network looks for it.
        if let network { tags.append(CloudFormation.Tag(key: "fgctl:network", value: network)) }
        for (key, value) in user {
            guard !key.hasPrefix("aws:"), !tags.contains(where: { $0.key == key }) else {
                throw Failure(.usage, "tag \(key): the name is reserved or given twice", hint: "change key TAGS")
            }
            tags.append(CloudFormation.Tag(key: key, value: value))
        }
        guard tags.count <= 50 else {
            throw Failure(
                .usage, "\(tags.count) tags: a stack takes 50, fgctl's own among them", hint: "change key TAGS")
        }
        return tags
    }
}
