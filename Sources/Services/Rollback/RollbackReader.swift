package import AWS
internal import AWSServices
internal import FoundationEssentials
internal import Support
internal import Watch

/// Finds out what a service ran before, and who owns it. Reads only.
package struct RollbackReader: Sendable {
    /// How many earlier revisions are looked at.
    private static let mostEarlier = 6

    private let ecs: ECS
    private let cloudFormation: CloudFormation
    private let cluster: String
    private let stack: String?

    /// - Parameter stack: the project's stack; `nil` without one.
    package init(_ client: AWSClient, cluster: String, stack: String?) {
        ecs = ECS(client)
        cloudFormation = CloudFormation(client)
        self.cluster = cluster
        self.stack = stack
    }

    /// What there is to know about a service that is to go back.
    ///
    /// - Parameters:
    ///   - name: the service's exact name.
    ///   - revision: the one that the user wants: its number, `FAMILY:REVISION` or ARN; `nil` for what ran before.
    /// - Throws: `Failure` of kind `failed` when it is going back already, or runs no task definition.
    package func situation(_ name: String, revision: String?) async throws -> RollbackPlan.Situation {
        guard let service = try await ecs.describeServices([name], cluster: cluster, withTags: true).first,
            let definition = service.taskDefinition
        else {
            throw Failure(
                .failed, "roll back service \(name): it has no task definition",
                hint: "services with task sets of their own are changed by what deploys them")
        }
        var situation = RollbackPlan.Situation(
            service: name, cluster: cluster, current: try await generation(definition))
        situation.stack = try await owner(of: service)
        if let history = try await history(name) {
            try await fill(&situation, history, current: definition)
        } else {
            situation.earlier = try await olderRevisions(of: definition, activeOnly: situation.stack == nil)
        }
        if let revision { situation.wanted = try await wanted(revision, current: definition, name) }
        return situation
    }

    // MARK: Whose it is

    private func owner(of service: ECS.Service) async throws -> (String, [CloudFormation.Parameter])? {
        var name = service.tag("aws:cloudformation:stack-name")
        if name == nil, let stack, try await holds(stack, service) { name = stack }
        guard let name, let found = try await cloudFormation.describeStack(name) else { return nil }
        return (found.stackName, found.parameters ?? [])
    }

    private func holds(_ stack: String, _ service: ECS.Service) async throws -> Bool {
        do {
            return try await cloudFormation.listStackResources(stack).contains {
                $0.resourceType == "AWS::ECS::Service"
                    && $0.physicalResourceId.map { ServiceNames.name(ofARN: $0) } == service.serviceName
            }
        } catch let error as AWSError where error.code == "ValidationError" {
            return false
        }
    }

    // MARK: What ran before

    /// The service deployments, newest first; `nil` where ECS has none.
    private func history(_ name: String) async throws -> [ECS.ServiceDeploymentBrief]? {
        do {
            let all = try await ecs.listServiceDeployments(name, cluster: cluster)
            return all.isEmpty ? nil : all
        } catch let error as AWSError where error.lacksServiceDeployments {
            return nil
        }
    }

    private func fill(
        _ situation: inout RollbackPlan.Situation, _ history: [ECS.ServiceDeploymentBrief], current definition: String
    ) async throws {
        situation.isProven = true
        let newest = history[0]
        switch newest.status {
        case "PENDING"?, "IN_PROGRESS"?:
            if let arn = newest.serviceDeploymentArn {
                let deployment = try await ecs.describeServiceDeployments([arn]).first
                let source = deployment?.sourceServiceRevisions?.first?.arn
                let target = try await generations(ofRevisions: [source].compactMap { $0 }).first
                situation.underWay = (arn, target?.value)
            }
        case "STOP_REQUESTED"?, "ROLLBACK_REQUESTED"?, "ROLLBACK_IN_PROGRESS"?:
            throw Failure(
                .failed, "roll back service \(situation.service): it is going back already (\(newest.status ?? ""))",
                hint: "watch it with 'fgctl service-status \(situation.service)'")
        case "ROLLBACK_SUCCESSFUL"?: situation.rolledBack = newest.statusReason ?? ""
        default: break
        }
        var arns: [String] = []
        for brief in history where brief.status == "SUCCESSFUL" {
            if let arn = brief.targetServiceRevisionArn, !arns.contains(arn) { arns.append(arn) }
        }
        let found = try await generations(ofRevisions: Array(arns.prefix(Self.mostEarlier)))
        var earlier = arns.compactMap { found[$0] }
        // The newest that succeeded is mostly what runs now; with the digests that ECS resolved for it.
        if let first = earlier.first, first.taskDefinition == definition {
            situation.current = first
            earlier.removeFirst()
        }
        situation.earlier = earlier
    }

    private func generations(ofRevisions arns: [String]) async throws -> [String: Generation] {
        guard !arns.isEmpty else { return [:] }
        var found: [String: Generation] = [:]
        for revision in try await ecs.describeServiceRevisions(arns) {
            guard let arn = revision.serviceRevisionArn, let name = revision.taskDefinition else { continue }
            found[arn] = try await generation(name, resolved: revision.containerImages ?? [])
        }
        return found
    }

    private func generation(_ name: String, resolved: [ECS.ContainerImage] = []) async throws -> Generation {
        Generation(try await ecs.describeTaskDefinition(name), name: name, resolved: resolved)
    }

    /// Where there is no history: older revisions of the family, newest first.
    ///
    /// - Parameter activeOnly: whether they are to be deployed as they are. CloudFormation deregisters what it replaces,
    ///   which can be read all the same.
    private func olderRevisions(of definition: String, activeOnly: Bool) async throws -> [Generation] {
        guard let (family, revision) = RevisionName.parts(definition) else { return [] }
        var names: [String]
        if activeOnly {
            names = try await ecs.listTaskDefinitions(family: family)
                .filter { (RevisionName.parts($0)?.revision ?? revision) < revision }
        } else {
            names = (1..<max(1, revision)).reversed().map { "\(family):\($0)" }
        }
        var found: [Generation] = []
        for name in names.prefix(Self.mostEarlier) {
            do {
                found.append(try await generation(name))
            } catch let error as AWSError where error.code == "ClientException" {
                // Deleted for good.
                continue
            }
        }
        return found
    }

    private func wanted(_ text: String, current: String, _ service: String) async throws -> Generation {
        var name = text
        if Int(text) != nil, let family = RevisionName.parts(current)?.family { name = "\(family):\(text)" }
        do {
            return try await generation(name)
        } catch let error as AWSError where error.code == "ClientException" {
            throw Failure(
                .failed, "roll back service \(service): there is no task definition \(name): \(error.message)",
                hint: "it runs \(RevisionName.short(current))", cause: error)
        }
    }
}
