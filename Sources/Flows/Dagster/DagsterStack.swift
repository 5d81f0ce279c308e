package import AWSServices
internal import Support

/// The three services of a Dagster deployment.
package enum DagsterRole: String, Codable, Sendable, CaseIterable {
    case webserver, daemon, usercode

    private var stem: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
    /// The stack's output with the service's name.
    package var output: String { stem + "Service" }
    /// The stack's parameter with the image's tag.
    package var versionParameter: String { stem + "Version" }
    /// The command that updates it.
    package var command: String { "update-\(rawValue)" }
}

/// The stack of a Dagster deployment, as its outputs and parameters tell of it.
package struct DagsterStack: Sendable {
    /// The parameter with the release of the config, which all tasks start with.
    package static let releaseParameter = "ConfigRelease"

    package let stack: CloudFormation.Stack
    package let cluster: String
    /// The services' names.
    package let services: [DagsterRole: String]

    /// - Parameter role: the service that is wanted.
    /// - Throws: `Failure.failed` for a stack that tells of no such service.
    package init(_ stack: CloudFormation.Stack, cluster: String, wanting role: DagsterRole) throws {
        var services: [DagsterRole: String] = [:]
        for role in DagsterRole.allCases {
            if let name = stack.output(role.output), !name.isEmpty { services[role] = name }
        }
        guard services[role] != nil else {
            throw Failure(
                .failed,
                "\(role.command): stack \(stack.stackName) has no output \(role.output), as the stack of a Dagster "
                    + "deployment has (TEMPLATE=dagster)",
                hint: "other services are started anew with 'fgctl update-service NAME'")
        }
        self.stack = stack
        self.cluster = stack.output("ClusterName") ?? cluster
        self.services = services
    }

    package var name: String { stack.stackName }
    /// The names of all services, in the order of the roles.
    package var serviceNames: [String] { DagsterRole.allCases.compactMap { services[$0] } }
    /// The tag of a service's image.
    package func version(_ role: DagsterRole) -> String? { stack.parameter(role.versionParameter) }
    package var release: String? { stack.parameter(Self.releaseParameter).flatMap { $0.isEmpty ? nil : $0 } }

    /// The ECR repository of a service's image.
    /// - Parameter imageName: IMAGE_NAME, for templates that don't say.
    package func repository(_ role: DagsterRole, imageName: String?) -> String? {
        (stack.parameter("RepositoryPrefix") ?? imageName).map { "\($0)/\(role.rawValue)" }
    }
}
