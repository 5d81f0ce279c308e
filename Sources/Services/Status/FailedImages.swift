package import AWS
internal import AWSServices
package import FoundationEssentials
internal import Watch

/// Images whose deployment to a service failed, by ECS's own history of it. Reads only.
package enum FailedImages {
    package struct Image: Sendable, Hashable {
        /// As the task definition names it.
        package let image: String
        /// What its tag meant then; `nil` where ECS did not find out.
        package let digest: String?
        package let at: Date?
        /// Whether the service went back to what ran before; else another deployment took its place.
        package let wasRolledBack: Bool

        package init(image: String, digest: String?, at: Date?, wasRolledBack: Bool = true) {
            self.image = image
            self.digest = digest
            self.at = at
            self.wasRolledBack = wasRolledBack
        }

        /// Whether it is that image: by its digest, or by a tag that was not pushed anew since. ECS may know the digest of one
        /// platform's image where the tag names an index.
        package func has(digest other: String, tags: [String], pushedAt: Date?) -> Bool {
            if digest == other { return true }
            return tags.contains { image.hasSuffix(":\($0)") } && (pushedAt ?? .distantPast) <= (at ?? .distantFuture)
        }
    }

    /// How many deployments are looked at, the newest.
    private static let most = 10

    /// The images of a container whose last deployment failed, the newest first; none where ECS has no history, or not for us.
    package static func read(
        _ service: String, cluster: String, container: String, client: AWSClient
    ) async throws -> [Image] {
        let ecs = ECS(client)
        do {
            let history = try await ecs.listServiceDeployments(service, cluster: cluster).prefix(most)
            // One that another took the place of may have been given up on.
            let stopped = history.filter { $0.status == "STOPPED" }.compactMap(\.serviceDeploymentArn)
            let details = stopped.isEmpty ? [] : try await ecs.describeServiceDeployments(stopped)
            let failing = Set(
                details.filter { ($0.deploymentCircuitBreaker?.failureCount ?? 0) > 0 }
                    .compactMap(\.serviceDeploymentArn))
            let bad = history.filter {
                $0.status?.hasPrefix("ROLLBACK_") == true || failing.contains($0.serviceDeploymentArn ?? "")
            }
            guard !bad.isEmpty else { return [] }
            let good = history.filter { $0.status == "SUCCESSFUL" }
            let arns = Set((bad + good).compactMap(\.targetServiceRevisionArn))
            let revisions = try await ecs.describeServiceRevisions(arns.sorted())
            func image(_ brief: ECS.ServiceDeploymentBrief) -> Image? {
                let revision = revisions.first { $0.serviceRevisionArn == brief.targetServiceRevisionArn }
                guard let found = revision?.containerImages?.first(where: { $0.containerName == container }),
                    let name = found.image
                else { return nil }
                return Image(
                    image: name, digest: found.imageDigest, at: brief.createdAt,
                    wasRolledBack: brief.status?.hasPrefix("ROLLBACK_") == true)
            }
            return bad.compactMap { brief in
                guard let failed = image(brief) else { return nil }
                // What ran well later is no bad image.
                let ranLater = good.contains {
                    ($0.createdAt ?? .distantPast) > (failed.at ?? .distantPast) && image($0)?.image == failed.image
                }
                return ranLater ? nil : failed
            }
        } catch let error as AWSError where error.lacksServiceDeployments {
            return []
        }
    }
}
