internal import AWSServices
internal import ArgumentParser
internal import ConfigSync
internal import Environment
internal import Support

/// Where the variables of containers are set, for checking config that takes values from the environment.
struct VariableOptions: ParsableArguments {
    @Option(
        name: .customLong("task-definition"),
        help: ArgumentHelp("Task definition that must set each {env: NAME}; may be repeated.", valueName: "name"))
    var taskDefinitions: [String] = []
    @Flag(
        help:
            "The task definitions of the stack STACK_NAME: its containers webserver and daemon, else all that are essential."
    )
    var stack = false
    @Option(help: ArgumentHelp("Of the task definitions only this container.", valueName: "name"))
    var container: String?
    @Option(
        name: .customLong("env"),
        help: ArgumentHelp("A variable that is set besides, as by the image; may be repeated.", valueName: "name"))
    var names: [String] = []
    @Option(
        name: .customLong("env-names"),
        help: ArgumentHelp(
            "File of variables that are set, NAME or NAME=VALUE a line; may be repeated.", valueName: "file"))
    var nameFiles: [String] = []

    /// The containers that read the config; none where no option was given.
    func environments(_ session: Session) async throws -> [ContainerVariables] {
        let known = try given(session)
        var wanted = taskDefinitions
        if stack { wanted += try await ofStack(session) }
        guard !wanted.isEmpty else {
            if let container {
                throw Failure(
                    .usage, "--container \(container): of which task definition?",
                    hint: "give --task-definition NAME or --stack")
            }
            let origins = nameFiles + (names.isEmpty ? [] : ["--env"])
            return origins.isEmpty ? [] : [ContainerVariables(origin: origins.joined(separator: ", "), names: known)]
        }
        var definitions: [ECS.TaskDefinition] = []
        for name in wanted { definitions.append(try await ECS(session.client).describeTaskDefinition(name)) }
        let readers: Set<String> = stack ? ["webserver", "daemon"] : []
        let found = ContainerVariables.of(definitions, container: container, readers: readers)
        for (variables, hasFiles) in found where hasFiles {
            session.warn(
                "\(variables.origin) has environment files in S3, which are not looked into: name theirs by --env NAME")
        }
        guard found.isEmpty else {
            return found.map { ContainerVariables(origin: $0.variables.origin, names: $0.variables.names.union(known)) }
        }
        throw Failure(
            .failed, "look for variables in \(wanted.joined(separator: ", ")): no container is named \(container ?? "")"
        )
    }

    /// What the options themselves name.
    private func given(_ session: Session) throws -> Set<String> {
        var known = Set(names)
        for name in names where name.contains("=") || name.isEmpty {
            throw Failure(.usage, "--env takes the name of a variable, without a value")
        }
        for file in nameFiles {
            let path = PathText.join(session.context.directory, file)
            let read = try ContainerEnvironment.load(path: path, shown: file, files: session.context.files) { _ in "" }
            known.formUnion(read.variables.map(\.name))
        }
        return known
    }

    private func ofStack(_ session: Session) async throws -> [String] {
        let stack = try Names(session.settings).stack
        let found = try await CloudFormation(session.client).listStackResources(stack).compactMap {
            $0.resourceType == "AWS::ECS::TaskDefinition" ? $0.physicalResourceId : nil
        }
        guard found.isEmpty else { return found }
        throw Failure(.failed, "look for variables in stack \(stack): it has no task definition")
    }
}
