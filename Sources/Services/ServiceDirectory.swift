package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support

/// Finds the services that are meant. Reads only.
package struct ServiceDirectory: Sendable {
    /// A service with the word that it was asked for by.
    package struct Found: Sendable {
        package let name: String
        package let service: ECS.Service
        /// How it was found, where the word was not its name.
        package let note: String?
    }

    private let ecs: ECS
    private let cloudFormation: CloudFormation
    private let cluster: String
    private let stack: String?

    /// - Parameter stack: the project's stack, whose outputs and resources tell its services; `nil` without one.
    package init(_ client: AWSClient, cluster: String, stack: String?) {
        ecs = ECS(client)
        cloudFormation = CloudFormation(client)
        self.cluster = cluster
        self.stack = stack
    }

    /// The services that the words mean, in their order.
    ///
    /// - Throws: as `ServiceNames.resolve`.
    package func find(_ words: [String]) async throws -> [Found] {
        let exact = try await described(words.map { ServiceNames.name(ofARN: $0) })
        if Set(words).count == words.count {
            let found = words.compactMap { word in exact.first { $0.serviceName == ServiceNames.name(ofARN: word) } }
            if found.count == words.count {
                return zip(words, found).map { Found(name: $1.serviceName ?? $0, service: $1, note: nil) }
            }
        }
        let all = try await clusterServices()
        let outputs = try await outputs()
        let names = ServiceNames(cluster: cluster, services: all, stack: stack, outputs: outputs)
        let matches = try names.resolve(words)
        let services = try await described(matches.map(\.name))
        return try matches.map { match in
            guard let service = services.first(where: { $0.serviceName == match.name }) else {
                throw Failure(
                    .failed, "service \(match.name): cluster \(cluster) has it no more", hint: ServiceNames.listed(all))
            }
            return Found(name: match.name, service: service, note: match.note)
        }
    }

    /// The services of the project's stack; where it has none, all of the cluster.
    package func all() async throws -> [Found] {
        var names: [String] = []
        if let stack {
            do {
                names = try await cloudFormation.listStackResources(stack)
                    .filter { $0.resourceType == "AWS::ECS::Service" }
                    .compactMap { $0.physicalResourceId.map { ServiceNames.name(ofARN: $0) } }
            } catch let error as AWSError where Self.knowsNoStack(error) {
                names = []
            }
        }
        if names.isEmpty { names = try await clusterServices() }
        return try await described(names.sorted()).map { Found(name: $0.serviceName ?? "?", service: $0, note: nil) }
    }

    private func clusterServices() async throws -> [String] {
        try await inCluster { try await ecs.listServices(cluster: cluster) }.map { ServiceNames.name(ofARN: $0) }
    }

    private func described(_ names: [String]) async throws -> [ECS.Service] {
        try await inCluster { try await ecs.describeServices(names, cluster: cluster) }.filter {
            $0.status != "INACTIVE"
        }
    }

    /// - Throws: `Failure` of kind `failed` when there is no such cluster.
    private func inCluster<Output>(_ look: () async throws -> Output) async throws -> Output {
        do { return try await look() } catch let error as AWSError where error.code == "ClusterNotFoundException" {
            throw Failure(
                .failed, "find services: cluster \(cluster) does not exist",
                hint:
                    "create the stack, which holds the cluster, with 'fgctl cf-create-stack', or correct key ECS_CLUSTER",
                cause: error)
        }
    }

    private func outputs() async throws -> [(key: String, value: String)] {
        guard let stack else { return [] }
        do {
            let found = try await cloudFormation.describeStack(stack)
            return (found?.outputs ?? []).map { ($0.outputKey, $0.outputValue) }
        } catch let error as AWSError where Self.knowsNoStack(error) {
            return []
        }
    }

    /// A cluster may be used without a stack, and by people who may not look at stacks.
    private static func knowsNoStack(_ error: AWSError) -> Bool {
        error.isAccessDenied || error.code == "ValidationError"
    }
}
