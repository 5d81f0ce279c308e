package import AWSServices

extension ContainerVariables {
    /// The containers of task definitions whose variables count.
    ///
    /// - Parameters:
    ///   - container: only that of this name.
    ///   - readers: names of the containers that read the config, where any of the definitions has them; else all essential
    ///     ones count.
    package static func of(
        _ definitions: [ECS.TaskDefinition], container: String? = nil, readers: Set<String> = []
    ) -> [(variables: ContainerVariables, hasFiles: Bool)] {
        let all = definitions.flatMap { definition in
            (definition.containerDefinitions ?? []).map { (definition, $0) }
        }
        let hasReaders = all.contains { $1.name.map(readers.contains) ?? false }
        return all.filter { _, item in
            let name = item.name ?? ""
            if let container { return name == container }
            return hasReaders ? readers.contains(name) : item.essential ?? true
        }.map { definition, item in
            let shown = "\(definition.family ?? "?"):\(definition.revision ?? 0)"
            let names = (item.environment ?? []).compactMap(\.name) + (item.secrets ?? []).compactMap(\.name)
            let variables = ContainerVariables(
                origin: "task definition \(shown), container \(item.name ?? "")", names: Set(names))
            return (variables, !(item.environmentFiles ?? []).isEmpty)
        }
    }
}
