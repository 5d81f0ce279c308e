package import Support
package import YAML

/// A CloudFormation template that passed every check that needs no call to AWS.
///
/// The limits are those of https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html.
package struct Template: Sendable {
    /// The most UTF-8 bytes of a template sent in the request itself; larger ones go through a bucket.
    package static let inlineLimit = 51_200
    /// The most UTF-8 bytes of any template. "1 MB" in AWS's documents means decimal: larger ones are refused with
    /// 'Template may not exceed 1000000 bytes in size.'
    package static let sizeLimit = 1_000_000

    /// The template's name or path, as messages give it.
    package let name: String
    /// The text, byte for byte as it is sent.
    package let body: String
    /// The description; empty when the template has none.
    package let description: String
    /// The parameters in the order of the text.
    package let parameters: [TemplateParameter]
    /// The resources in the order of the text; those that macros make (`Fn::ForEach`) are unknown here.
    package let resources: [TemplateResource]
    /// The names of the outputs in the order of the text.
    package let outputs: [String]
    /// The names of macros and transforms, which need CAPABILITY_AUTO_EXPAND.
    package let transforms: [String]
    /// The text as a tree.
    let root: YAMLNode

    /// UTF-8 bytes of the text.
    package var size: Int { body.utf8.count }
    /// Whether the template can be sent in the request itself.
    package var fitsInline: Bool { size <= Self.inlineLimit }

    /// Reads and checks a template in YAML or JSON.
    /// - Parameter name: its path or name, for messages.
    /// - Throws: `Failure(.badInput)` that begins with `NAME:LINE:COL:`.
    package init(name: String, body: String) throws(Failure) {
        let size = body.utf8.count
        guard size <= Self.sizeLimit else {
            throw Failure(
                .badInput, "\(name): the template has \(size) bytes, CloudFormation takes at most \(Self.sizeLimit)")
        }
        try self.init(name: name, body: body, root: YAMLNode(parsing: body, file: name))
    }

    private init(name: String, body: String, root: YAMLNode) throws(Failure) {
        let reader = try TemplateReader(root: root)
        self.name = name
        self.body = body
        self.root = root
        description = reader.description
        transforms = reader.transforms
        parameters = try reader.parameters()
        resources = try reader.resources()
        outputs = try reader.outputs()
        try reader.checkReferences(parameters: parameters.map(\.name), resources: resources.map(\.logicalID))
    }

    /// The parameter of a name, or nil.
    package func parameter(_ name: String) -> TemplateParameter? { parameters.first { $0.name == name } }
}

/// A resource as a template declares it.
package struct TemplateResource: Sendable, Hashable {
    package let logicalID: String
    /// Such as `AWS::ECS::Cluster`.
    package let type: String
    /// What becomes of the resource when it leaves the stack; nil when the template doesn't say.
    package let deletionPolicy: String?
    /// The condition under which the resource exists; nil for always.
    package let condition: String?
    package let mark: YAMLMark
}

/// A parameter as a template declares it.
package struct TemplateParameter: Sendable, Hashable {
    package let name: String
    /// Such as `String`, `Number`, `CommaDelimitedList`, `AWS::EC2::VPC::Id`.
    package let type: String
    /// The text of the default; nil makes the parameter required.
    package let defaultValue: String?
    /// The value is secret: CloudFormation shows `****` for it, and so does fgctl.
    package let noEcho: Bool
    /// A regular expression that the whole value has to match.
    package let allowedPattern: String?
    /// Empty when any value is allowed.
    package let allowedValues: [String]
    /// Fewest and most characters.
    package let minLength: Int?
    package let maxLength: Int?
    /// Least and greatest number.
    package let minValue: Double?
    package let maxValue: Double?
    package let description: String?
    /// What a value has to be like, in the author's words.
    package let constraintDescription: String?
    package let mark: YAMLMark
}
