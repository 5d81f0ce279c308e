internal import AWS

extension ECS {
    package struct DescribeTaskDefinitionRequest: Codable, Sendable {
        package var taskDefinition: String
    }

    package struct DescribeTaskDefinitionResponse: Codable, Sendable {
        package let taskDefinition: TaskDefinition
    }

    package struct LogConfiguration: Codable, Sendable {
        package let logDriver: String?
        package let options: [String: String]?
    }

    /// A variable that ECS fills from Secrets Manager or Parameter Store.
    package struct Secret: Codable, Sendable {
        package let name: String?
        package let valueFrom: String?
    }

    /// What a container waits for before it starts.
    package struct ContainerDependency: Codable, Sendable {
        package let containerName: String?
        /// `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`.
        package let condition: String?
    }

    package struct ContainerDefinition: Codable, Sendable {
        package let name: String?
        package let image: String?
        package let cpu: Int?
        package let memory: Int?
        /// Absent means true.
        package let essential: Bool?
        package let entryPoint: [String]?
        package let command: [String]?
        package let environment: [KeyValuePair]?
        package let secrets: [Secret]?
        /// Files in S3 whose variables ECS sets; their names are not known here.
        package let environmentFiles: [EnvironmentFile]?
        package let logConfiguration: LogConfiguration?
        package let dependsOn: [ContainerDependency]?
    }

    package struct TaskDefinition: Codable, Sendable {
        package let taskDefinitionArn: String?
        package let family: String?
        package let revision: Int?
        package let containerDefinitions: [ContainerDefinition]?
        package let taskRoleArn: String?
        package let executionRoleArn: String?
        package let networkMode: String?
        package let cpu: String?
        package let memory: String?
        package let status: String?
    }
}

extension ECS {
    private static let listTaskDefinitions = Operation<ListTaskDefinitionsRequest, ListTaskDefinitionsResponse>(
        "ListTaskDefinitions", of: service, .reads)

    /// The ARNs of a family's ACTIVE revisions, newest first (one page: 100 at most).
    package func listTaskDefinitions(family: String) async throws -> [String] {
        let request = ListTaskDefinitionsRequest(familyPrefix: family, status: "ACTIVE", sort: "DESC")
        return try await client.send(Self.listTaskDefinitions, request, on: family).taskDefinitionArns ?? []
    }

    package struct ListTaskDefinitionsRequest: Codable, Sendable {
        /// A whole family's name, whatever the word says.
        package var familyPrefix: String?
        package var status: String?
        package var sort: String?
    }

    package struct ListTaskDefinitionsResponse: Codable, Sendable {
        package let taskDefinitionArns: [String]?
        package let nextToken: String?
    }
}
