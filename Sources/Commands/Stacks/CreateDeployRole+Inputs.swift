internal import AWS
internal import Environment
internal import Support
internal import Templates

extension CreateDeployRole {
    /// What options and settings say of the template's parameters.
    func offered(_ session: Session, _ names: Names) async throws -> [GivenValue] {
        let region = try await session.client.region
        var offered = [
            GivenValue(name: "TaskStackName", value: try names.stack, origin: "STACK_NAME")
        ]
        if let principal {
            offered.append(GivenValue(name: "PrincipalArn", value: arn(principal, region), origin: "--principal"))
        }
        func offer(_ parameter: String, _ key: Key, _ value: () throws -> String) throws {
            guard let given = session.settings[key] else { return }
            offered.append(GivenValue(name: parameter, value: try value(), origin: given.origin))
        }
        try offer("NetworkStackName", .parentStackName) { try names.parentStack }
        try offer("BucketName", .bucket) { try names.bucket }
        try offer("RepositoryName", .imageName) { try names.repository }
        if stackOptions.template == nil, try session.templateSet() != nil {
            offered.append(GivenValue(name: "Services", value: "true", origin: "TEMPLATE"))
        }
        if let externalID {
            offered.append(GivenValue(name: "ExternalId", value: externalID, origin: "--external-id"))
        }
        return offered
    }

    /// The options of this command that an update takes as well, as they are typed.
    var typed: String {
        [("--principal", principal), ("--external-id", externalID)]
            .map { name, value in value.map { " \(name) \(ShellWords.join([$0]))" } ?? "" }.joined()
    }

    /// An account stands for all of it that is allowed to assume the role.
    private func arn(_ principal: String, _ region: String) -> String {
        guard principal.utf8.count == 12, principal.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return principal
        }
        let partition = Partition.of(region).id
        return "arn:\(partition):iam::\(principal):root"
    }
}
