internal import Support

/// Whose policies decide what the caller may do.
package enum Principal: Sendable, Hashable {
    /// The account itself: no policy of its own limits it.
    case root
    case user(arn: String)
    /// A role whose session the caller is. The ARN is right unless the role has a path, which sessions do not show.
    case role(arn: String, name: String)
    /// What no simulation takes.
    case other(String)

    /// - Parameter caller: the ARN that STS gives.
    package init(caller: String) {
        guard let arn = ARN(caller) else {
            self = .other("\(caller) is no ARN")
            return
        }
        let parts = arn.resource.split(separator: "/").map(String.init)
        switch (arn.service, parts.first) {
        case ("iam", "root"): self = .root
        case ("iam", "user") where parts.count > 1: self = .user(arn: caller)
        case ("sts", "assumed-role") where parts.count > 2:
            let role = ARN(
                partition: arn.partition, service: "iam", region: "", account: arn.account, resource: "role/\(parts[1])"
            )
            self = .role(arn: "\(role)", name: parts[1])
        case ("sts", "federated-user"):
            self = .other("the caller is a federated user, whose rights are also those of its session")
        default: self = .other("the rights of \(caller) can't be simulated")
        }
    }
}
