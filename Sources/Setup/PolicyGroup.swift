internal import FoundationEssentials
internal import Support

/// The least policy of a group of commands, as docs/permissions has it, with names yet to be filled in.
struct PolicyGroup: Decodable, Sendable {
    struct Statement: Decodable, Sendable {
        let actions: [String]
        let resources: [String]
        /// A value for each condition key that fits the condition.
        let context: [String: String]
    }

    let name: String
    let statements: [Statement]

    /// In the order of docs/permissions.md.
    static func all() throws -> [PolicyGroup] {
        try EmbeddedPolicies.groups.map { try JSONDecoder().decode(PolicyGroup.self, from: Data($0.utf8)) }
    }

    /// What the group needs, with names filled in, and the names that were missing for the rest.
    func rights(_ names: PolicyNames) throws -> (rights: Set<Right>, missing: Set<String>) {
        var rights: Set<Right> = []
        var missing: Set<String> = []
        for statement in statements {
            do {
                let context = try statement.context.mapValues(names.fill)
                for resource in try statement.resources.map(names.fill) {
                    for action in statement.actions {
                        rights.insert(Right(action: action, resource: resource, context: context))
                    }
                }
            } catch let error as PolicyNames.Missing {
                missing.insert(error.name)
            }
        }
        return (rights, missing)
    }
}

/// One action on one resource in one situation.
struct Right: Sendable, Hashable {
    let action: String
    let resource: String
    /// Condition keys with their values.
    let context: [String: String]

    /// `ecs` of `ecs:RunTask`.
    var service: Substring { action.prefix { $0 != ":" } }
}

/// The names of the project that policies are about.
package struct PolicyNames: Sendable {
    let values: [String: String]
    let cluster: String?
    let partition: String

    /// - Parameters:
    ///   - values: by the key of the env file: `AWS_ACCOUNT_ID`, `AWS_REGION`, `STACK_NAME`, `PARENT_STACK_NAME`, `S3_BUCKET`,
    ///     `IMAGE_NAME`; those that are not set are left out.
    ///   - cluster: the ECS cluster, where it is not named as the stack.
    ///   - partition: `aws`, `aws-cn`, …
    package init(values: [String: String], cluster: String?, partition: String) {
        self.values = values
        self.cluster = cluster
        self.partition = partition
    }

    struct Missing: Error { let name: String }

    /// The resource types whose ARNs name the cluster.
    private static let ofCluster = ["cluster/", "task/", "service/", "service-deployment/"]

    func fill(_ text: String) throws(Missing) -> String {
        var filled = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            filled += rest[..<open]
            let name = String(rest[rest.index(after: open)..<close])
            let isCluster = name == "STACK_NAME" && Self.ofCluster.contains { filled.hasSuffix(":" + $0) }
            guard let value = isCluster ? cluster ?? values[name] : values[name] else { throw Missing(name: name) }
            filled += value
            rest = rest[rest.index(after: close)...]
        }
        filled += rest
        let standard = "arn:aws:"
        return filled.hasPrefix(standard) ? "arn:\(partition):" + filled.dropFirst(standard.count) : filled
    }
}
