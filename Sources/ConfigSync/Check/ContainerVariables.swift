/// The names of variables that a container will find in its environment.
package struct ContainerVariables: Sendable, Hashable {
    /// Who sets them, as messages name it: `task definition nightly:3, container webserver`.
    package let origin: String
    package let names: Set<String>

    package init(origin: String, names: Set<String>) {
        self.origin = origin
        self.names = names
    }

    /// What Fargate and docker set in every container.
    ///
    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
    static let always: Set<String> = [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_REGION",
        "ECS_AGENT_URI",
        "ECS_CONTAINER_METADATA_URI", "ECS_CONTAINER_METADATA_URI_V4", "HOME", "HOSTNAME", "PATH",
    ]

    /// A finding for each use of a variable that nobody sets.
    func missing(_ uses: [VariableUse]) -> [ConfigFinding] {
        uses.filter { !names.contains($0.name) && !Self.always.contains($0.name) }.map { use in
            ConfigFinding(.error, at: use.mark, "variable \(use.name) is not set by \(origin)", hint: hint(use.name))
        }
    }

    private func hint(_ name: String) -> String {
        let near = names.filter { $0.lowercased() == name.lowercased() }.sorted().first
        return near.map { "it sets \($0)" } ?? "where the image itself sets it, say --env \(name)"
    }
}
