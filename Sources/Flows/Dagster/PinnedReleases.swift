package import AWS
internal import AWSServices
package import ConfigSync
internal import Services
internal import Support

/// The config releases that a project's stack needs: what its tasks fetch when they start, now and after a rollback.
package struct PinnedReleases: Sendable {
    /// How many revisions before the present one count: as many as a rollback of a service looks at.
    package static let earlierRevisions = 6

    private let cloudFormation: CloudFormation
    private let ecs: ECS
    private let stack: String

    package init(_ client: AWSClient, stack: String) {
        cloudFormation = CloudFormation(client)
        ecs = ECS(client)
        self.stack = stack
    }

    /// The parameter ConfigRelease of the stack, and what each of its task definitions names in its present and its earlier
    /// revisions. Those that CloudFormation has replaced are inactive and can be read all the same.
    ///
    /// - Returns: empty where there is no such stack.
    package func read() async throws -> Set<ReleaseHash> {
        guard let stack = try await cloudFormation.describeStack(stack) else { return [] }
        var names = [stack.parameter(DagsterStack.releaseParameter)]
        for resource in try await cloudFormation.listStackResources(stack.stackName)
        where resource.resourceType == "AWS::ECS::TaskDefinition" {
            guard let arn = resource.physicalResourceId else { continue }
            for revision in Self.revisions(of: arn) { names.append(try await release(of: revision)) }
        }
        return Set(names.compactMap { $0.flatMap { ReleaseHash($0) } })
    }

    /// The same for who may not look at the stack.
    /// - Parameter refused: told what is not allowed.
    /// - Returns: `nil` then: nobody can tell.
    package func read(refused: (_ why: String) -> Void) async throws -> Set<ReleaseHash>? {
        do { return try await read() } catch let error as AWSError where error.isAccessDenied {
            refused(error.message)
            return nil
        }
    }

    /// The revision itself and those before it.
    static func revisions(of arn: String) -> [String] {
        guard let (family, number) = RevisionName.parts(arn) else { return [arn] }
        return [arn] + (max(1, number - earlierRevisions)..<max(1, number)).reversed().map { "\(family):\($0)" }
    }

    private func release(of revision: String) async throws -> String? {
        do {
            return Generation(try await ecs.describeTaskDefinition(revision), name: revision).configRelease
        } catch let error as AWSError where error.code == "ClientException" {
            // Deleted for good: no task starts from it.
            return nil
        }
    }
}
