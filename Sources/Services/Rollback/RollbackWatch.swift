package import AWS
internal import AWSServices
internal import Support
package import Watch

/// Follows a service deployment that ECS was told to roll back.
package struct RollbackWatch: Sendable {
    private let ecs: ECS
    private let timing: DeploymentWatch.Timing

    package init(_ client: AWSClient, timing: DeploymentWatch.Timing) {
        ecs = ECS(client)
        self.timing = timing
    }

    /// Tells states and counts as they change.
    ///
    /// - Returns: the state in which it ended: ROLLBACK_SUCCESSFUL, ROLLBACK_FAILED, STOPPED or SUCCESSFUL.
    /// - Throws: `Failure` of kind `timedOut` at the deadline; rolling back goes on.
    package func follow(
        _ arn: String, service: String, cluster: String, tell: @Sendable (String) -> Void
    ) async throws -> String {
        let start = timing.now()
        var last = ""
        while true {
            let deployment = try await ecs.describeServiceDeployments([arn]).first
            let status = deployment?.status ?? "not shown"
            let running = try await ecs.describeService(service, cluster: cluster)
            let line =
                "service \(service): \(status), running \(running?.runningCount ?? 0) of \(running?.desiredCount ?? 0)"
            if line != last { tell(line) }
            last = line
            if ["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED", "SUCCESSFUL"].contains(status) { return status }
            if let deadline = timing.deadline, timing.now() - start >= deadline {
                throw Failure(
                    .timedOut, "service \(service): not rolled back after \(deadline.components.seconds) s: \(status)",
                    hint: "it goes on: watch it with 'fgctl service-status \(service)'")
            }
            // Two calls a look.
            try await timing.sleep(timing.slow)
        }
    }
}
