internal import FoundationEssentials

extension ServiceStatus {
    /// How many of the events people are shown.
    private static let eventLines = 3

    /// The report for people.
    package var lines: [String] {
        var lines = ["service \(service): \(stateText)" + (reason.map { ": \($0)" } ?? "")]
        lines.append("  running \(runningCount) of \(desiredCount), pending \(pendingCount)")
        if let taskDefinition { lines.append("  task definition \(RevisionName.short(taskDefinition))") }
        if let configRelease { lines.append("  config release \(configRelease)") }
        for image in images {
            let count = image.tasks > 1 ? " (\(image.tasks) tasks)" : ""
            lines.append("  image of \(image.container): \(image.image) \(image.digest ?? "digest not known")\(count)")
        }
        for deployment in deployments {
            var parts = [
                deployment.rolloutState, deployment.taskDefinition.map { RevisionName.short($0) },
                "running \(deployment.runningCount) of \(deployment.desiredCount)",
            ].compactMap { $0 }
            if deployment.pendingCount > 0 { parts.append("pending \(deployment.pendingCount)") }
            if deployment.failedTasks > 0 { parts.append("failed \(deployment.failedTasks)") }
            if let created = deployment.createdAt { parts.append("since \(Self.time(created))") }
            if let reason = deployment.reason { parts.append(reason) }
            lines.append("  deployment \(deployment.id) \(deployment.status): \(parts.joined(separator: ", "))")
        }
        if let last = lastDeployment {
            lines.append(
                "  last service deployment \(last.status)" + (last.lifecycleStage.map { ", \($0)" } ?? "")
                    + (last.reason.map { ": \($0)" } ?? ""))
        }
        lines.append("  circuit breaker \(breakerText)")
        for event in events.prefix(Self.eventLines) {
            lines.append("  \(event.at.map { Self.time($0) } ?? "?") \(event.message)")
        }
        return lines
    }

    private var stateText: String {
        switch state {
        case .settled: "settled"
        case .deploying: "deploying"
        case .failing: "failing"
        case .scaledToZero: "scaled to zero"
        }
    }

    private var breakerText: String {
        guard circuitBreaker.enabled else { return "off" }
        var parts = [circuitBreaker.rollback ? "on, with rollback" : "on, without rollback"]
        if let status = circuitBreaker.status { parts.append(status) }
        if let count = circuitBreaker.failureCount, let threshold = circuitBreaker.threshold {
            parts.append("\(count) of \(threshold) failures")
        }
        return parts.joined(separator: ", ")
    }

    private static func time(_ date: Date) -> String { date.ISO8601Format() }
}
