package import AWS
package import AWSServices
internal import FoundationEssentials
internal import Support
internal import Watch

/// Looks at services as they are. Reads only.
package struct ServiceStatusReader: Sendable {
    private let ecs: ECS
    private let cloudFormation: CloudFormation
    private let cluster: String
    private let stack: String?

    /// - Parameter stack: the project's stack, whose parameter ConfigRelease tells the config's release where no container
    ///   does; `nil` without one.
    package init(_ client: AWSClient, cluster: String, stack: String?) {
        ecs = ECS(client)
        cloudFormation = CloudFormation(client)
        self.cluster = cluster
        self.stack = stack
    }

    package func read(_ services: [ECS.Service]) async throws -> [ServiceStatus] {
        var definitions: [String: Generation] = [:]
        var found: [(ECS.Service, ServiceStatus.Details)] = []
        for service in services {
            var details = ServiceStatus.Details()
            let name = service.serviceName ?? ""
            if let definition = service.taskDefinition {
                if definitions[definition] == nil {
                    definitions[definition] = Generation(
                        try await ecs.describeTaskDefinition(definition), name: definition)
                }
                details.generation = definitions[definition]
            }
            details.tasks = try await runningTasks(name)
            (details.brief, details.deployment) = try await lastDeployment(name)
            found.append((service, details))
        }
        if found.contains(where: { $0.1.generation?.configRelease == nil }), let release = try await stackRelease() {
            for index in found.indices { found[index].1.stackRelease = release }
        }
        return found.map { ServiceStatus($0.0, cluster: cluster, $0.1) }
    }

    private func runningTasks(_ name: String) async throws -> [ECS.Task] {
        var request = ECS.ListTasksRequest(cluster: cluster)
        request.serviceName = name
        let arns = try await ecs.listTasks(request)
        guard !arns.isEmpty else { return [] }
        let tasks = try await ecs.describeTasks(cluster: cluster, tasks: Array(arns.prefix(100))).tasks ?? []
        return tasks.filter { $0.lastStatus == "RUNNING" }
    }

    private func lastDeployment(_ name: String) async throws -> (ECS.ServiceDeploymentBrief?, ECS.ServiceDeployment?) {
        do {
            guard let brief = try await ecs.listServiceDeployments(name, cluster: cluster).first,
                let arn = brief.serviceDeploymentArn
            else { return (nil, nil) }
            return (brief, try await ecs.describeServiceDeployments([arn]).first)
        } catch let error as AWSError where error.lacksServiceDeployments {
            return (nil, nil)
        }
    }

    /// `nil` also where stacks may not be looked at.
    private func stackRelease() async throws -> String? {
        guard let stack else { return nil }
        do {
            let value = try await cloudFormation.describeStack(stack)?.parameter("ConfigRelease")
            return value.flatMap { $0.isEmpty ? nil : $0 }
        } catch let error as AWSError where error.isAccessDenied {
            return nil
        }
    }
}
