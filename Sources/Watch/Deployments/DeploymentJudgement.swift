package import AWSServices

/// Where a deployment of a service stands.
package enum DeploymentJudgement: Sendable, Hashable {
    /// Not decided; the text says where it stands.
    case goesOn(String)
    case succeeded
    /// It did not come about; the text says why. The service may run what it ran before.
    case failed(String)
    /// Another deployment, which was not ours, took its place.
    case superseded(String)
}

extension DeploymentJudgement {
    /// Whether it is decided.
    var isOver: Bool {
        if case .goesOn = self { return false }
        return true
    }

    /// A failure as short as it can be said: with why a task failed in place of ECS's words, where that is known.
    func brief(_ taskCause: String?) -> String? {
        guard case .failed(let text) = self else { return nil }
        guard let taskCause else { return text }
        return (text.hasPrefix("it was rolled back") ? "rolled back: " : "") + taskCause
    }

    /// Whether ECS is rolling it back already.
    var isRollback: Bool {
        if case .goesOn(let text) = self { return text.hasPrefix("ROLLBACK") || text.hasPrefix("STOP_REQUESTED") }
        return false
    }

    /// Judges the deployment that was started, never "is the service stable": after a rollback it is stable too.
    ///
    /// - Parameters:
    ///   - service: as it is now.
    ///   - primary: the id of the deployment that UpdateService made PRIMARY.
    ///   - deployment: the service deployment that was started, where ECS has that API; else the PRIMARY deployment's
    ///     `rolloutState` decides.
    package static func judge(
        _ service: ECS.Service, primary: String, deployment: ECS.ServiceDeployment?
    ) -> DeploymentJudgement {
        if let status = service.status, status != "ACTIVE" { return .failed("the service is \(status)") }
        if let deployment, let judged = judge(deployment, service, primary: primary) { return judged }
        return judge(service, primary: primary)
    }

    /// `nil` when ECS gives no status.
    private static func judge(
        _ deployment: ECS.ServiceDeployment, _ service: ECS.Service, primary: String
    ) -> DeploymentJudgement? {
        let reason = deployment.rollback?.reason ?? deployment.statusReason
        let why = reason.map { ": \($0)" } ?? ""
        switch deployment.status {
        case nil: return nil
        case "SUCCESSFUL": return .succeeded
        case "ROLLBACK_SUCCESSFUL": return .failed("it was rolled back to what ran before" + why)
        case "ROLLBACK_FAILED": return .failed("it failed, and rolling back failed too" + why)
        case "STOPPED":
            // A deployment is stopped when a new one starts; a rollback makes another one PRIMARY as well.
            if deployment.rollback == nil, let other = otherPrimary(service, than: primary) {
                return .superseded("deployment \(other) took its place" + why)
            }
            return .failed("it was stopped" + why)
        case let status?:
            let stage = deployment.lifecycleStage.map { ", \($0)" } ?? ""
            return .goesOn(status + stage + (status.hasPrefix("ROLLBACK") ? why : ""))
        }
    }

    /// Without service deployments: regions that lack them, other deployment controllers, emulators.
    private static func judge(_ service: ECS.Service, primary: String) -> DeploymentJudgement {
        let own = service.deployments?.first { $0.id == primary }
        let why = own?.rolloutStateReason.flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
        if own?.rolloutState == "FAILED" { return .failed("its rollout FAILED" + why) }
        if let other = service.deployments?.first(where: { $0.status == "PRIMARY" }), other.id != primary {
            let reason = other.rolloutStateReason ?? ""
            if reason.lowercased().contains("rolling back") || reason.lowercased().contains("rollback") {
                return .failed("it was rolled back: \(reason)")
            }
            return .superseded("deployment \(other.id ?? "?") took its place")
        }
        guard let own else { return .goesOn("its deployment is not shown yet") }
        switch own.rolloutState {
        case "COMPLETED": return .succeeded
        case nil:
            // No rollout state: the counts are all there is.
            let settled =
                service.deployments?.count == 1 && own.runningCount == own.desiredCount && (own.pendingCount ?? 0) == 0
            return settled ? .succeeded : .goesOn("in progress")
        case let state?: return .goesOn(state + why)
        }
    }

    private static func otherPrimary(_ service: ECS.Service, than primary: String) -> String? {
        service.deployments?.first { $0.status == "PRIMARY" && $0.id != nil && $0.id != primary }?.id
    }
}
