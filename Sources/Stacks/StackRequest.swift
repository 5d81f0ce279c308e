package import AWSServices
package import Templates

/// What a stack is asked to be: everything that is sent to CloudFormation, complete.
package struct StackRequest: Sendable {
    package let name: String
    package let template: Template
    /// In the template's order; only parameters that it declares.
    package let parameters: [CloudFormation.Parameter]
    package let tags: [CloudFormation.Tag]

    /// The command that changes such a stack once it exists, for messages.
    package let updateCommand: String
    /// VERSION for that command, with its blank; empty where none was given.
    package let updateVersion: String
    /// The command that deletes it, as it is typed.
    package var deleteCommand: String {
        updateCommand.hasPrefix("cf-update")
            ? "fgctl \(updateCommand.replacing("update", with: "delete"))"
            : "aws cloudformation delete-stack --stack-name \(name)"
    }

    /// The command that creates it.
    var createCommand: String {
        updateCommand.replacing("cf-update", with: "cf-create").replacing(" --update", with: "")
    }

    /// What such a stack costs while nobody uses it.
    package var estimate: CostEstimate {
        CostEstimate(
            template,
            parameters: Dictionary(
                parameters.compactMap { parameter in parameter.parameterValue.map { (parameter.parameterKey, $0) } },
                uniquingKeysWith: { $1 }))
    }

    /// All three, as the field's tools send: what a template may create is decided by the caller's rights.
    package static let capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

    package init(
        name: String, template: Template, parameters: [CloudFormation.Parameter], tags: [CloudFormation.Tag],
        updateCommand: String = "cf-update-stack", updateVersion: String = ""
    ) {
        self.name = name
        self.template = template
        self.parameters = parameters
        self.tags = tags
        self.updateCommand = updateCommand
        self.updateVersion = updateVersion
    }
}
